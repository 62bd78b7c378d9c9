import { readFile } from 'node:fs/promises';
import { AppError } from '../contract/errors.ts';
import { startA10 } from '../simulate/a10/start.ts';
import { startF5 } from '../simulate/f5/start.ts';
import { startNetscaler } from '../simulate/netscaler/start.ts';
import type { SshDevice } from '../simulate/ssh-device.ts';
import { type Arguments, UsageError } from './arguments.ts';
import type { CliTools, Command } from './command.ts';
import { readSecret, readSecretFile } from './secrets.ts';

/** The options that every simulated appliance has; its account's password is known to everybody, and it is on loopback alone. */
function optionsOf(account: string, file: string): Command['options'] {
  return {
    config: { value: 'FILE', what: `its ${file}` },
    carry: { what: 'serves its virtual servers on loopback addresses (127.0.0.0/8, ::1) by real traffic' },
    snmp: { what: 'answers SNMP v2c too, community public, on a free port: prints a second address' },
    ssh: { value: 'N', what: 'the port of SSH; any free one unless told' },
    'password-file': {
      value: 'FILE',
      what: `the password of ${account} (or STEELYARD_PASSWORD); "${account}" unless told`,
    },
  };
}

export const simulateNetscaler: Command = {
  name: 'simulate netscaler',
  what: 'a simulated NetScaler ADC on loopback, until interrupted: prints its address',
  takes: '',
  options: {
    ...optionsOf('nsroot', 'ns.conf'),
    role: { value: 'ROLE', what: 'one of standalone, primary, secondary; standalone unless told' },
    traffic: { value: 'N', what: 'pretended connections a second to each virtual server; none unless told' },
  },
  run: (given, tools) =>
    serve('netscaler', 'nsroot', 'ns.conf', given, tools, ({ config, password, ...more }) =>
      startNetscaler({
        config,
        role: oneOf(given, 'role', ['standalone', 'primary', 'secondary']),
        connectionsPerSecond: given.count('traffic') ?? 0,
        accounts: { nsroot: password },
        ...more,
      }),
    ),
};

export const simulateF5: Command = {
  name: 'simulate f5',
  what: 'a simulated BIG-IP on loopback, until interrupted: prints its address',
  takes: '',
  options: {
    ...optionsOf('admin', 'bigip.conf, with bigip_base.conf in the same file where that matters'),
    role: { value: 'ROLE', what: 'one of active, standby; active unless told' },
    shell: { value: 'SHELL', what: 'what admin logs in to, one of bash, tmsh; tmsh unless told' },
    traffic: { value: 'N', what: 'pretended connections a second to each virtual server; none unless told' },
  },
  run: (given, tools) =>
    serve('f5', 'admin', 'bigip.conf', given, tools, ({ config, password, ...more }) =>
      startF5({
        config,
        role: oneOf(given, 'role', ['active', 'standby']),
        accounts: { admin: { password, shell: oneOf(given, 'shell', ['tmsh', 'bash']) } },
        connectionsPerSecond: given.count('traffic') ?? 0,
        ...more,
      }),
    ),
};

export const simulateA10: Command = {
  name: 'simulate a10',
  what: 'a simulated A10 Thunder on loopback, until interrupted: prints its address',
  takes: '',
  options: {
    ...optionsOf('admin', 'running configuration, as it shows it'),
    role: { value: 'ROLE', what: 'one of Active, Standby: VRRP-A is on; off unless told' },
    traffic: { value: 'N', what: 'pretended connections a second to each port of a virtual server; none unless told' },
  },
  run: (given, tools) =>
    serve('a10', 'admin', 'running configuration', given, tools, ({ config, password, ...more }) =>
      startA10({
        config,
        ...(given.text('role') !== undefined && { role: oneOf(given, 'role', ['Active', 'Standby']) }),
        accounts: { admin: password },
        connectionsPerSecond: given.count('traffic') ?? 0,
        ...more,
      }),
    ),
};

/** The first of the words unless one is given. */
function oneOf<T extends string>(given: Arguments, option: string, words: readonly [T, ...T[]]): T {
  const text = given.text(option) ?? words[0];
  const word = words.find((one) => one === text);
  if (word === undefined) throw new UsageError(`--${option} "${text}" is none of ${words.join(', ')}.`);
  return word;
}

interface Setting {
  readonly config: string;
  readonly password: string;
  readonly port: number;
  readonly snmp?: { readonly community: string };
  readonly carries: boolean;
  /** Hears what cannot be carried. */
  readonly tell: (fault: string) => void;
}

async function serve(
  vendor: string,
  account: string,
  fileName: string,
  given: Arguments,
  tools: CliTools,
  start: (setting: Setting) => Promise<SshDevice & { readonly snmpPort?: number | undefined }>,
): Promise<number> {
  const file = given.text('config');
  if (file === undefined) throw new UsageError('--config FILE is missing.');
  const passwordFile = given.text('password-file');
  const password =
    passwordFile === undefined ? await readSecret('STEELYARD_PASSWORD', tools.env) : await readSecretFile(passwordFile);
  const config = await readConfig(file, fileName);
  const device = await start({
    config,
    password: password ?? account,
    port: given.count('ssh') ?? 0,
    carries: given.has('carry'),
    tell: (fault) => {
      tools.terminal.say(fault);
    },
    ...(given.has('snmp') && { snmp: { community: 'public' } }),
  });
  try {
    await tools.terminal.write(`${vendor}+ssh://${account}@${device.host}:${device.port}\n`);
    if (device.snmpPort !== undefined) {
      await tools.terminal.write(`${vendor}+snmp://public@${device.host}:${device.snmpPort}\n`);
    }
    tools.terminal.say(`Host key ${device.fingerprint}. Nothing leaves this machine; Ctrl-C ends it.`);
    await untilAborted(tools.interrupted);
  } finally {
    await device.close();
  }
  return 0;
}

async function readConfig(file: string, name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new AppError('NOT_FOUND', `${file} cannot be read. Give the ${name} of the appliance with --config.`, {
      cause: error,
    });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
