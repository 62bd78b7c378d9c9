import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { manners, startAnswering } from '../../rigs/answering.ts';
import { probe, probeManner, type ProbedMonitor } from '../../rigs/probe.ts';

const kinds: readonly { readonly monitor: ProbedMonitor; readonly isServerFirst?: boolean }[] = [
  { monitor: { type: 'http' } },
  { monitor: { type: 'https' } },
  { monitor: { type: 'tls-hello' } },
  { monitor: { type: 'tcp-send-expect', send: 'hello', expect: 'welcome' } },
  { monitor: { type: 'redis' } },
  { monitor: { type: 'mysql' }, isServerFirst: true },
  { monitor: { type: 'mysql', user: 'check' }, isServerFirst: true },
  { monitor: { type: 'postgresql' } },
  { monitor: { type: 'ldap' } },
  { monitor: { type: 'ldap', tls: {} } },
  { monitor: { type: 'smtp' }, isServerFirst: true },
  { monitor: { type: 'grpc' } },
  { monitor: { type: 'grpc', tls: {} } },
];

describe.each(kinds)('a monitor of type $monitor.type', ({ monitor, isServerFirst }) => {
  it('fails at a server that says nothing, after its own time-out', async () => {
    const verdict = await probeManner({ ...monitor, timeoutMs: 60 }, manners.silent);
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).toContain('within 60 ms');
  });

  it('fails at garbage and says so', async () => {
    const verdict = await probeManner(monitor, manners.garbage);
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result.length).toBeGreaterThan(12);
  });

  it('fails at a server that closes', async () => {
    const verdict = await probeManner(monitor, manners.closing, isServerFirst);
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).not.toContain('within');
  });

  it('fails where nobody listens', async () => {
    const server = await startAnswering({});
    await server.close();
    expect(await probe(monitor, server.port)).toEqual({ isPassing: false, result: 'ECONNREFUSED' });
  });

  it('ends at once when the engine stops', async () => {
    const server = await startAnswering(manners.silent);
    const stop = new AbortController();
    const verdict = probe({ ...monitor, timeoutMs: 60_000 }, server.port, { signal: stop.signal });
    stop.abort();
    expect((await verdict).isPassing).toBe(false);
    await server.close();
  });
});

describe('send and expect', () => {
  const answer = {
    answer: (heard: Buffer) => Buffer.concat([Buffer.from([0, 255]), heard, Buffer.from('welcome\r\n')]),
  };

  it('sends escapes as bytes and finds text, bytes and expressions in the answer', async () => {
    const monitor = { type: 'tcp-send-expect', send: String.raw`A\x01\0\r\n\\ü` } as const;
    expect(await probeManner({ ...monitor, expect: 'welcome' }, answer)).toMatchObject({
      isPassing: true,
      heard: 'A\x01\0\r\n\\\xc3\xbc',
    });
    expect((await probeManner({ ...monitor, expect: String.raw`\0\xffA` }, answer)).isPassing).toBe(true);
    expect(
      (await probeManner({ ...monitor, expect: String.raw`/^\x00\xff.+wel[c]ome\r\n$/s` }, answer)).isPassing,
    ).toBe(false);
    expect((await probeManner({ ...monitor, expect: String.raw`/^\x00\xff[^]+wel[c]ome/` }, answer)).isPassing).toBe(
      true,
    );
  });

  it('fails at another answer and shows its beginning', async () => {
    const verdict = await probeManner(
      { type: 'tcp-send-expect', send: 'x', expect: 'ready', timeoutMs: 60 },
      { answer: () => 'busy\r\n' },
    );
    expect(verdict.isPassing).toBe(false);
    expect(verdict.result).toBe(String.raw`no answer with ready within 60 ms, only "busy\r\n"`);
  });

  it('takes an answer that comes in pieces, and listens where it has nothing to send', async () => {
    const pieces = { greeting: 'wel', answer: () => 'come' };
    const monitor = { type: 'tcp-send-expect', send: 'x', expect: 'welcome' } as const;
    expect(await probeManner(monitor, pieces)).toMatchObject({ isPassing: true, result: 'answered "welcome"' });
    expect(await probeManner({ type: 'tcp-send-expect', expect: 'wel' }, pieces)).toMatchObject({
      isPassing: true,
      heard: '',
    });
  });

  it('reads no more than 64 KiB', async () => {
    const flood = { greeting: Buffer.alloc(1_000_000, 'x') };
    const verdict = await probeManner({ type: 'tcp-send-expect', expect: 'y', timeoutMs: 10_000 }, flood);
    expect(verdict).toMatchObject({ isPassing: false, result: 'no answer with y in 65536 bytes' });
  });
});

describe('the redis monitor', () => {
  it.each([
    ['passes +PONG', '+PONG\r\n', true, '+PONG'],
    ['fails -NOAUTH with the reason', '-NOAUTH Authentication required.\r\n', false, 'NOAUTH Authentication required.'],
    ['fails while data are loaded', '-LOADING Redis is loading the dataset in memory\r\n', false, 'LOADING'],
    ['fails another status', '+OK\r\n', false, 'expected +PONG, got "+OK"'],
  ])('%s', async (_, reply, isPassing, words) => {
    const verdict = await probeManner({ type: 'redis' }, { answer: () => reply });
    expect(verdict.isPassing).toBe(isPassing);
    expect(verdict.result).toContain(words);
    expect(verdict.heard).toBe('*1\r\n$4\r\nPING\r\n');
  });
});

describe('the http monitor', () => {
  it('tells a member that asks to be drained from one that fails', async () => {
    let status = 200;
    const server = createServer((_, response) => response.writeHead(status).end('all is well'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has an address and port
    const monitor: ProbedMonitor = { type: 'http', drainStatus: ['429'], expectBody: '/is (well|fine)/' };
    expect(await probe(monitor, port)).toEqual({ isPassing: true, result: 'HTTP 200' });
    status = 429;
    expect(await probe(monitor, port)).toEqual({ isPassing: true, isDraining: true, result: 'HTTP 429' });
    status = 500;
    expect(await probe(monitor, port)).toEqual({ isPassing: false, result: 'HTTP 500' });
    status = 200;
    expect((await probe({ ...monitor, expectBody: 'ill' }, port)).isPassing).toBe(false);
    server.close();
  });
});
