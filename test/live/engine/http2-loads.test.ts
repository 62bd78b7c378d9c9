import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientPreface } from '../../../src-main/engine/http2/frames.ts';
import { openAuthority, type Authority } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { fields, frame, settings } from '../../rigs/raw-http2.ts';

const body = randomBytes(8_000_000);
const digest = createHash('sha256').update(body).digest('hex');

describe.skipIf(isMissing('openssl'))('HTTP/2 under load', () => {
  let authority: Authority;
  let member: Server;
  let engine: TestEngine;
  const sessions: ClientHttp2Session[] = [];

  beforeAll(async () => {
    authority = openAuthority();
    member = createServer((request, response) => {
      request.on('error', () => undefined);
      const hash = createHash('sha256');
      request.on('data', (bytes: Buffer) => hash.update(bytes));
      request.on('end', () => {
        if (request.url === '/chunked')
          for (let at = 0; at < body.length; at += 70_001) response.write(body.subarray(at, at + 70_001));
        response.end(request.method === 'GET' ? (request.url === '/chunked' ? '' : body) : hash.digest('hex'));
      });
    }).listen(0, '127.0.0.1');
    await once(member, 'listening');
    const { port } = member.address() as AddressInfo; // a TCP server has an address and port
    engine = await openEngine({
      version: 1,
      virtualServers: [
        {
          name: 'tls',
          listen: ['127.0.0.1:0'],
          pool: 'app',
          tls: { certificates: [authority.issue({ names: ['a.example'] })] },
          http: { http2: true },
        },
        { name: 'clear', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: true } },
      ],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port }] }],
    });
  });

  afterEach(() => {
    for (const session of sessions.splice(0)) session.destroy();
  });

  afterAll(async () => {
    await engine.stop();
    member.closeAllConnections();
    member.close();
    authority.close();
  });

  /** `window` is what streams and connection may bring ahead. */
  async function open(kind: 'tls' | 'clear', window: number): Promise<{ session: ClientHttp2Session; socket: Socket }> {
    const port = engine.port(kind);
    const socket =
      kind === 'clear'
        ? connectTcp(port, '127.0.0.1')
        : connectTls({ port, host: '127.0.0.1', ca: authority.ca, servername: 'a.example', ALPNProtocols: ['h2'] });
    const session = connect('http://a.example', {
      createConnection: () => socket,
      settings: { initialWindowSize: window },
    });
    sessions.push(session);
    session.on('error', () => undefined);
    await once(session, 'remoteSettings');
    session.setLocalWindowSize(window);
    return { session, socket };
  }

  async function download(session: ClientHttp2Session, path: string): Promise<string> {
    const hash = createHash('sha256');
    const stream = session.request({ ':path': path });
    stream.on('data', (bytes: Buffer) => hash.update(bytes));
    await once(stream, 'end');
    return hash.digest('hex');
  }

  it.each([
    ['tls', 65_535],
    ['tls', 1_000_000_000],
    ['clear', 65_535],
    ['clear', 1_000_000_000],
  ] as const)(
    'bodies come whole on many streams to a client that stops and goes (%s, windows of %d)',
    async (kind, window) => {
      const { session, socket } = await open(kind, window);
      let reads = 0;
      // It is the connection that stops: windows alone hold nobody back where they are wide.
      const timer = setInterval(() => {
        if (reads++ % 2 === 0) socket.pause();
        else socket.resume();
      }, 3);
      const paths = ['/', '/chunked', '/', '/chunked', '/'];
      const digests = await Promise.all(paths.map((path) => download(session, path)));
      clearInterval(timer);
      socket.resume();
      expect(digests).toEqual(paths.map(() => digest));
    },
  );

  it.each(['tls', 'clear'] as const)('bodies go whole on many streams at once (%s)', async (kind) => {
    const { session } = await open(kind, 65_535);
    const answers = await Promise.all(
      [undefined, String(body.length), undefined].map(async (length) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/up',
          ...(length === undefined ? {} : { 'content-length': length }),
        });
        stream.setEncoding('latin1');
        stream.end(body);
        let said = '';
        stream.on('data', (part: string) => (said += part));
        await once(stream, 'end');
        return said;
      }),
    );
    expect(answers).toEqual([digest, digest, digest]);
  });

  it('no bytes that a client can send end the worker', async () => {
    const get = fields([':method', 'GET'], [':scheme', 'http'], [':path', '/'], [':authority', 'x']);
    const post = fields([':method', 'POST'], [':scheme', 'http'], [':path', '/up'], [':authority', 'x']);
    const anyFrame = fc
      .tuple(
        fc.integer({ min: 0, max: 11 }),
        fc.constantFrom(0, 1, 4, 5, 8, 12, 13, 0x24, 0x25, 0x2d, 255),
        fc.constantFrom(0, 1, 1, 1, 3, 3, 5, 2, 7),
        fc.oneof(
          fc.constantFrom(
            get,
            post,
            Buffer.alloc(4),
            Buffer.alloc(8),
            Buffer.from([0, 0, 1, 0]),
            settings(4, 0).subarray(9),
            settings(4, 1, 1, 0).subarray(9),
          ),
          fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
        ),
      )
      .map((parts) => frame(...parts));
    const before = (await engine.stats()).workers;
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { minLength: 1, maxLength: 12 }), async (frames) => {
        const socket = connectTcp(engine.port('clear'), '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        socket.end(Buffer.concat([clientPreface, settings(), ...frames]));
        await new Promise((resolve) => socket.on('close', resolve));
      }),
      { numRuns: 400 },
    );
    expect((await engine.stats()).workers).toEqual(before);
    expect(engine.events.filter((event) => event['event'] === 'worker' && event['change'] !== 'started')).toEqual([]);
    expect(await download((await open('clear', 65_535)).session, '/')).toBe(digest);
  });
});
