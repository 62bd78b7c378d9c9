import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import { openSsh } from '../../../src-main/transports/ssh-connect.ts';
import { AppError, type ErrorCode } from '../../../src-main/contract/errors.ts';
import type { SshOptions } from '../../../src-main/transports/ssh-options.ts';
import type { HostSession } from '../../../src-main/transports/transport.ts';
import { type Fake, type FakeSshBehaviour, startFakeSsh, startRawServer } from '../../rigs/fake-ssh.ts';

let fake: Fake | undefined;
afterEach(async () => {
  await fake?.close();
  fake = undefined;
});

const short = { nameMs: 200, tcpMs: 200, hostKeyMs: 200, authenticationMs: 200 };

describe('a server that does not speak SSH as it should', () => {
  test('one that accepts TCP and says nothing times out', async () => {
    fake = await startRawServer(() => undefined);
    await expectCode(openSsh(fake.options({ timeouts: short })), 'TIMED_OUT');
  });

  test('a web server is told apart, with its words', async () => {
    fake = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await expectCode(openSsh(fake.options()), 'UNREACHABLE');
    expect(error.raw).toContain('HTTP/1.1 400');
  });

  test('one that closes at once is SESSION_CLOSED', async () => {
    fake = await startRawServer((socket) => socket.end());
    await expectCode(openSsh(fake.options()), 'SESSION_CLOSED');
  });

  test('a greeting without end is given up', async () => {
    fake = await startRawServer((socket) => {
      pour(socket, Buffer.from('spam '.repeat(1000)));
    });
    await expectCode(openSsh(fake.options()), 'UNREACHABLE');
  });

  test('binary garbage after a good greeting is a closed session', async () => {
    fake = await startRawServer((socket) =>
      socket.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), Buffer.alloc(9999, 0xfe)])),
    );
    await expectCode(openSsh(fake.options({ timeouts: short })), 'SESSION_CLOSED');
  });

  test('a key exchange that drips byte by byte times out as a whole', async () => {
    fake = await startRawServer((socket) => {
      socket.write('SSH-2.0-x\r\n');
      const bytes = [...kexInit('curve25519-sha256')];
      const timer = setInterval(() => socket.write(Buffer.of(bytes.shift() ?? 0)), 20);
      socket.on('close', () => {
        clearInterval(timer);
      });
    });
    await expectCode(openSsh(fake.options({ timeouts: short })), 'TIMED_OUT');
  });

  test('no connection is left behind by any of them', async () => {
    fake = await startRawServer(() => undefined);
    await expectCode(openSsh(fake.options({ timeouts: short })), 'TIMED_OUT');
    await until(() => fake?.connections() === 0);
  });

  test('a server with no algorithm in common lacks a capability', async () => {
    fake = await startRawServer((socket) => {
      socket.write('SSH-2.0-x\r\n');
      socket.write(kexInit('frobnicate@example.com'));
    });
    await expectCode(openSsh(fake.options({ timeouts: short })), 'CAPABILITY_MISSING');
  });
});

describe('a server that misbehaves when signing in', () => {
  test('one that never answers times out', async () => {
    await expectCode(open({ onAuthentication: () => undefined }), 'TIMED_OUT');
  });

  test('one that offers keyboard-interactive alone is told so', async () => {
    const error = await expectCode(
      open({
        onAuthentication: (context) => {
          context.reject(['keyboard-interactive']);
        },
      }),
      'AUTH_FAILED',
    );
    expect(error.detail).toContain('keyboard-interactive');
    expect(error.detail).toContain('questions for a person');
  });

  test('a refused password is AUTH_FAILED and names what was tried', async () => {
    const error = await expectCode(
      open({
        onAuthentication: (context) => {
          context.reject(['password', 'publickey']);
        },
      }),
      'AUTH_FAILED',
    );
    expect(error.detail).toContain('the password was refused');
  });

  test('an expired password is AUTH_FAILED', async () => {
    const error = await expectCode(
      open({
        onAuthentication: (context) => {
          if (context.method === 'password') context.requestChange('Change it now', () => undefined);
          else context.reject(['password']);
        },
      }),
      'AUTH_FAILED',
    );
    expect(error.detail).toContain('expired');
  });
});

describe('a server that misbehaves in a channel', () => {
  test('output without end is refused past its limit', async () => {
    const session = await open({
      onExec: (_command, channel) => {
        pour(channel, Buffer.alloc(16 * 1024, 'y'));
      },
    });
    await expectCode(session.exec('yes', { maxBytes: 1_000_000 }), 'OUTPUT_UNPARSED');
    session.close();
  });

  test('error output without end is refused as well', async () => {
    const session = await open({
      onExec: (_command, channel) => {
        pour(channel.stderr, Buffer.alloc(16 * 1024, 'y'));
      },
    });
    await expectCode(session.exec('yes', { maxBytes: 1_000_000 }), 'OUTPUT_UNPARSED');
    session.close();
  });

  test('an answer that never ends times out, and the session goes on', async () => {
    const session = await open({
      onExec: (command, channel) => {
        channel.write('some');
        if (command === 'good') endWith(channel, 0);
      },
    });
    await expectCode(session.exec('bad', { timeoutMs: 100 }), 'TIMED_OUT');
    expect((await session.exec('good')).stdout.toString()).toBe('some');
    session.close();
  });

  test('a channel that is closed without an exit code gives a result without one', async () => {
    const session = await open({
      onExec: (_command, channel) => {
        channel.write('cut sh');
        channel.close();
      },
    });
    expect(await session.exec('x')).toEqual({
      code: null,
      signal: null,
      stdout: Buffer.from('cut sh'),
      stderr: Buffer.alloc(0),
    });
    session.close();
  });

  test('an answer in single bytes costs no more memory than it has bytes', async () => {
    const size = 20_000;
    const session = await open({
      onExec: (_command, channel) => {
        for (let index = 0; index < size; index += 1) channel.write(Buffer.of(index & 255));
        endWith(channel, 0);
      },
    });
    const { stdout } = await session.exec('drip');
    expect(stdout.length).toBe(size);
    expect(stdout[300]).toBe(300 & 255);
    session.close();
  });

  test('a connection that dies fails every pending call with SESSION_CLOSED', async () => {
    const session = await open({ onExec: () => undefined });
    const pending = Array.from({ length: 20 }, (_, index) =>
      expectCode(session.exec(`wait ${index}`), 'SESSION_CLOSED'),
    );
    await fake?.close();
    await Promise.all(pending);
    expect(session.isOpen()).toBe(false);
    await expectCode(session.exec('after'), 'SESSION_CLOSED');
  });

  test('a frozen connection ends by keep-alive and fails every pending call', async () => {
    let serverEnd: Socket | undefined;
    const behaviour: FakeSshBehaviour = { onExec: () => undefined, onSocket: (socket) => (serverEnd = socket) };
    const session = await open(behaviour, { keepaliveMs: 20 });
    serverEnd?.pause();
    await expectCode(session.exec('wait'), 'SESSION_CLOSED');
    expect(session.isOpen()).toBe(false);
  });

  test('an aborted call closes its channel on the server', async () => {
    let closed = 0;
    const session = await open({
      onExec: (_command, channel) => {
        channel.resume();
        channel.on('close', () => (closed += 1));
      },
    });
    const aborter = new AbortController();
    const call = expectCode(session.exec('wait', { signal: aborter.signal }), 'CANCELLED');
    setTimeout(() => {
      aborter.abort();
    }, 50);
    await call;
    await until(() => closed === 1);
    session.close();
  });
});

async function open(behaviour: FakeSshBehaviour, more: Partial<SshOptions> = {}): Promise<HostSession> {
  fake = await startFakeSsh(behaviour);
  return openSsh(fake.options({ timeouts: { authenticationMs: 500 }, ...more }));
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

async function until(isTrue: () => boolean): Promise<void> {
  await vi.waitUntil(isTrue, { timeout: 5_000, interval: 5 });
}

/** Writes for as long as the channel is there. */
function pour(stream: Writable, chunk: Buffer): void {
  stream.on('error', () => undefined);
  more();
  function more(): void {
    if (!stream.destroyed) stream.write(chunk, () => setImmediate(more));
  }
}

function endWith(channel: ServerChannel, code: number): void {
  channel.exit(code);
  channel.end();
}

/** A KEXINIT (RFC 4253, 7.1) in an unencrypted packet (6) that offers one algorithm of everything. */
function kexInit(algorithm: string): Buffer {
  const list = Buffer.concat([uint32(algorithm.length), Buffer.from(algorithm)]);
  const lists = Array.from({ length: 10 }, () => list);
  const payload = Buffer.concat([Buffer.of(20), Buffer.alloc(16), ...lists, Buffer.alloc(5)]);
  const padding = 4 + ((8 - ((payload.length + 9) % 8)) % 8);
  return Buffer.concat([uint32(payload.length + padding + 1), Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
