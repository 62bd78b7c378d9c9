import { readFile } from 'node:fs/promises';
import { AppError } from '../contract/errors.ts';
import { startNetscaler } from '../simulate/netscaler/start.ts';
import { UsageError } from './arguments.ts';
import type { Command } from './command.ts';
import { readSecret, readSecretFile } from './secrets.ts';

const roles = ['standalone', 'primary', 'secondary'] as const;
/** The account that the appliance comes with; its password is known to everybody, and the device is on loopback alone. */
const account = 'nsroot';

export const simulate: Command = {
  name: 'simulate netscaler',
  what: 'a simulated NetScaler ADC on loopback, until interrupted: prints its address',
  takes: '',
  options: {
    config: { value: 'FILE', what: 'its ns.conf' },
    ssh: { value: 'N', what: 'the port of SSH; any free one unless told' },
    role: { value: 'ROLE', what: `one of ${roles.join(', ')}; standalone unless told` },
    'password-file': {
      value: 'FILE',
      what: `the password of ${account} (or STEELYARD_PASSWORD); "${account}" unless told`,
    },
  },
  run: async (given, tools) => {
    const file = given.text('config');
    if (file === undefined) throw new UsageError('--config FILE is missing.');
    const role = roles.find((one) => one === (given.text('role') ?? 'standalone'));
    if (role === undefined)
      throw new UsageError(`--role "${given.text('role') ?? ''}" is none of ${roles.join(', ')}.`);
    const passwordFile = given.text('password-file');
    const password =
      passwordFile === undefined
        ? await readSecret('STEELYARD_PASSWORD', tools.env)
        : await readSecretFile(passwordFile);
    const device = await startNetscaler({
      config: await readConfig(file),
      role,
      accounts: { [account]: password ?? account },
      port: given.count('ssh') ?? 0,
    });
    try {
      await tools.terminal.write(`netscaler+ssh://${account}@${device.host}:${device.port}\n`);
      tools.terminal.say(`Host key ${device.fingerprint}. Nothing leaves this machine; Ctrl-C ends it.`);
      await untilAborted(tools.interrupted);
    } finally {
      await device.close();
    }
    return 0;
  },
};

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new AppError('NOT_FOUND', `${file} cannot be read. Give the ns.conf of the appliance with --config.`, {
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
