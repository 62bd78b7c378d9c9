import { randomUUID } from 'node:crypto';
import { type Credentials, environments, environmentSchema, type TestReport } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { readSecret, readSecretFile } from './secrets.ts';
import { type Session, withConsole } from './session.ts';

const credentialOptions = {
  'password-file': { value: 'FILE', what: "the account's password, on the first line (or STEELYARD_PASSWORD)" },
  'passphrase-file': { value: 'FILE', what: "the key's passphrase, on the first line (or STEELYARD_KEY_PASSPHRASE)" },
  'privacy-file': {
    value: 'FILE',
    what: 'the privacy password of SNMPv3, on the first line (or STEELYARD_PRIVACY_PASSWORD)',
  },
  'sudo-password-file': {
    value: 'FILE',
    what: 'the password of sudo on the host, on the first line (or STEELYARD_SUDO_PASSWORD)',
  },
  'ask-password': { what: 'ask for the password, without echo' },
  'ask-passphrase': { what: "ask for the key's passphrase, without echo" },
  'ask-sudo-password': { what: 'ask for the password of sudo on the host, without echo' },
  'ask-privacy': { what: 'ask for the privacy password of SNMPv3, without echo' },
} as const;

/** They stand in the address too, as ?auth=SHA-256&priv=AES. */
const snmpOptions = {
  auth: { value: 'PROTOCOL', what: 'authentication of SNMPv3: md5, sha, sha224, sha256, sha384, sha512' },
  priv: { value: 'PROTOCOL', what: 'privacy of SNMPv3: aes, aes256, aes256c (Cisco), des' },
} as const;

export const listDevices: Command = {
  name: 'devices list',
  what: 'the inventory as JSON',
  takes: '',
  options: dataOption,
  run: async (given, tools) => {
    const devices = await withConsole(given, tools, ({ call }) => call('devices.list', {}));
    // A reading is long and has a command of its own.
    await writeJson(
      tools,
      devices.map((device) => ({ ...device, reading: device.reading?.at })),
    );
    return 0;
  },
};

export const addDevice: Command = {
  name: 'devices add',
  what: 'puts a device into the inventory; what the address does not say is discovered',
  takes: 'NAME ADDRESS',
  options: {
    ...dataOption,
    environment: { value: 'E', what: `one of ${environments.join(', ')}; other unless told` },
    site: { value: 'SITE', what: 'where it stands' },
    tag: { value: 'TAG', isRepeated: true, what: 'a word to find it by; may be repeated' },
    every: { value: 'TIME', what: 'time between two polls, as 1s' },
    poll: { value: 'ADDRESS', what: 'another way in that is polled with it, as host+snmp://community@host' },
    ...snmpOptions,
    ...credentialOptions,
  },
  run: async (given, tools) => {
    const spec = {
      name: given.need(0, 'NAME'),
      address: addressOf(given, given.need(1, 'ADDRESS')),
      ...settingsOf(given),
    };
    const credentials = await readCredentials(given, tools);
    const device = await withConsole(given, tools, async (session) => {
      if (credentials !== undefined) await keepSecrets(session, tools);
      return session.call('devices.add', credentials === undefined ? { spec } : { spec, credentials });
    });
    await writeJson(tools, device);
    return 0;
  },
};

export const testDevice: Command = {
  name: 'devices test',
  what: 'walks name, TCP, host key, authentication, privilege, version; shows the first that fails with the raw answer',
  takes: 'DEVICE',
  options: {
    ...dataOption,
    'accept-host-key': { value: 'FINGERPRINT', what: 'trust a host key seen for the first time (SHA256:...)' },
    ...snmpOptions,
    ...credentialOptions,
  },
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const credentials = await readCredentials(given, tools);
    const accepted = given.text('accept-host-key');
    const report = await withConsole(given, tools, async (session) => {
      const devices = await session.call('devices.list', {});
      const address = devices.find(({ spec }) => spec.name === device)?.spec.address ?? addressOf(given, device);
      return session.call('devices.test', {
        testId: randomUUID(),
        address,
        ...(credentials === undefined ? {} : { credentials }),
        ...(accepted === undefined ? {} : { acceptHostKey: accepted }),
      });
    });
    sayReport(report, tools);
    await writeJson(tools, report);
    return report.steps.every(({ state }) => state === 'done') ? 0 : 1;
  },
};

export const removeDevice: Command = {
  name: 'devices remove',
  what: 'takes a device out of the inventory; nothing is sent to it',
  takes: 'NAME',
  options: dataOption,
  run: async (given, tools) => {
    const device = given.need(0, 'NAME');
    await withConsole(given, tools, ({ call }) => call('devices.remove', { device }));
    return 0;
  },
};

function settingsOf(given: Arguments) {
  const environment = environmentSchema.safeParse(given.text('environment') ?? 'other');
  if (!environment.success) throw new UsageError(`--environment is one of ${environments.join(', ')}.`);
  const site = given.text('site');
  const tags = given.texts('tag');
  const pollIntervalMs = given.durationMs('every');
  const beside = given.text('poll');
  return {
    environment: environment.data,
    ...(site === undefined ? {} : { site }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
    ...(pollIntervalMs === undefined ? {} : { pollIntervalMs }),
    ...(beside === undefined ? {} : { poll: addressOf(given, beside) }),
  };
}

/** An SNMPv3 address with the protocols that the options name. */
function addressOf(given: Arguments, address: string): string {
  if (!/^[a-z0-9]+\+snmpv3:/.test(address)) return address;
  const more = (['auth', 'priv'] as const).flatMap((name) => {
    const protocol = given.text(name);
    return protocol === undefined ? [] : [`${name}=${encodeURIComponent(protocol)}`];
  });
  return more.length === 0 ? address : `${address}${address.includes('?') ? '&' : '?'}${more.join('&')}`;
}

async function readCredentials(given: Arguments, tools: CliTools): Promise<Credentials | undefined> {
  const password = await readOne(given, tools, 'password', 'STEELYARD_PASSWORD', 'Password: ');
  const keyPassphrase = await readOne(
    given,
    tools,
    'passphrase',
    'STEELYARD_KEY_PASSPHRASE',
    'Passphrase of the key: ',
  );
  const privacyPassword = await readOne(
    given,
    tools,
    'privacy',
    'STEELYARD_PRIVACY_PASSWORD',
    'Privacy password of SNMPv3: ',
  );
  const question = 'Password of sudo on the host: ';
  const sudoPassword = await readOne(given, tools, 'sudo-password', 'STEELYARD_SUDO_PASSWORD', question);
  const found = [password, keyPassphrase, privacyPassword, sudoPassword];
  if (found.every((secret) => secret === undefined)) return undefined;
  return {
    ...(sudoPassword === undefined ? {} : { sudoPassword }),
    ...(password === undefined ? {} : { password }),
    ...(keyPassphrase === undefined ? {} : { keyPassphrase }),
    ...(privacyPassword === undefined ? {} : { privacyPassword }),
  };
}

async function readOne(
  given: Arguments,
  { env, terminal }: CliTools,
  option: 'password' | 'passphrase' | 'privacy' | 'sudo-password',
  name: string,
  question: string,
): Promise<string | undefined> {
  const file = given.text(`${option}-file`);
  if (file !== undefined) return readSecretFile(file);
  if (!given.has(`ask-${option}`)) return readSecret(name, env);
  if (!terminal.isInteractive) throw new UsageError(`--ask-${option} needs a terminal; give --${option}-file instead.`);
  return terminal.askSecret(question);
}

/** Secrets that nothing seals are gone with the process: a command must not pretend to keep one. */
export async function keepSecrets(session: Session, { env, terminal }: CliTools): Promise<void> {
  const { shell, secrets } = await session.call('app.info', {});
  if (secrets.protection !== 'memory') return;
  const passphrase = await readSecret('STEELYARD_PASSPHRASE', env);
  if (passphrase !== undefined) await session.call('secrets.protect', { passphrase });
  else if (terminal.isInteractive) {
    await session.call('secrets.protect', {
      passphrase: await terminal.askSecret('A passphrase to seal the stored secrets with (8 characters or more): '),
    });
  } else if (shell === 'cli') {
    throw new AppError(
      'SECRETS_LOCKED',
      'Nothing seals the stored secrets yet, so this one would be lost at once. Nothing was stored. Give STEELYARD_PASSPHRASE_FILE.',
    );
  } else terminal.say('Nothing seals the stored secrets yet: this one is kept until the console ends.');
}

const marks = { pending: 'not reached', running: 'unfinished', done: 'done', failed: 'FAILED', question: 'QUESTION' };

function sayReport({ steps, newHostKey }: TestReport, { terminal }: CliTools): void {
  for (const { title, state, detail, problem } of steps) {
    const more = problem === undefined ? detail : `${problem.code}: ${problem.detail}`;
    terminal.say(`${marks[state].padEnd(11)} ${title}${more === undefined ? '' : `: ${more}`}`);
    if (problem?.raw !== undefined) terminal.say(problem.raw.replace(/^/gm, '    '));
  }
  if (newHostKey === undefined) return;
  const { algorithm, fingerprint } = newHostKey;
  terminal.say(
    `The host shows the key ${algorithm} ${fingerprint} for the first time. Compare it on the host itself, then:`,
  );
  terminal.say(`    --accept-host-key ${fingerprint}`);
}

function writeJson({ terminal }: CliTools, value: unknown): Promise<void> {
  return terminal.write(`${JSON.stringify(value, null, 2)}\n`);
}
