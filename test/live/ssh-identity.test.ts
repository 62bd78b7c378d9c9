import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestStep } from '../../src-main/contract/api.ts';
import { AppError, type ErrorCode } from '../../src-main/contract/errors.ts';
import { connectInSteps, openSsh } from '../../src-main/transports/ssh-connect.ts';
import { unknownHostKey } from '../../src-main/transports/ssh-handshake.ts';
import type { SshCredentials, SshOptions } from '../../src-main/transports/ssh-options.ts';
import { isMissing } from '../rigs/need.ts';
import { startAgent } from '../rigs/ssh-agent.ts';
import { type KeyKind, type Sshd, startSshd } from '../rigs/sshd.ts';

const isRoot = process.getuid?.() === 0;
const passphrase = 'correct horse';

describe.skipIf(isMissing('sshd', 'ssh-keygen', 'ssh-agent') || !isRoot)('signing in', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ user: true });
  });
  afterAll(async () => {
    await sshd.close();
  });

  test.each<[string, KeyKind, readonly string[]]>([
    ['ed25519', 'ed25519', []],
    ['ecdsa', 'ecdsa', []],
    ['ecdsa-521', 'ecdsa', ['-b', '521']],
    ['rsa', 'rsa', []],
    ['rsa-pem', 'rsa', ['-m', 'PEM']],
    ['rsa-pkcs8', 'rsa', ['-m', 'PKCS8']],
    ['ecdsa-pkcs8', 'ecdsa', ['-m', 'PKCS8']],
  ])('the key file %s is taken, with and without a passphrase', async (name, kind, more) => {
    const open = sshd.authorize(name, kind, more);
    expect(await signIn({ keyFile: open })).toContain(`the key ${open}`);
    const sealed = sshd.authorize(`${name}-sealed`, kind, [...more, '-N', passphrase]);
    expect(await signIn({ keyFile: sealed, keyPassphrase: passphrase })).toContain(`the key ${sealed}`);
  });

  test('RSA keys sign with SHA-2 alone', async () => {
    const strict = await startSshd({ config: ['PubkeyAcceptedAlgorithms rsa-sha2-512,rsa-sha2-256'] });
    const keyFile = strict.authorize('rsa', 'rsa');
    (await openSsh(optionsFor(strict, { credentials: { keyFile } }))).close();
    await strict.close();
  });

  test('an encrypted key without or with the wrong passphrase says so', async () => {
    const keyFile = sshd.authorize('sealed', 'ed25519', ['-N', passphrase]);
    const without = await expectCode(signIn({ keyFile }), 'AUTH_FAILED');
    expect(without.detail).toContain('is encrypted and no passphrase was given');
    const wrong = await expectCode(signIn({ keyFile, keyPassphrase: 'wrong horse' }), 'AUTH_FAILED');
    expect(wrong.detail).toContain('could not be opened with the given passphrase');
  });

  test('a key file that is missing, or is none, says so', async () => {
    expect((await expectCode(signIn({ keyFile: '/nowhere/id' }), 'AUTH_FAILED')).detail).toContain('/nowhere/id');
    const error = await expectCode(signIn({ keyFile: '/etc/hostname' }), 'AUTH_FAILED');
    expect(error.detail).toContain('not in a format');
  });

  test('a password is taken, a wrong one is AUTH_FAILED', async () => {
    const guest = sshd.guest ?? { name: '', password: '' };
    const user = { user: guest.name };
    expect(await signIn({ password: guest.password }, user)).toContain('the password');
    const error = await expectCode(signIn({ password: 'wrong' }, user), 'AUTH_FAILED');
    expect(error.detail).toContain('the password was refused');
    expect(error.detail).toContain('offers publickey, password');
  });

  test('a server that wants key and password gets both', async () => {
    const strict = await startSshd({ user: true, config: ['AuthenticationMethods publickey,password'] });
    const user = strict.guest?.name ?? '';
    const { keyFile } = strict;
    (await openSsh(optionsFor(strict, { user, credentials: { keyFile, password: strict.guest?.password } }))).close();
    const error = await expectCode(openSsh(optionsFor(strict, { user, credentials: { keyFile } })), 'AUTH_FAILED');
    expect(error.detail).toContain('was taken, but is not enough; the server offers password');
    await strict.close();
  });

  test('an agent that never answers does not keep the key from being tried', async () => {
    const agentSocket = join(sshd.directory, 'mute.sock');
    const mute = createServer().listen(agentSocket);
    expect(await signIn({ agentSocket, keyFile: sshd.keyFile })).toContain(`the key ${sshd.keyFile}`);
    mute.close();
  });

  test('no credential at all is AUTH_FAILED', async () => {
    await expectCode(signIn({}), 'AUTH_FAILED');
  });

  test('agent, given key, default keys and password are tried in this order', async () => {
    const directory = join(sshd.directory, 'order');
    mkdirSync(directory);
    const stranger = join(directory, 'stranger');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', stranger]);
    const agent = await startAgent(directory);
    const all: SshCredentials = {
      agentSocket: agent.socket,
      keyFile: stranger,
      defaultKeyFiles: ['/nowhere/id_ed25519', sshd.keyFile],
      password: sshd.guest?.password,
    };
    const user = { user: sshd.guest?.name ?? '' };

    expect(await signIn(all, user)).toContain(`the key ${sshd.keyFile}`);
    expect(await signIn({ ...all, keyFile: sshd.authorize('given', 'ed25519') }, user)).toContain('/given');
    expect(await signIn({ ...all, defaultKeyFiles: [] }, user)).toContain('the password');
    agent.add(stranger);
    expect(await signIn({ ...all, defaultKeyFiles: [] }, user)).toContain('the password');
    for (const kind of ['ecdsa', 'rsa'] as const) {
      const own = await startAgent(mkdir(join(directory, kind)));
      own.add(sshd.authorize(`agent-${kind}`, kind));
      expect(await signIn({ ...all, agentSocket: own.socket }, user)).toContain('the agent');
      await own.close();
    }
    await agent.close();
  });

  test('an agent that is gone does not keep the key from being tried', async () => {
    const agentSocket = join(sshd.directory, 'gone.sock');
    expect(await signIn({ agentSocket, keyFile: sshd.keyFile })).toContain(`the key ${sshd.keyFile}`);
    expect((await expectCode(signIn({ agentSocket }), 'AUTH_FAILED')).detail).toContain('could not be asked');
  });

  test('too many keys in the agent are told with the words of the server', async () => {
    const strict = await startSshd({ config: ['MaxAuthTries 2'] });
    const directory = mkdir(join(strict.directory, 'agent'));
    const agent = await startAgent(directory);
    for (const name of ['a', 'b', 'c']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, name)]);
      agent.add(join(directory, name));
    }
    const credentials = { agentSocket: agent.socket, keyFile: strict.keyFile };
    const error = await expectCode(openSsh(optionsFor(strict, { credentials })), 'AUTH_FAILED');
    expect(error.raw).toContain('Too many authentication failures');
    await agent.close();
    await strict.close();
  });

  async function signIn(credentials: SshCredentials, more: Partial<SshOptions> = {}): Promise<string> {
    return (await walk(optionsFor(sshd, { credentials, ...more }))).at(-1)?.detail ?? '';
  }
});

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('host keys', () => {
  let sshd: Sshd;
  let own: string;
  let others: string;
  beforeAll(async () => {
    sshd = await startSshd();
    others = join(sshd.directory, 'others');
  });
  afterAll(async () => {
    await sshd.close();
  });
  function fresh(name: string): SshOptions {
    own = join(sshd.directory, name, 'steelyard', 'known_hosts');
    return optionsFor(sshd, { knownHosts: { own, others: [others] } });
  }

  test('a new key is asked about with the fingerprint that ssh-keygen prints, and nothing is written', async () => {
    const error = await expectCode(openSsh(fresh('new')), 'HOST_KEY_UNKNOWN');
    const fingerprint = execFileSync('ssh-keygen', ['-lf', join(sshd.directory, 'host_ed25519.pub')])
      .toString()
      .split(' ')[1];
    expect(unknownHostKey(error)).toEqual({ algorithm: 'ssh-ed25519', fingerprint });
    expect(existsSync(own)).toBe(false);
  });

  test('an accepted key is written to our own file alone, readable by us alone, and known from then on', async () => {
    const options = fresh('accept');
    const key = unknownHostKey(await expectCode(openSsh(options), 'HOST_KEY_UNKNOWN'));
    (await openSsh({ ...options, acceptHostKey: key?.fingerprint })).close();
    (await openSsh(options)).close();
    expect(readFileSync(own, 'utf8')).toBe(`[127.0.0.1]:${sshd.port} ${sshd.hostKey('ed25519')}\n`);
    expect(statSync(own).mode & 0o777).toBe(0o600);
    expect(statSync(join(own, '..')).mode & 0o777).toBe(0o700);
    expect(existsSync(others)).toBe(false);
    expect(execFileSync('ssh-keygen', ['-F', `[127.0.0.1]:${sshd.port}`, '-f', own]).toString()).toContain('found');
  });

  test('what stands in our file stays, also a last line without an end', async () => {
    const options = fresh('keep');
    mkdirSync(join(own, '..'), { recursive: true });
    writeFileSync(own, `# mine\n*.example.com ${sshd.hostKey('rsa')}`);
    const key = unknownHostKey(await expectCode(openSsh(options), 'HOST_KEY_UNKNOWN'));
    (await openSsh({ ...options, acceptHostKey: key?.fingerprint })).close();
    expect(readFileSync(own, 'utf8')).toBe(
      `# mine\n*.example.com ${sshd.hostKey('rsa')}\n[127.0.0.1]:${sshd.port} ${sshd.hostKey('ed25519')}\n`,
    );
  });

  test('accepting another fingerprint than the one shown asks again', async () => {
    const error = await expectCode(openSsh({ ...fresh('other'), acceptHostKey: 'SHA256:other' }), 'HOST_KEY_UNKNOWN');
    expect(error.detail).toContain('SHA256:other');
    expect(existsSync(own)).toBe(false);
  });

  test('a file hashed by ssh-keygen -H is understood', async () => {
    const file = join(sshd.directory, 'hashed');
    writeFileSync(file, readFileSync(sshd.knownHosts));
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    (await openSsh(optionsFor(sshd, { knownHosts: { own: '/nowhere/x', others: [file] } }))).close();
  });

  test.each(['ecdsa', 'rsa'] as const)('a host known by its %s key alone is asked for that key', async (kind) => {
    const file = join(sshd.directory, `only-${kind}`);
    writeFileSync(file, `[127.0.0.1]:${sshd.port} ${sshd.hostKey(kind)}\n`);
    (await openSsh(optionsFor(sshd, { knownHosts: { own: file, others: [] } }))).close();
  });

  test('a name with several addresses is reached at the one that answers', async () => {
    const file = join(sshd.directory, 'localhost');
    writeFileSync(file, `[localhost]:${sshd.port} ${sshd.hostKey('ed25519')}\n`);
    (await openSsh(optionsFor(sshd, { host: 'LocalHost', knownHosts: { own: file, others: [] } }))).close();
  });

  test('a changed key blocks, with acceptance too, and names file, line and both fingerprints', async () => {
    const changing = await startSshd();
    const before = await walk(optionsFor(changing));
    expect(before.map((step) => step.state)).toEqual(['done', 'done', 'done', 'done']);
    const oldKey = changing.hostKey('ed25519');
    await changing.changeHostKeys();
    const seen: TestStep[] = [];
    const options = optionsFor(changing, { acceptHostKey: fingerprint(changing.hostKey('ed25519')) });
    const error = await expectCode(
      connectInSteps(options, (step) => seen.push(step)),
      'HOST_KEY_CHANGED',
    );
    expect(error.detail).toContain(`${changing.knownHosts} line 1`);
    expect(error.detail).toContain(fingerprint(oldKey));
    expect(error.detail).toContain(fingerprint(changing.hostKey('ed25519')));
    expect(seen.at(-1)).toMatchObject({ id: 'host-key', state: 'failed', problem: { code: 'HOST_KEY_CHANGED' } });
    // Blocked before any credential was sent.
    expect(changing.log()).not.toContain('Accepted');
    await changing.close();
  });

  test('a revoked key blocks', async () => {
    const file = join(sshd.directory, 'revoked');
    writeFileSync(file, `${readFileSync(sshd.knownHosts, 'utf8')}@revoked * ${sshd.hostKey('ed25519')}\n`);
    const error = await expectCode(
      openSsh(optionsFor(sshd, { knownHosts: { own: file, others: [] } })),
      'HOST_KEY_CHANGED',
    );
    expect(error.detail).toContain('revoked');
  });
});

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('the steps of a connection', () => {
  test('each is reported as it starts and ends, with its time', async () => {
    const sshd = await startSshd();
    const steps = await walk(optionsFor(sshd));
    expect(steps.map((step) => [step.id, step.state])).toEqual([
      ['name', 'done'],
      ['tcp', 'done'],
      ['host-key', 'done'],
      ['authentication', 'done'],
    ]);
    for (const step of steps) expect(step.durationMs).toBeGreaterThanOrEqual(0);
    await sshd.close();
  });

  test('a name that is not known fails the first', async () => {
    const seen = await failedSteps({ host: 'no-such-host.invalid' });
    expect(seen).toMatchObject([
      { id: 'name', state: 'running' },
      { id: 'name', state: 'failed', problem: { code: 'UNREACHABLE' } },
    ]);
    expect(seen[1]?.problem?.raw).toMatch(/no-such-host/);
  });

  test('a port that nothing listens on fails the second', async () => {
    const seen = await failedSteps({ host: '127.0.0.1', port: 1 });
    expect(seen.at(-1)).toMatchObject({ id: 'tcp', state: 'failed', problem: { code: 'UNREACHABLE' } });
    expect(seen.at(-1)?.problem?.raw).toContain('ECONNREFUSED');
  });

  test('an unknown key makes the third a question', async () => {
    const sshd = await startSshd();
    const seen = await failedSteps({ ...optionsFor(sshd), knownHosts: { own: '/nowhere/x', others: [] } });
    expect(seen.at(-1)).toMatchObject({ id: 'host-key', state: 'question', problem: { code: 'HOST_KEY_UNKNOWN' } });
    await sshd.close();
  });
});

/** The last report of each step of a connection that is then closed. */
async function walk(options: SshOptions): Promise<readonly TestStep[]> {
  const seen = new Map<string, TestStep>();
  const session = await connectInSteps(options, (step) => seen.set(step.id, step));
  session.close();
  return [...seen.values()];
}

async function failedSteps(options: Partial<SshOptions>): Promise<readonly TestStep[]> {
  const seen: TestStep[] = [];
  const whole = {
    host: '',
    port: 22,
    user: 'x',
    credentials: {},
    knownHosts: { own: '/nowhere/x', others: [] },
    ...options,
  };
  await expect(connectInSteps(whole, (step) => seen.push(step))).rejects.toBeInstanceOf(AppError);
  return seen;
}

function optionsFor(sshd: Sshd, more: Partial<SshOptions> = {}): SshOptions {
  return {
    host: sshd.host,
    port: sshd.port,
    user: sshd.user,
    credentials: { keyFile: sshd.keyFile },
    knownHosts: { own: sshd.knownHosts, others: [] },
    ...more,
  };
}

function fingerprint(publicKey: string): string {
  return execFileSync('ssh-keygen', ['-lf', '-'], { input: publicKey }).toString().split(' ')[1] ?? '';
}

function mkdir(path: string): string {
  mkdirSync(path);
  return path;
}

async function expectCode(promise: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  expect(error.code, error.message).toBe(code);
  return error;
}
