import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { ask, startOrigin, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { speak } from '../../rigs/raw-http.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

interface Rig {
  readonly origin: CacheOrigin;
  readonly engine: TestEngine;
  readonly port: number;
}

async function rig(
  cache: EngineVirtualServer['cache'] = {},
  more: Partial<EngineVirtualServer> = {},
  workers = 1,
): Promise<Rig> {
  const origin = await startOrigin();
  open.push(origin);
  const engine = await openEngine(
    {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', cache, ...more }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: origin.port }] }],
    },
    workers,
  );
  open.push({ close: () => engine.stop() });
  return { origin, engine, port: engine.port('web') };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it never came to that');
}

const hour = { 'cache-control': 'max-age=3600' };

describe('the cache', () => {
  it('answers hits without the member, with Age and Cache-Status, HEAD too, and counts them', async () => {
    const { origin, engine, port } = await rig();
    origin.serve('/a', (_request, response) => response.writeHead(200, { ...hour, etag: '"1"' }).end('hello'));
    const first = await ask(port, '/a');
    expect(first.headers['cache-status']).toBe('Steelyard; fwd=uri-miss; stored');
    const second = await ask(port, '/a');
    expect([second.status, second.body.toString(), second.headers['content-length']]).toEqual([200, 'hello', '5']);
    expect(second.headers.age).toMatch(/^\d+$/);
    expect(second.headers['cache-status']).toMatch(/^Steelyard; hit; ttl=3[56]\d\d$/);
    const head = await ask(port, '/a', { method: 'HEAD' });
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([200, 0, '5']);
    expect(origin.heard('/a')).toHaveLength(1);
    const [server] = (await engine.stats()).virtualServers;
    expect(server?.cache).toMatchObject({ hits: 2, misses: 1, stored: 1, objects: 1, bytesServed: 10 });
    expect(server?.responses['2xx']).toBe(3);
    expect((await engine.admin('GET', '/metrics')).body).toContain(
      'steelyard_cache_hits_total{virtual_server="web"} 2\n',
    );
  });

  it('keeps pipelined hits in order on one connection, and serves HTTP/1.0', async () => {
    const { origin, port } = await rig();
    for (const name of ['x', 'y'])
      origin.serve(`/${name}`, (_request, response) => response.writeHead(200, hour).end(name));
    for (const name of ['x', 'y']) await ask(port, `/${name}`);
    const requests = ['x', 'y', 'x', 'y', 'y']
      .map((name) => `GET /${name} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      .join('');
    const { text } = await speak(port, `${requests}GET /x HTTP/1.0\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
    expect([...text.matchAll(/\r\n\r\n([xy])/g)].map((match) => match[1]).join('')).toBe('xyxyyx');
    expect(origin.heard('/x')).toHaveLength(1);
  });

  it('fetches a flood of one file once, and whoever comes later streams from what has arrived', async () => {
    const { origin, engine, port } = await rig();
    const body = randomBytes(3_000_000);
    let answer: ServerResponse | undefined;
    origin.serve('/flood', (_request, response) => {
      answer = response.writeHead(200, { ...hour, 'content-length': body.length });
      response.write(body.subarray(0, 1_000_000));
    });
    const clients = Array.from({ length: 20 }, () => ask(port, '/flood'));
    await until(() => answer !== undefined);
    const early = await speak(port, `GET /flood HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, {
      until: /\r\n\r\n[^]{900000}/,
    });
    expect(early.text.slice(early.text.indexOf('\r\n\r\n') + 4, 900_000)).toBe(
      body.toString('latin1', 0, 900_000 - early.text.indexOf('\r\n\r\n') - 4),
    );
    answer?.end(body.subarray(1_000_000));
    const answers = await Promise.all(clients);
    expect(new Set(answers.map((each) => digest(each.body)))).toEqual(new Set([digest(body)]));
    expect(origin.heard('/flood')).toHaveLength(1);
    expect((await engine.stats()).virtualServers[0]?.cache?.collapsed).toBeGreaterThan(0);
  });

  it.each(['length', 'chunks', 'close'])(
    'goes on filling when the client that caused it leaves (%s)',
    async (framing) => {
      const { origin, port } = await rig();
      const body = randomBytes(2_000_000);
      let answer: ServerResponse | undefined;
      origin.serve('/left', (_request, response) => {
        if (framing === 'close') response.useChunkedEncodingByDefault = false;
        answer = response.writeHead(200, {
          ...hour,
          ...(framing === 'length' ? { 'content-length': body.length } : {}),
          ...(framing === 'close' ? { connection: 'close' } : {}),
        });
        response.write(body.subarray(0, 500_000));
      });
      await speak(port, `GET /left HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, { until: /\r\n\r\n[^]{1000}/ });
      const other = ask(port, '/left');
      answer?.end(body.subarray(500_000));
      expect(digest((await other).body)).toBe(digest(body));
      expect(digest((await ask(port, '/left')).body)).toBe(digest(body));
      expect(origin.heard('/left')).toHaveLength(1);
    },
  );

  it.each(['length', 'chunks', 'close'])(
    'stores nothing broken when the member fails in the middle (%s)',
    async (framing) => {
      const { origin, engine, port } = await rig();
      origin.serve('/broken', (_request, response, turn) => {
        if (turn > 1) {
          response.writeHead(200, hour).end('whole');
          return;
        }
        if (framing === 'close') response.useChunkedEncodingByDefault = false;
        response.writeHead(200, {
          ...hour,
          ...(framing === 'length' ? { 'content-length': 1000 } : {}),
          ...(framing === 'close' ? { connection: 'close' } : {}),
        });
        response.write('part', () => response.socket?.resetAndDestroy());
      });
      await expect(ask(port, '/broken')).rejects.toThrow();
      const again = await ask(port, '/broken');
      expect([again.body.toString(), origin.heard('/broken').length]).toEqual(['whole', 2]);
      expect((await engine.stats()).virtualServers[0]?.cache?.objects).toBe(1);
    },
  );

  it('serves ranges from the whole: one, several, a suffix, none, and If-Range', async () => {
    const { origin, port } = await rig();
    const body = randomBytes(300_000);
    origin.serve('/r', (_request, response) =>
      response
        .writeHead(200, { ...hour, etag: '"v1"', 'content-type': 'application/x', 'content-length': body.length })
        .end(body),
    );
    // A range miss fetches the whole.
    const first = await ask(port, '/r', { headers: { range: 'bytes=100-199' } });
    expect([first.status, first.headers['content-range']]).toEqual([206, 'bytes 100-199/300000']);
    expect(first.body.equals(body.subarray(100, 200))).toBe(true);
    const suffix = await ask(port, '/r', { headers: { range: 'bytes=-5' } });
    expect(suffix.body.equals(body.subarray(-5))).toBe(true);
    const several = await ask(port, '/r', { headers: { range: 'bytes=0-9,299990-' } });
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(several.headers['content-type'] ?? '')?.[1] ?? '';
    const parts = several.body.toString('latin1').split(`--${boundary}`);
    expect(parts).toHaveLength(4);
    expect(parts[1]).toContain('Content-Type: application/x\r\nContent-Range: bytes 0-9/300000\r\n\r\n');
    expect(parts[2]?.split('\r\n\r\n')[1]).toBe(`${body.toString('latin1', 299_990)}\r\n`);
    const beyond = await ask(port, '/r', { headers: { range: 'bytes=300000-' } });
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, 'bytes */300000']);
    const current = await ask(port, '/r', { headers: { range: 'bytes=0-0', 'if-range': '"v1"' } });
    const outdated = await ask(port, '/r', { headers: { range: 'bytes=0-0', 'if-range': '"v0"' } });
    expect([current.status, outdated.status, outdated.body.length]).toEqual([206, 200, 300_000]);
    expect(origin.heard('/r')).toHaveLength(1);
  });

  it('passes on what is too large, with the range that was asked for', async () => {
    const { origin, port } = await rig({ maxObjectBytes: 10_000 });
    const body = randomBytes(2_000_000);
    origin.serve('/large', (request, response) => {
      const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
      if (range === null) response.writeHead(200, { ...hour, 'content-length': body.length }).end(body);
      else
        response
          .writeHead(206, { 'content-range': `bytes ${range[1]}-${range[2]}/2000000` })
          .end(body.subarray(Number(range[1]), Number(range[2]) + 1));
    });
    expect(digest((await ask(port, '/large')).body)).toBe(digest(body));
    expect(digest((await ask(port, '/large')).body)).toBe(digest(body));
    const part = await ask(port, '/large', { headers: { range: 'bytes=1500000-1500009' } });
    expect([part.status, part.body.equals(body.subarray(1_500_000, 1_500_010))]).toEqual([206, true]);
    // Without a length it is found out on the way: whole for those who read it, and not kept.
    origin.serve('/growing', (_request, response) => {
      response.writeHead(200, hour);
      response.write(body.subarray(0, 5000), () => response.end(body.subarray(5000)));
    });
    expect(digest((await ask(port, '/growing')).body)).toBe(digest(body));
    expect(digest((await ask(port, '/growing')).body)).toBe(digest(body));
    expect(origin.heard('/growing')).toHaveLength(2);
  });

  it('waits for slow readers without mixing bytes up', async () => {
    const { origin, port } = await rig({ maxObjectBytes: 1_000_000 });
    const body = randomBytes(8_000_000);
    for (const path of ['/kept', '/passed', '/window']) {
      origin.serve(path, (_request, response) => {
        const length = path === '/kept' ? 900_000 : body.length;
        response.writeHead(200, { ...hour, ...(path === '/window' ? {} : { 'content-length': length }) });
        response.end(body.subarray(0, length));
      });
    }
    for (const path of ['/kept', '/passed', '/window']) {
      const expected = path === '/kept' ? body.subarray(0, 900_000) : body;
      const got = await slowly(port, path);
      const start = got.indexOf('\r\n\r\n') + 4;
      const read = path === '/window' ? dechunk(got.subarray(start)) : got.subarray(start);
      expect(digest(read)).toBe(digest(expected));
    }
  });

  it('asks the member whether a stale one is still good, and serves it anew', async () => {
    const { origin, engine, port } = await rig();
    origin.serve('/v', (request, response) => {
      const headers = { 'cache-control': 'max-age=1', age: '100', etag: '"7"' };
      if (request.headers['if-none-match'] === '"7"')
        response.writeHead(304, { 'cache-control': 'max-age=3600', etag: '"7"', 'x-new': 'yes' }).end();
      else response.writeHead(200, headers).end('body');
    });
    await ask(port, '/v');
    const second = await ask(port, '/v');
    expect([second.status, second.body.toString(), second.headers['x-new']]).toEqual([200, 'body', 'yes']);
    expect(second.headers['cache-status']).toBe('Steelyard; hit; fwd=stale; fwd-status=304');
    await ask(port, '/v');
    expect(origin.heard('/v')).toHaveLength(2);
    expect((await engine.stats()).virtualServers[0]?.cache?.revalidated).toBe(1);
    const unchanged = await ask(port, '/v', { headers: { 'if-none-match': 'W/"7"' } });
    expect([unchanged.status, unchanged.body.length, unchanged.headers.etag]).toEqual([304, 0, '"7"']);
  });

  it('serves stale while it revalidates, and where the member fails', async () => {
    const { origin, port } = await rig({ staleIfErrorMs: 3_600_000 });
    origin.serve('/swr', (_request, response, turn) =>
      response
        .writeHead(200, {
          'cache-control': `max-age=${turn === 1 ? 1 : 3600}, stale-while-revalidate=1000`,
          age: turn === 1 ? '10' : '0',
        })
        .end(`turn ${turn}`),
    );
    origin.serve('/sie', (_request, response, turn) => {
      if (turn === 1) response.writeHead(200, { 'cache-control': 'max-age=1', age: '10', etag: '"1"' }).end('good');
      else response.writeHead(503).end('bad');
    });
    origin.serve('/must', (_request, response, turn) => {
      if (turn === 1)
        response.writeHead(200, { 'cache-control': 'max-age=1, must-revalidate', age: '10', etag: '"1"' }).end('good');
      else response.writeHead(503).end('bad');
    });
    await ask(port, '/swr');
    expect((await ask(port, '/swr')).body.toString()).toBe('turn 1');
    await until(() => origin.heard('/swr').length === 2);
    await until(async () => (await ask(port, '/swr')).body.toString() === 'turn 2');
    for (const path of ['/sie', '/must']) await ask(port, path);
    expect((await ask(port, '/sie')).body.toString()).toBe('good');
    expect((await ask(port, '/must')).status).toBe(503);
  });

  it('removes by URL and by tag, and after an unsafe request', async () => {
    const { origin, engine, port } = await rig();
    for (const path of ['/p1', '/p2', '/p3']) {
      origin.serve(path, (_request, response) =>
        response.writeHead(200, { ...hour, 'surrogate-key': 'shop news', 'cache-tag': 'a,b' }).end('x'),
      );
      await ask(port, path);
    }
    const url = encodeURIComponent(`http://127.0.0.1:${port}/p1`);
    expect((await engine.admin('DELETE', `/v1/cache?url=${url}`)).body).toEqual({ status: 'purged', purged: 1 });
    expect((await engine.admin('DELETE', '/v1/cache?tag=nothing')).body).toEqual({ status: 'purged', purged: 0 });
    expect((await engine.admin('DELETE', '/v1/cache?tag=b')).body).toEqual({ status: 'purged', purged: 2 });
    expect((await engine.admin('DELETE', '/v1/cache')).status).toBe(422);
    expect((await engine.admin('DELETE', '/v1/cache?url=nowhere')).status).toBe(422);
    await ask(port, '/p1');
    await ask(port, '/p1', { method: 'POST', body: 'change' });
    await ask(port, '/p1');
    expect(origin.heard('/p1')).toHaveLength(4);
  });

  it('keeps within maxBytes', async () => {
    const { origin, engine, port } = await rig({ maxBytes: 500_000 });
    for (let index = 0; index < 20; index++) {
      origin.serve(`/e${index}`, (_request, response) => response.writeHead(200, hour).end(Buffer.alloc(100_000)));
      await ask(port, `/e${index}`);
    }
    const cache = (await engine.stats()).virtualServers[0]?.cache;
    expect(cache?.bytes).toBeLessThanOrEqual(500_000);
    expect(cache?.objects).toBe(4);
    expect(cache?.evicted).toBe(16);
  });

  it('does not make everyone wait for what is not to be stored', async () => {
    const { origin, port } = await rig();
    const waiting: ServerResponse[] = [];
    origin.serve('/mine', (_request, response) => waiting.push(response));
    const clients = Array.from({ length: 5 }, () => ask(port, '/mine'));
    await until(() => waiting.length === 1);
    waiting[0]?.writeHead(200, { 'cache-control': 'private' }).end('0');
    await until(() => waiting.length === 5);
    for (const response of waiting.slice(1)) response.writeHead(200, { 'cache-control': 'private' }).end('1');
    expect(
      (await Promise.all(clients))
        .map((each) => each.body.toString())
        .sort()
        .join(''),
    ).toBe('01111');
  });

  it('keeps what it holds over a reload, and gives each worker its part', async () => {
    const { origin, engine, port } = await rig({ maxBytes: 1_000_000 }, {}, 2);
    origin.serve('/k', (_request, response) => response.writeHead(200, hour).end('k'));
    for (let turn = 0; turn < 30; turn++) await ask(port, '/k');
    const before = origin.heard('/k').length;
    expect(before).toBeLessThanOrEqual(2);
    await engine.reload();
    for (let turn = 0; turn < 30; turn++) expect((await ask(port, '/k')).body.toString()).toBe('k');
    expect(origin.heard('/k').length).toBeLessThanOrEqual(2);
  });
});

/** Reads a little, waits, reads on; HTTP/1.1 with the connection closed after. */
function slowly(port: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () =>
      socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
    );
    let turns = 0;
    socket.on('data', (part: Buffer) => {
      parts.push(part);
      if (turns++ % 8 !== 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
    socket.on('error', reject);
    socket.on('end', () => {
      resolve(Buffer.concat(parts));
    });
  });
}

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
