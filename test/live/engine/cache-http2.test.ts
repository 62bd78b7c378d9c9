import { createHash, randomBytes } from 'node:crypto';
import { connect, type ClientHttp2Session } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { ask, startOrigin, type CacheOrigin } from '../../rigs/cache-origin.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function rig(
  server: Partial<EngineVirtualServer>,
): Promise<{ origin: CacheOrigin; engine: TestEngine; port: number; session: ClientHttp2Session }> {
  const origin = await startOrigin();
  open.push(origin);
  const engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', ...server }],
    pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: origin.port }] }],
  });
  open.push({ close: () => engine.stop() });
  const port = engine.port('web');
  const session = connect(`http://127.0.0.1:${port}`);
  open.push({
    close: () => {
      session.destroy();
      return Promise.resolve();
    },
  });
  return { origin, engine, port, session };
}

interface Answer {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

function get(
  session: ClientHttp2Session,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ...headers });
    const parts: Buffer[] = [];
    let head: Readonly<Record<string, unknown>> = {};
    stream.on('response', (received) => {
      head = received;
    });
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('error', reject);
    stream.on('end', () => {
      resolve({ headers: head, body: Buffer.concat(parts) });
    });
  });
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

const hour = { 'cache-control': 'max-age=3600' };

describe('over HTTP/2', () => {
  it('the cache serves many streams from one request to the member, and HTTP/1.1 from the same entry', async () => {
    const { origin, port, session } = await rig({ cache: {}, http: { http2: true } });
    const body = randomBytes(3_000_000);
    origin.serve('/f', (_request, response) => response.writeHead(200, hour).end(body));
    const answers = await Promise.all(Array.from({ length: 12 }, () => get(session, '/f')));
    expect(new Set(answers.map((each) => digest(each.body)))).toEqual(new Set([digest(body)]));
    const hit = await get(session, '/f', { range: 'bytes=2999990-' });
    expect([hit.headers[':status'], hit.body.equals(body.subarray(2_999_990))]).toEqual([206, true]);
    expect(digest((await ask(port, '/f')).body)).toBe(digest(body));
    expect(origin.heard('/f')).toHaveLength(1);
  });

  it('responses are compressed, from the member and from the cache', async () => {
    const { origin, session } = await rig({ cache: {}, http: { http2: true, compression: ['gzip'] } });
    const text = Buffer.from('some words and some more, '.repeat(40_000));
    const plain = { 'content-type': 'text/plain' };
    origin.serve('/kept', (_request, response) => response.writeHead(200, { ...plain, ...hour }).end(text));
    origin.serve('/own', (_request, response) =>
      response.writeHead(200, { ...plain, 'cache-control': 'private' }).end(text),
    );
    for (const path of ['/kept', '/own', '/kept', '/own']) {
      const answer = await get(session, path, { 'accept-encoding': 'gzip' });
      expect(answer.headers['content-encoding']).toBe('gzip');
      expect(digest(gunzipSync(answer.body))).toBe(digest(text));
    }
    expect(origin.heard('/kept')).toHaveLength(1);
  });

  it.each([
    ['of a member', undefined],
    ['of the cache', {}],
  ])('bandwidth limits hold for responses %s', async (_whose, cache) => {
    const { origin, session } = await rig({
      http: { http2: true },
      bandwidth: { bytesPerSecond: 1_000_000 },
      ...(cache === undefined ? {} : { cache }),
    });
    const body = randomBytes(500_000);
    origin.serve('/f', (_request, response) => response.writeHead(200, hour).end(body));
    const startedAt = performance.now();
    const answers = await Promise.all([0, 1, 2].map(() => get(session, '/f')));
    const tookMs = performance.now() - startedAt;
    expect(new Set(answers.map((each) => digest(each.body)))).toEqual(new Set([digest(body)]));
    // The rate, a burst of a quarter second, one read, and what fits the windows on the way.
    expect(3 * body.length).toBeLessThanOrEqual((1_000_000 * tookMs) / 1000 + 250_000 + 4 * 65_536);
  });
});
