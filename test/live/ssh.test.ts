import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../src-main/contract/errors.ts';
import { HostLink } from '../../src-main/transports/host-link.ts';
import { openSsh } from '../../src-main/transports/ssh-connect.ts';
import type { SshOptions } from '../../src-main/transports/ssh-options.ts';
import type { HostSession } from '../../src-main/transports/transport.ts';
import { isMissing } from '../rigs/need.ts';
import { openRelay, type Relay } from '../rigs/relay.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const isRoot = process.getuid?.() === 0;
const mebibyte = 1024 * 1024;

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('a session on a real sshd', () => {
  let sshd: Sshd;
  let session: HostSession;
  beforeAll(async () => {
    sshd = await startSshd();
    session = await openSsh(optionsFor(sshd));
  });
  afterAll(async () => {
    session.close();
    await sshd.close();
  });

  test('a command runs in the login shell with its input, output, error output and exit code', async () => {
    const result = await session.exec('cat; echo bad >&2; exit 3', { stdin: Buffer.from('in\0put') });
    expect(result).toEqual({ code: 3, signal: null, stdout: Buffer.from('in\0put'), stderr: Buffer.from('bad\n') });
  });

  test('a command that is killed gives the signal', async () => {
    expect(await session.exec('kill -9 $$')).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  test('10 MiB of binary input come back unchanged', async () => {
    const stdin = Buffer.from(Array.from({ length: 10 * 1024 }, (_, index) => index % 251));
    const big = Buffer.concat(Array.from({ length: 1024 }, () => stdin));
    const { stdout } = await session.exec('cat', { stdin: big });
    expect(stdout.equals(big)).toBe(true);
  });

  test('100 MB of output are refused, and the session goes on', async () => {
    await expectCode(session.exec('head -c 100000000 /dev/zero'), 'OUTPUT_UNPARSED');
    expect((await session.exec('echo on')).stdout.toString()).toBe('on\n');
  });

  test('a command that hangs times out, and the session goes on', async () => {
    await expectCode(session.exec('sleep 5', { timeoutMs: 200 }), 'TIMED_OUT');
    expect((await session.exec('echo on')).stdout.toString()).toBe('on\n');
  });

  test('40 commands at once all answer, though sshd allows 10 sessions', async () => {
    const results = await Promise.all(Array.from({ length: 40 }, (_, index) => session.exec(`echo ${index}`)));
    expect(results.map((result) => Number(result.stdout))).toEqual(Array.from({ length: 40 }, (_, index) => index));
  });

  test('a file is read whole, also one of many chunks and one of /proc', async () => {
    const path = join(sshd.directory, 'big');
    await session.exec(`head -c ${3 * mebibyte + 17} /dev/urandom > ${path}`);
    const bytes = await session.readFile(path);
    const sum = await session.exec('sha256sum', { stdin: bytes });
    expect(sum.stdout.toString()).toContain((await session.exec(`sha256sum < ${path}`)).stdout.toString().slice(0, 64));
    expect((await session.readFile('/proc/self/status')).toString()).toContain('Name:');
  });

  test.each([
    ['/nowhere/haproxy.cfg', 'NOT_FOUND'],
    ['/etc', 'NOT_FOUND'],
    ['/dev/zero', 'NOT_FOUND'],
  ] as const)('reading %s is %s', async (path, code) => {
    await expectCode(session.readFile(path), code);
  });

  test('a file that is too long is refused', async () => {
    await session.exec(`head -c 5000 /dev/zero > ${sshd.directory}/long`);
    await expectCode(session.readFile(join(sshd.directory, 'long'), { maxBytes: 4999 }), 'OUTPUT_UNPARSED');
    expect((await session.readFile(join(sshd.directory, 'long'), { maxBytes: 5000 })).length).toBe(5000);
  });

  test('keys that are exchanged anew again and again do no harm', async () => {
    const restless = await startSshd({ config: ['RekeyLimit 1M'] });
    const other = await openSsh(optionsFor(restless));
    const big = Buffer.alloc(20 * mebibyte, 'x');
    const { stdout } = await other.exec('cat', { stdin: big });
    expect(stdout.equals(big)).toBe(true);
    other.close();
    await restless.close();
  });

  test('after 20 sessions none is left behind on the server', async () => {
    for (let round = 0; round < 20; round += 1) {
      const each = await openSsh(optionsFor(sshd));
      await each.exec('true');
      each.close();
    }
    await untilTrue(async () => (await session.exec(`pgrep -c -P ${sshd.pid()}`)).stdout.toString().trim() === '1');
  });
});

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('a server without SFTP', () => {
  let sshd: Sshd;
  let session: HostSession;
  beforeAll(async () => {
    sshd = await startSshd({ sftp: false });
    session = await openSsh(optionsFor(sshd));
  });
  afterAll(async () => {
    session.close();
    await sshd.close();
  });

  test('files are read by cat, whatever is in their name', async () => {
    const path = join(sshd.directory, `a 'quoted' $(name)`);
    await session.exec(`cat > "$(printf '%s' '${path.replaceAll("'", "'\\''")}')"`, {
      stdin: Buffer.from([0, 255, 10]),
    });
    expect(await session.readFile(path)).toEqual(Buffer.from([0, 255, 10]));
  });

  test('a file that is not there is NOT_FOUND', async () => {
    await expectCode(session.readFile('/nowhere/haproxy.cfg'), 'NOT_FOUND');
  });

  test('a file that is too long is refused', async () => {
    await expectCode(session.readFile('/dev/zero', { maxBytes: 100_000 }), 'OUTPUT_UNPARSED');
  });
});

describe.skipIf(isMissing('sshd', 'ssh-keygen') || !isRoot)('Unix sockets on the host', () => {
  let sshd: Sshd;
  let session: HostSession;
  let server: Server;
  let path: string;
  beforeAll(async () => {
    sshd = await startSshd({ user: true });
    path = join(sshd.directory, 'echo.sock');
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => socket.write(data));
      socket.on('end', () => socket.end('.'));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    session = await openSsh(optionsFor(sshd));
  });
  afterAll(async () => {
    session.close();
    server.close();
    await sshd.close();
  });

  test('a request is written, half closed, and the answer read to its end', async () => {
    expect((await session.request(path, 'show info\n')).toString()).toBe('show info\n.');
  });

  test('many requests at once each get their own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, index) => session.request(path, String(index))));
    expect(answers.map(String)).toEqual(Array.from({ length: 60 }, (_, index) => `${index}.`));
  });

  test('a socket that is not there is NOT_FOUND', async () => {
    const error = await expectCode(session.request('/run/no/such.sock', 'x'), 'NOT_FOUND');
    expect(error.detail).toContain('no such socket');
  });

  test('a file that is no socket is NOT_FOUND', async () => {
    expect((await expectCode(session.request('/etc/passwd', 'x'), 'NOT_FOUND')).detail).toContain('no socket');
  });

  test('a socket that nobody listens on is NOT_FOUND', async () => {
    const stale = join(sshd.directory, 'stale.sock');
    await session.exec(`socat UNIX-LISTEN:${stale},unlink-close=0 - & sleep 0.3; kill $!`);
    expect((await expectCode(session.request(stale, 'x'), 'NOT_FOUND')).detail).toContain('no process');
  });

  test('a socket or folder that the account may not use is PERMISSION_DENIED', async () => {
    const guest = await openSsh(optionsFor(sshd, { user: sshd.guest?.name ?? '' }));
    await expectCode(guest.request(path, 'x'), 'PERMISSION_DENIED');
    await session.exec(`mkdir -m 700 ${sshd.directory}/closed`);
    await expectCode(guest.request(join(sshd.directory, 'closed', 'x.sock'), 'x'), 'PERMISSION_DENIED');
    await expectCode(guest.readFile('/etc/shadow'), 'PERMISSION_DENIED');
    guest.close();
  });

  test.each([{ allowStreamLocal: false }, { config: ['DisableForwarding yes'] }])(
    'a server that forbids forwarding with %j lacks the capability, and sshd_config is named',
    async (options) => {
      const strict = await startSshd(options);
      const link = await openSsh(optionsFor(strict));
      const error = await expectCode(link.request(path, 'x'), 'CAPABILITY_MISSING');
      expect(error.detail).toContain('AllowStreamLocalForwarding');
      link.close();
      await strict.close();
    },
  );
});

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('a server with few sessions', () => {
  test.each([1, 2, 3])('MaxSessions %i makes commands and files wait instead of fail', async (maxSessions) => {
    const sshd = await startSshd({ maxSessions });
    const session = await openSsh(optionsFor(sshd));
    const calls = Array.from({ length: 12 }, async (_, index) => {
      if (index % 3 === 0) return (await session.readFile(join(sshd.directory, 'sshd_config'))).length > 0;
      return (await session.exec(`sleep 0.05; echo ${index}`)).stdout.toString() === `${index}\n`;
    });
    expect(await Promise.all(calls)).toEqual(calls.map(() => true));
    session.close();
    await sshd.close();
  });

  test('commands that were given up and hold all sessions end the connection, and the link opens a new one', async () => {
    const sshd = await startSshd({ maxSessions: 2 });
    const link = linkTo(optionsFor(sshd));
    await Promise.all([0, 1].map(() => expectCode(link.exec('sleep 20', { timeoutMs: 300 }), 'TIMED_OUT')));
    expect((await expectCode(link.exec('true'), 'SESSION_CLOSED')).detail).toContain('no more sessions');
    link.retryNow();
    expect((await link.exec('echo back')).stdout.toString()).toBe('back\n');
    link.close();
    await sshd.close();
  });
});

describe.skipIf(isMissing('sshd', 'ssh-keygen'))('a link that breaks', () => {
  let sshd: Sshd;
  let relay: Relay;
  beforeAll(async () => {
    sshd = await startSshd();
    relay = await openRelay(sshd);
  });
  afterAll(async () => {
    await relay.close();
    await sshd.close();
  });

  test('a cut in the middle of commands fails all of them at once', async () => {
    const session = await openSsh(throughRelay());
    const calls = Array.from({ length: 5 }, () => expectCode(session.exec('sleep 20'), 'SESSION_CLOSED'));
    // Channels open in order: the others run by now.
    await session.exec('true');
    relay.cut();
    await Promise.all(calls);
    expect(session.isOpen()).toBe(false);
  });

  test('a frozen link is found dead by keep-alive', async () => {
    const session = await openSsh(throughRelay({ keepaliveMs: 50 }));
    relay.freeze();
    await expectCode(session.exec('true'), 'SESSION_CLOSED');
    relay.thaw();
  });

  test('a link that only is slow stays open', async () => {
    const session = await openSsh(throughRelay({ keepaliveMs: 100 }));
    relay.delay(60);
    expect((await session.exec('sleep 0.5; echo slow')).stdout.toString()).toBe('slow\n');
    relay.delay(0);
    session.close();
  });

  test('a cut after any number of bytes of a connection and a command is a typed error, and leaves no connection', async () => {
    const before = relay.bytes();
    await askOnce();
    await untilTrue(() => Promise.resolve(relay.connections() === 0));
    const after = relay.bytes();
    for (const direction of ['up', 'down'] as const) {
      const total = after[direction] - before[direction];
      for (let part = 0; part < 12; part += 1) {
        relay.cutAfter(direction, Math.max(1, Math.floor((total * part) / 13)));
        await expectCode(askOnce(), 'SESSION_CLOSED');
      }
    }
    await untilTrue(() => Promise.resolve(relay.connections() === 0));
  });

  test('a link comes back by itself when the server does', async () => {
    const link = linkTo(optionsFor(sshd));
    await link.exec('true');
    await sshd.stop();
    await expectCode(link.exec('true'), 'SESSION_CLOSED', 'UNREACHABLE');
    await sshd.start();
    await untilTrue(async () => (await link.exec('true').catch(() => undefined))?.code === 0);
    link.close();
  });

  async function askOnce(): Promise<void> {
    const session = await openSsh(throughRelay());
    await session.exec('true');
    session.close();
  }
  function throughRelay(more: Partial<SshOptions> = {}): SshOptions {
    return optionsFor(sshd, {
      port: relay.port,
      knownHosts: { own: sshd.knownHostsFor(relay.port), others: [] },
      ...more,
    });
  }
});

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

function linkTo(options: SshOptions): HostLink {
  return new HostLink({
    open: (signal) => openSsh({ ...options, signal }),
    now: () => performance.now(),
    chance: () => 0.5,
  });
}

async function expectCode(promise: Promise<unknown>, ...codes: readonly ErrorCode[]): Promise<AppError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof AppError)) throw error;
  expect(codes, error.message).toContain(error.code);
  return error;
}

async function untilTrue(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isTrue()); tries += 1) {
    if (tries > 200) throw new Error('it did not become true');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
