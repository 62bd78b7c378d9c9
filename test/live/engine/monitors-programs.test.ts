import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp2 } from 'node:http2';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { isAlive } from '../../rigs/processes.ts';
import { probe, probeManner } from '../../rigs/probe.ts';

describe.skipIf(process.platform === 'win32')('the script monitor', () => {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-script-'));
  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  function run(command: string, timeoutMs = 20_000, signal?: AbortSignal) {
    const options = { scripts: { check: command }, ...(signal === undefined ? {} : { signal }) };
    return probe({ type: 'script', script: 'check', timeoutMs }, 4711, options);
  }

  it('passes at status 0 and shows the first line, fails at any other', async () => {
    expect(await run('echo all is well; echo more')).toEqual({ isPassing: true, result: 'all is well' });
    expect(await run('exit 0')).toEqual({ isPassing: true, result: 'exit status 0' });
    expect(await run('echo disk full; exit 3')).toEqual({ isPassing: false, result: 'exit status 3: disk full' });
    expect(await run('kill -9 $$')).toEqual({ isPassing: false, result: 'killed by SIGKILL' });
  });

  it('gives the command the documented environment and nothing of its own', async () => {
    process.env['STEELYARD_TEST_SECRET'] = 'secret';
    await run(`env > '${join(directory, 'env')}'`);
    delete process.env['STEELYARD_TEST_SECRET'];
    const names = readFileSync(join(directory, 'env'), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => !/^(PWD|OLDPWD|_|SHLVL|PATH)=/.test(line));
    expect(names.sort()).toEqual([
      'STEELYARD_ADDRESS=127.0.0.1',
      'STEELYARD_MEMBER=a',
      'STEELYARD_MONITOR=m',
      'STEELYARD_POOL=app',
      'STEELYARD_PORT=4711',
      'STEELYARD_TIMEOUT_MS=20000',
    ]);
  });

  it('kills the whole group when the time is over', async () => {
    const file = join(directory, 'pids');
    const verdict = await run(`sleep 600 & echo $! $$ > '${file}'; wait`, 500);
    expect(verdict).toEqual({ isPassing: false, result: 'not done within 500 ms, killed' });
    await untilGone(file);
  });

  it('ends with the engine, and leaves nothing that a script put in the background', async () => {
    const file = join(directory, 'background');
    expect((await run(`sleep 600 & echo $! > '${file}'`)).isPassing).toBe(true);
    await untilGone(file);
    const stop = new AbortController();
    const verdict = run('sleep 600', 60_000, stop.signal);
    stop.abort();
    expect(await verdict).toEqual({ isPassing: false, result: 'stopped' });
  });

  it('reads a flood of output without keeping it', async () => {
    expect(await run('yes | head -c 20000000')).toEqual({ isPassing: true, result: 'y' });
  });

  async function untilGone(file: string): Promise<void> {
    const pids = readFileSync(file, 'utf8').trim().split(' ').map(Number);
    expect(pids.length).toBeGreaterThan(0);
    for (let turn = 0; turn < 400 && pids.some(isAlive); turn++) await new Promise((go) => setTimeout(go, 25));
    expect(pids.filter(isAlive)).toEqual([]);
  }
});

/** A container may forbid what ping needs. */
function canPing(): boolean {
  if (isMissing('ping')) return false;
  try {
    execFileSync(findProgram('ping') ?? '', ['-n', '-c', '1', '127.0.0.1'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!canPing())('the icmp monitor', () => {
  const scripts = { ping: findProgram('ping') ?? '' };

  it('passes at an echo reply and fails without', async () => {
    expect(await probe({ type: 'icmp', timeoutMs: 20_000 }, 1, { scripts })).toEqual({
      isPassing: true,
      result: 'echo reply',
    });
    // Of the IPv6 loopback only ::1 is there; ping has no route to the others.
    const verdict = await probe({ type: 'icmp', timeoutMs: 300 }, 1, { scripts, address: '::2' });
    expect(verdict.isPassing).toBe(false);
  });

  it('takes no address for an option', async () => {
    const verdict = await probe({ type: 'icmp' }, 1, { scripts, address: '-f127.0.0.1' });
    expect(verdict).toEqual({ isPassing: false, result: '"-f127.0.0.1" is no address' });
  });
});

describe('the tcp-half-open monitor', () => {
  it('passes at a port that is open, and leaves by a reset', async () => {
    const server = createServer();
    const ends: Promise<string>[] = [];
    server.on('connection', (socket) => {
      ends.push(
        new Promise((resolve) => {
          socket.on('error', (error: NodeJS.ErrnoException) => {
            resolve(error.code ?? '');
          });
          socket.on('end', () => {
            resolve('FIN');
          });
          socket.resume();
        }),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has an address and port
    const accepted = once(server, 'connection');
    expect(await probe({ type: 'tcp-half-open' }, port)).toEqual({ isPassing: true, result: 'connected and reset' });
    await accepted;
    expect(await ends[0]).toBe('ECONNRESET');
    server.close();
    await once(server, 'close');
    expect(await probe({ type: 'tcp-half-open' }, port)).toEqual({ isPassing: false, result: 'ECONNREFUSED' });
  });
});

describe('the grpc monitor', () => {
  async function check(service: string, answer: Buffer, trailers: Readonly<Record<string, string>>, status = 200) {
    let asked = '';
    const server = createHttp2();
    server.on('stream', (stream, headers) => {
      const body: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => body.push(chunk));
      stream.on('end', () => {
        asked = `${headers[':path'] ?? ''} ${String(headers['te'])} ${Buffer.concat(body).toString('hex')}`;
        stream.respond({ ':status': status, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => {
          stream.sendTrailers(trailers);
        });
        stream.end(answer);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has an address and port
    const verdict = await probe({ type: 'grpc', service, timeoutMs: 20_000 }, port);
    server.close();
    return { ...verdict, asked };
  }

  const serving = Buffer.from('00000000020801', 'hex');

  it('asks for a service and passes at SERVING', async () => {
    expect(await check('', serving, { 'grpc-status': '0' })).toEqual({
      isPassing: true,
      result: 'SERVING',
      asked: '/grpc.health.v1.Health/Check trailers 0000000000',
    });
    expect((await check('shop', serving, { 'grpc-status': '0' })).asked).toContain(' 00000000060a0473686f70');
  });

  it.each([
    ['NOT_SERVING', Buffer.from('00000000020802', 'hex'), '0', 'NOT_SERVING'],
    ['an answer without a status', Buffer.from('0000000000', 'hex'), '0', 'UNKNOWN'],
    ['a failure in the trailers', Buffer.alloc(0), '12', 'grpc-status 12 UNIMPLEMENTED'],
    ['a message that is none', Buffer.from('0000000001ff', 'hex'), '0', 'no health in'],
    ['a compressed message', Buffer.from('01000000020801', 'hex'), '0', 'no health in'],
    ['a length that is too large', Buffer.from('00ffffffff0801', 'hex'), '0', 'no health in'],
  ])('fails at %s', async (_, answer, status, words) => {
    const verdict = await check('', answer, { 'grpc-status': status });
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).toContain(words);
  });

  it('fails at another HTTP status, whatever the body says', async () => {
    expect(await check('', serving, { 'grpc-status': '0' }, 503)).toMatchObject({
      isPassing: false,
      result: 'HTTP 503',
    });
  });
});

describe('hostile answers', () => {
  it.each([
    ['a MySQL packet that never ends', { type: 'mysql' }, Buffer.from([255, 255, 255, 0, 10])],
    ['a MySQL login that is switched without end', { type: 'mysql', user: 'x' }, Buffer.from([1, 0, 0, 2, 254])],
    ['a PostgreSQL message of 4 GiB', { type: 'postgresql' }, Buffer.from('E\xff\xff\xff\xff', 'latin1')],
    ['an LDAP element without an end', { type: 'ldap' }, Buffer.from([0x30, 0x80, 2, 1, 1])],
    ['an SMTP line without an end', { type: 'smtp' }, Buffer.alloc(100_000, '220-')],
    [
      'a reply to another LDAP message',
      { type: 'ldap' },
      Buffer.from([0x30, 12, 2, 1, 9, 0x61, 7, 10, 1, 0, 4, 0, 4, 0]),
    ],
    ['a second SMTP reply before it is due', { type: 'smtp' }, Buffer.from('220 a\r\n250 b\r\n')],
  ] as const)('fails at %s', async (_, monitor, bytes) => {
    const verdict = await probeManner({ ...monitor, timeoutMs: 300 }, { greeting: bytes, answer: () => bytes });
    expect(verdict.isPassing).toBe(false);
  });
});

describe('the agent monitor', () => {
  it('sends what it is told and reads a line', async () => {
    const verdict = await probeManner({ type: 'agent', send: String.raw`web\n` }, { answer: () => 'up 75% # fine\n' });
    expect(verdict).toMatchObject({ isPassing: true, weightPercent: 75, result: 'up 75% # fine', heard: 'web\n' });
  });

  it('takes an answer that ends with the connection', async () => {
    const server = createServer((socket) => socket.end('drain'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has an address and port
    expect(await probe({ type: 'agent' }, port)).toMatchObject({ isDraining: true, saysNoHealth: true });
    server.close();
  });

  it('says nothing about a member whose agent is gone, silent or mad', async () => {
    const gone = await probe({ type: 'agent' }, 1);
    expect(gone).toEqual({ isPassing: false, saysNoHealth: true, isPartial: true, result: 'ECONNREFUSED' });
    for (const manner of [{}, { greeting: '\xff\xfe\n' }, { greeting: 'x'.repeat(5000) }]) {
      expect((await probeManner({ type: 'agent', timeoutMs: 100 }, manner)).saysNoHealth).toBe(true);
    }
  });
});
