import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { ask, startOrigin, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { speak } from '../../rigs/raw-http.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function rig(
  more: Partial<EngineVirtualServer> = {},
): Promise<{ origin: CacheOrigin; engine: TestEngine; port: number }> {
  const origin = await startOrigin();
  open.push(origin);
  const engine = await openEngine({
    version: 1,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { compression: ['zstd', 'br', 'gzip'] }, ...more },
    ],
    pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: origin.port }] }],
  });
  open.push({ close: () => engine.stop() });
  return { origin, engine, port: engine.port('web') };
}

/** Text that is neither all the same nor all different: 2 MB. */
const text = Buffer.from(
  Array.from(
    { length: 20_000 },
    (_, index) => `line ${index} ${randomBytes(20).toString('hex')} and the same words in each line\n`,
  ).join(''),
);

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync };
const plainText = { 'content-type': 'text/plain', etag: '"t"' };

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('compression', () => {
  it.each(['gzip', 'br', 'zstd'] as const)(
    'with %s carries every byte, however the member frames the body',
    async (coding) => {
      const { origin, port } = await rig();
      origin.serve('/length', (_request, response) =>
        response.writeHead(200, { ...plainText, 'content-length': text.length }).end(text),
      );
      origin.serve('/chunks', (_request, response) => {
        response.writeHead(200, { ...plainText, trailer: 'x-sum' });
        response.write(text.subarray(0, 300_000));
        response.addTrailers({ 'x-sum': '1' });
        response.end(text.subarray(300_000));
      });
      origin.serve('/close', (_request, response) => {
        response.useChunkedEncodingByDefault = false;
        response.writeHead(200, { ...plainText, connection: 'close' }).end(text);
      });
      for (const path of ['/length', '/chunks', '/close']) {
        const answer = await ask(port, path, { headers: { 'accept-encoding': coding } });
        expect(answer.headers).toMatchObject({ 'content-encoding': coding, vary: 'Accept-Encoding', etag: 'W/"t"' });
        expect(answer.headers['content-length']).toBeUndefined();
        expect(answer.body.length).toBeLessThan(text.length / 1.5);
        expect(digest(decoders[coding](answer.body))).toBe(digest(text));
      }
    },
  );

  it('keeps the connection, answers HEAD and who wants it plain, and serves HTTP/1.0', async () => {
    const { origin, port } = await rig();
    const short = text.subarray(0, 5000);
    origin.serve('/a', (_request, response) =>
      response.writeHead(200, { ...plainText, 'content-length': short.length }).end(short),
    );
    const gzip = 'Host: x\r\nAccept-Encoding: gzip\r\n';
    const { text: all } = await speak(
      port,
      `GET /a HTTP/1.1\r\n${gzip}\r\nHEAD /a HTTP/1.1\r\n${gzip}\r\nGET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.0\r\n${gzip}\r\n`,
    );
    const messages = all.split(/(?=HTTP\/1\.1 200 OK)/);
    expect(messages).toHaveLength(4);
    expect(messages[0]).toContain('Transfer-Encoding: chunked\r\n');
    expect(messages[1]).toMatch(/content-length: 5000\r\n/i);
    expect(messages[2]?.endsWith(short.toString('latin1'))).toBe(true);
    expect(messages[3]).not.toContain('chunked');
    const body = messages[3]?.split('\r\n\r\n').slice(1).join('\r\n\r\n') ?? '';
    expect(digest(gunzipSync(Buffer.from(body, 'latin1')))).toBe(digest(short));
  });

  it('goes at the pace of a slow reader', async () => {
    const { origin, port } = await rig();
    const large = Buffer.concat(Array.from({ length: 10 }, () => text));
    origin.serve('/slow', (_request, response) => response.writeHead(200, plainText).end(large));
    const parts: Buffer[] = [];
    await new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write('GET /slow HTTP/1.0\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n'),
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
        resolve();
      });
    });
    const got = Buffer.concat(parts);
    expect(digest(gunzipSync(got.subarray(got.indexOf('\r\n\r\n') + 4)))).toBe(digest(large));
  });

  it('cuts the client when the member fails in the middle, and forgets clients that leave', async () => {
    const { origin, engine, port } = await rig();
    origin.serve('/broken', (_request, response) => {
      response.writeHead(200, plainText);
      response.write(text.subarray(0, 200_000), () => response.socket?.resetAndDestroy());
    });
    origin.serve('/endless', (_request, response) => {
      response.writeHead(200, plainText);
      const timer = setInterval(() => response.write(text.subarray(0, 100_000)), 1);
      response.on('close', () => {
        clearInterval(timer);
      });
    });
    await expect(ask(port, '/broken', { headers: { 'accept-encoding': 'gzip' } })).rejects.toThrow();
    for (let turn = 0; turn < 80; turn++) {
      await speak(port, 'GET /endless HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n', {
        until: /\r\n\r\n[^]{1000}/,
      });
    }
    origin.serve('/after', (_request, response) => response.writeHead(200, plainText).end(text));
    // More clients have left than may be served at a time: their places are free again.
    const after = await ask(port, '/after', { headers: { 'accept-encoding': 'gzip' } });
    expect(digest(gunzipSync(after.body))).toBe(digest(text));
    expect((await engine.stats()).pools[0]?.currentConnections).toBe(0);
  });

  it('is stored by the cache once for each coding, its parts plain', async () => {
    const { origin, port } = await rig({ cache: {} });
    origin.serve('/c', (_request, response) =>
      response
        .writeHead(200, { ...plainText, 'cache-control': 'max-age=3600', 'content-length': text.length })
        .end(text),
    );
    for (let turn = 0; turn < 2; turn++) {
      for (const coding of ['gzip', 'br'] as const) {
        const answer = await ask(port, '/c', { headers: { 'accept-encoding': coding } });
        expect([answer.headers['content-encoding'], answer.headers.vary]).toEqual([coding, 'Accept-Encoding']);
        expect(digest(decoders[coding](answer.body))).toBe(digest(text));
      }
      expect(digest((await ask(port, '/c')).body)).toBe(digest(text));
      const part = await ask(port, '/c', { headers: { 'accept-encoding': 'gzip', range: 'bytes=1000-1999' } });
      expect([part.status, part.headers['content-encoding']]).toEqual([206, undefined]);
      expect(part.body.equals(text.subarray(1000, 2000))).toBe(true);
    }
    expect(origin.heard('/c')).toHaveLength(3);
    const unchanged = await ask(port, '/c', { headers: { 'accept-encoding': 'gzip', 'if-none-match': 'W/"t"' } });
    expect(unchanged.status).toBe(304);
  });
});
