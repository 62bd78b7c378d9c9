import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { TestStep } from '../../../src-main/contract/api.ts';
import { toProblem } from '../../../src-main/contract/errors.ts';
import { HostLink } from '../../../src-main/transports/host-link.ts';
import { connectInSteps } from '../../../src-main/transports/ssh-connect.ts';
import type { SshCredentials } from '../../../src-main/transports/ssh-options.ts';
import { type Fake, type FakeSshBehaviour, makeKeyPair, startFakeSsh, startRawServer } from '../../rigs/fake-ssh.ts';

const password = 'Tr0ub4dor-password';
const passphrase = 'Tr0ub4dor-passphrase';
let directory: string;
let keyFile: string;
let keyText: string;
let fake: Fake | undefined;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'steelyard-secrets-'));
  keyFile = join(directory, 'id');
  keyText = makeKeyPair({ passphrase, cipher: 'aes256-ctr', rounds: 4 }).private;
  writeFileSync(keyFile, keyText);
  writeFileSync(join(directory, 'broken'), keyText.replace(/[a-z]/g, 'x'));
});
afterEach(async () => {
  await fake?.close();
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const refusing: FakeSshBehaviour = {
  onAuthentication: (context) => {
    context.reject(['publickey', 'password', 'keyboard-interactive']);
  },
};
const servers: Readonly<Record<string, () => Promise<Fake>>> = {
  'refuses all': () => startFakeSsh(refusing),
  'wants another method': () =>
    startFakeSsh({
      onAuthentication: (context) => {
        context.reject(['hostbased']);
      },
    }),
  'wants a new password': () =>
    startFakeSsh({
      onAuthentication: (context) => {
        if (context.method === 'password') context.requestChange(`You sent ${'*'.repeat(8)}`, () => undefined);
        else context.reject(['password']);
      },
    }),
  'hangs up on a password': () =>
    startFakeSsh({
      onConnection: (connection) => {
        connection.on('authentication', (context) => {
          if (context.method === 'password') connection.end();
        });
      },
      onAuthentication: (context) => {
        if (context.method !== 'password') context.reject(['password']);
      },
    }),
  'never answers': () => startFakeSsh({ onAuthentication: () => undefined }),
  'is no SSH server': () => startRawServer((socket) => socket.end('HTTP/1.1 400\r\n')),
};
const credentials: Readonly<Record<string, () => SshCredentials>> = {
  password: () => ({ password }),
  'key with passphrase': () => ({ keyFile, keyPassphrase: passphrase }),
  'key with wrong passphrase': () => ({ keyFile, keyPassphrase: `${passphrase}!`, password }),
  'broken key': () => ({ keyFile: join(directory, 'broken'), keyPassphrase: passphrase, password }),
  'missing key': () => ({ keyFile: '/nowhere/id', keyPassphrase: passphrase, password }),
  'password in every field': () => ({ keyPassphrase: password, password, defaultKeyFiles: [keyFile] }),
};

test.each(Object.keys(servers).flatMap((server) => Object.keys(credentials).map((kind) => [server, kind] as const)))(
  'a server that %s sees no secret come back: %s',
  async (server, kind) => {
    fake = await servers[server]?.();
    if (fake === undefined) throw new Error('no such server');
    const options = fake.options({ credentials: credentials[kind]?.() ?? {}, timeouts: { authenticationMs: 150 } });
    const steps: TestStep[] = [];
    const link = new HostLink({
      now: () => 0,
      chance: () => 0,
      open: (signal) => connectInSteps({ ...options, signal }, (step) => steps.push(step)),
    });
    const error: unknown = await link.exec('true').catch((reason: unknown) => reason);
    const again: unknown = await link.exec('true').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    const told = JSON.stringify([toProblem(error), toProblem(again), steps]) + inspect([error, again], { depth: 10 });
    expect(told).not.toContain('Tr0ub4dor');
    for (const line of keyText.split('\n').filter((each) => each.length > 20 && !each.startsWith('---'))) {
      expect(told).not.toContain(line);
    }
  },
);
