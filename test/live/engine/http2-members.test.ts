import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import {
  connect,
  createSecureServer,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createHttp1Server, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { EngineConfig, EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openAuthority, type Authority } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { freePort } from '../../rigs/free-port.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';

const large = Buffer.alloc(8_000_000, 'steelyard ');

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Of RST_STREAM; 0 = none. */
  readonly reset: number;
}

interface Heard {
  readonly headers: Readonly<Record<string, string>>;
  readonly trailers: Readonly<Record<string, string>>;
  readonly bytes: number;
  readonly hash: string;
}

/** What a test asks of Node's HTTP/2 server, and what it counts. */
class NodeMember {
  readonly server: Http2Server;
  sessions = 0;
  cancelled = 0;
  /** Streams that wait for the test. */
  readonly held: ServerHttp2Stream[] = [];

  constructor(secure?: { key: Buffer | string; cert: Buffer | string }) {
    const settings = { maxConcurrentStreams: 10, enableConnectProtocol: true };
    // Responses that nobody reads wait here: Node resets further streams where they take more than that (MB).
    const options = { settings, maxSessionMemory: 1000 };
    this.server = secure === undefined ? createServer(options) : createSecureServer({ ...secure, ...options });
    this.server.on('session', (session) => {
      this.sessions++;
      session.on('error', () => undefined);
    });
    this.server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => undefined);
      stream.on('aborted', () => this.cancelled++);
      this.#serve(stream, headers);
    });
  }

  async listen(): Promise<number> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return (this.server.address() as AddressInfo).port; // a TCP server has an address and port
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    if (headers[':method'] === 'CONNECT') {
      stream.respond({ ':status': 200 });
      stream.on('data', (bytes: Buffer) => stream.write(Buffer.from(`echo:${bytes.toString()}`)));
      stream.on('end', () => stream.end());
      return;
    }
    if (headers[':path'] === '/hold') {
      this.held.push(stream);
      return;
    }
    const hash = createHash('sha256');
    let bytes = 0;
    let trailers: IncomingHttpHeaders = {};
    stream.on('trailers', (found: IncomingHttpHeaders) => {
      trailers = found;
    });
    stream.on('data', (part: Buffer) => {
      hash.update(part);
      bytes += part.length;
    });
    stream.on('end', () => {
      this.#answer(stream, headers, {
        headers: plain(headers),
        trailers: plain(trailers),
        bytes,
        hash: hash.digest('hex'),
      });
    });
  }

  #answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, heard: Heard): void {
    switch (headers[':path'] ?? '') {
      case '/large':
        stream.respond({ ':status': 200 });
        stream.end(large);
        break;
      case '/cached':
        stream.respond({ ':status': 200, 'cache-control': 'max-age=600', 'content-type': 'text/plain' });
        stream.end('cached '.repeat(1000));
        break;
      case '/none':
        stream.respond({ ':status': 204 }, { endStream: true });
        break;
      case '/unmodified':
        stream.respond({ ':status': 304, etag: '"a"' }, { endStream: true });
        break;
      case '/early':
        stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
        stream.respond({ ':status': 200, 'content-length': 2 });
        stream.end('ok');
        break;
      case '/grpc.Service/Call':
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => {
          stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': `te ${String(headers['te'])}` });
        });
        stream.end('message');
        break;
      case '/grpc.Service/Fails':
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '5' }, { endStream: true });
        break;
      default:
        stream.respond({ ':status': 200, 'set-cookie': ['a=1', 'b=2'] });
        stream.end(JSON.stringify(heard));
    }
  }
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

describe.skipIf(isMissing('openssl', 'nginx', 'haproxy', 'curl'))('HTTP/2 to members', () => {
  let authority: Authority;
  const clear = new NodeMember();
  let secure: NodeMember;
  let old: Server;
  let engine: TestEngine;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    authority = openAuthority();
    const issued = authority.issue({ names: ['app.internal'] });
    secure = new NodeMember({ key: readFileSync(issued.keyFile), cert: readFileSync(issued.certFile) });
    old = createHttp1Server((_, response) => response.end('HTTP/1.1')).listen(0, '127.0.0.1');
    await once(old, 'listening');
    const tls = { verify: true, caFile: authority.caFile, serverName: 'app.internal', sendSni: true };
    engine = await openEngine(
      config({
        clear: { members: [member(await clear.listen())] },
        secure: { members: [member(await secure.listen())], tls },
        old: { members: [member(portOf(old))] },
      }),
    );
    session = connect(`http://127.0.0.1:${engine.port('clear')}`);
    session.on('error', () => undefined);
  }, 60_000);

  afterAll(async () => {
    session.destroy();
    await engine.stop();
    for (const server of [clear.server, secure.server, old]) server.close();
    old.closeAllConnections();
    authority.close();
  });

  function portOf(server: Http2Server | Server): number {
    return (server.address() as AddressInfo).port; // a TCP server has an address and port
  }

  function member(port: number) {
    return { name: `m${port}`, address: '127.0.0.1', port };
  }

  function config(pools: Readonly<Record<string, Partial<EnginePool>>>): EngineConfig {
    return {
      version: 1,
      virtualServers: Object.keys(pools).map((name) => ({
        name,
        listen: ['127.0.0.1:0'],
        pool: name,
        http: { http2: true },
      })),
      pools: Object.entries(pools).map(([name, pool]) => ({ name, http2: true, retry: { attempts: 0 }, ...pool })),
    };
  }

  async function ask(headers: OutgoingHttpHeaders, body?: Buffer, to = session): Promise<Answer> {
    const stream = to.request(headers, { endStream: body === undefined });
    const parts: Buffer[] = [];
    let found: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on('error', () => undefined);
    stream.on('response', (given) => {
      found = given;
    });
    stream.on('trailers', (given: IncomingHttpHeaders) => {
      trailers = given;
    });
    stream.on('data', (bytes: Buffer) => parts.push(bytes));
    if (body !== undefined) stream.end(body);
    await once(stream, 'close');
    return {
      status: Number(found[':status']),
      headers: found,
      trailers,
      body: Buffer.concat(parts),
      reset: stream.rstCode,
    };
  }

  /** By HTTP/1.1, on a connection of its own. */
  async function ask1(server: string, path: string, options: { method?: string; body?: string } = {}) {
    const outgoing = request({ port: engine.port(server), path, method: options.method ?? 'GET', agent: false });
    outgoing.end(options.body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]; // what Node's types call unknown
    const parts: Buffer[] = [];
    for await (const bytes of response) parts.push(bytes as Buffer);
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString('latin1') };
  }

  function heardBy(body: Buffer | string): Heard {
    return JSON.parse(body.toString()) as Heard; // what the member above writes
  }

  async function memberStats(pool: string) {
    const { pools } = await engine.stats();
    const [first] = pools.find(({ name }) => name === pool)?.members ?? [];
    if (first === undefined) throw new Error(`no member in ${pool}`);
    return first;
  }

  it('asks by prior knowledge, and says who the client is as it does in HTTP/1.1', async () => {
    const { status, body, headers } = await ask1('clear', '/a?b=c', { method: 'POST', body: 'hello' });
    expect([status, headers['set-cookie']]).toEqual([200, ['a=1', 'b=2']]);
    const heard = heardBy(body);
    expect(heard).toMatchObject({ bytes: 5, hash: createHash('sha256').update('hello').digest('hex') });
    expect(heard.headers).toMatchObject({
      ':method': 'POST',
      ':scheme': 'http',
      ':path': '/a?b=c',
      ':authority': `localhost:${engine.port('clear')}`,
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    });
    for (const name of ['connection', 'transfer-encoding', 'host', 'upgrade']) {
      expect(heard.headers).not.toHaveProperty(name);
    }
  });

  it('asks by ALPN under TLS', async () => {
    const { status, body } = await ask1('secure', '/tls');
    expect(status).toBe(200);
    expect(heardBy(body).headers).toMatchObject({ ':scheme': 'https', ':path': '/tls' });
  });

  it('carries the requests of many clients on one connection, and opens a further one when that is full', async () => {
    const before = clear.sessions;
    const twenty = Array.from({ length: 20 }, () => ask({ ':path': '/hold' }));
    await vi.waitFor(() => { expect(clear.held).toHaveLength(20); }, { timeout: 20_000 }); // prettier-ignore
    expect(clear.sessions - before).toBe(1); // ten on the one that was there, ten on this
    for (const stream of clear.held.splice(0)) {
      stream.respond({ ':status': 200 });
      stream.end('held');
    }
    expect((await Promise.all(twenty)).map(({ status, body }) => `${status} ${body.toString()}`)).toEqual(
      Array.from({ length: 20 }, () => '200 held'),
    );
    const { currentConnections, totalConnections, requests } = await memberStats('clear');
    expect({ currentConnections, totalConnections }).toEqual({
      currentConnections: 0,
      totalConnections: clear.sessions,
    });
    expect(requests).toBeGreaterThan(20);
  });

  it('hands bodies on whole, both ways and to both kinds of clients', async () => {
    const hash = createHash('sha256').update(large).digest('hex');
    const up = heardBy((await ask({ ':method': 'POST', ':path': '/up' }, large)).body);
    expect(up).toMatchObject({ bytes: large.length, hash });
    const [byHttp2, byHttp1] = await Promise.all([ask({ ':path': '/large' }), ask1('clear', '/large')]);
    expect(byHttp2.body.equals(large)).toBe(true);
    expect(byHttp1.body === large.toString('latin1')).toBe(true);
  });

  it('lets a client that does not read hold up no other', async () => {
    const slow = connect(`http://127.0.0.1:${engine.port('clear')}`);
    slow.on('error', () => undefined);
    const stopped = Array.from({ length: 8 }, () => {
      const stream = slow.request({ ':path': '/large' });
      stream.on('error', () => undefined);
      stream.pause();
      return stream;
    });
    await Promise.all(stopped.map((stream) => once(stream, 'response')));
    expect((await ask({ ':path': '/large' })).body.equals(large)).toBe(true);
    slow.destroy();
  });

  it('carries gRPC with its trailers from end to end', async () => {
    const call = await ask({ ':method': 'POST', ':path': '/grpc.Service/Call', te: 'trailers' }, Buffer.from('q'));
    expect(call).toMatchObject({ status: 200, trailers: { 'grpc-status': '0', 'grpc-message': 'te trailers' } });
    expect(call.body.toString()).toBe('message');
    const failed = await ask({ ':method': 'POST', ':path': '/grpc.Service/Fails', te: 'trailers' }, Buffer.from('q'));
    expect(failed).toMatchObject({ status: 200, headers: { 'grpc-status': '5' }, reset: 0 });
  });

  it('hands on the trailers of a request', async () => {
    const stream = session.request({ ':method': 'POST', ':path': '/echo' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => { stream.sendTrailers({ 'x-checksum': 'abc' }); }); // prettier-ignore
    const parts: Buffer[] = [];
    stream.on('data', (bytes: Buffer) => parts.push(bytes));
    stream.end('body');
    await once(stream, 'close');
    expect(heardBy(Buffer.concat(parts))).toMatchObject({ bytes: 4, trailers: { 'x-checksum': 'abc' } });
  });

  it('knows responses without bodies, and interim ones', async () => {
    expect(await ask({ ':path': '/none' })).toMatchObject({ status: 204, reset: 0 });
    expect(await ask({ ':path': '/unmodified' })).toMatchObject({ status: 304, headers: { etag: '"a"' }, reset: 0 });
    const head = await ask1('clear', '/large', { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    const stream = session.request({ ':path': '/early' });
    const [early] = (await once(stream, 'headers')) as [IncomingHttpHeaders];
    expect(early).toMatchObject({ ':status': 103, link: '</a.css>; rel=preload' });
    stream.resume();
    await once(stream, 'close');
  });

  it("tells the member that the client has cancelled, and leaves the others' streams alone", async () => {
    const before = clear.cancelled;
    const kept = ask({ ':path': '/hold' });
    const cut = session.request({ ':path': '/hold' });
    cut.on('error', () => undefined);
    await vi.waitFor(() => { expect(clear.held).toHaveLength(2); }, { timeout: 20_000 }); // prettier-ignore
    cut.close(8);
    await vi.waitFor(() => { expect(clear.cancelled).toBe(before + 1); }, { timeout: 20_000 }); // prettier-ignore
    for (const stream of clear.held.splice(0)) {
      if (stream.destroyed) continue;
      stream.respond({ ':status': 200 });
      stream.end('kept');
    }
    expect((await kept).body.toString()).toBe('kept');
  });

  it('opens a WebSocket by extended CONNECT', async () => {
    const outgoing = request({
      port: engine.port('clear'),
      path: '/chat',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    outgoing.end();
    const [response, socket] = (await once(outgoing, 'upgrade')) as [IncomingMessage, NodeJS.ReadWriteStream];
    // RFC 6455 1.3 gives this answer to that key.
    expect(response.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    let said = '';
    socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
    socket.write('frame');
    await vi.waitFor(() => { expect(said).toBe('echo:frame'); }, { timeout: 20_000 }); // prettier-ignore
    socket.end();
    await once(socket, 'close');
  });

  describe('with all that stands before a pool', () => {
    let directory: string;
    let full: TestEngine;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'steelyard-h2-all-'));
      const { virtualServers, ...rest } = config({
        all: { members: [member(portOf(clear.server))] },
        held: { members: [member(portOf(clear.server))], persistence: { method: 'cookie-insert', cookieName: 'SRV' } },
      });
      full = await openEngine({
        ...rest,
        virtualServers: (virtualServers ?? []).map((server) => ({
          ...server,
          ...(server.name === 'all' ? { cache: { maxBytes: 10_000_000 } } : {}),
          http: { http2: true, compression: ['gzip'] },
          bandwidth: { perConnectionBytesPerSecond: 40_000_000 },
        })),
        log: { access: 'json', file: join(directory, 'access.log') },
      });
    }, 60_000);

    afterAll(async () => {
      await full.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    it('caches, compresses, holds, limits and logs as in front of HTTP/1.1', async () => {
      const url = `http://127.0.0.1:${full.port('all')}`;
      const texts: string[] = [];
      for (let turn = 0; turn < 2; turn++) {
        const response = await fetch(`${url}/cached`, { headers: { 'accept-encoding': 'gzip' } });
        expect(response.headers.get('content-encoding')).toBe('gzip');
        texts.push(await response.text());
      }
      expect(texts).toEqual(['cached '.repeat(1000), 'cached '.repeat(1000)]);
      const held = await fetch(`http://127.0.0.1:${full.port('held')}/held`);
      expect(held.headers.getSetCookie().join()).toContain(`SRV=m${portOf(clear.server)}`);
      expect((await held.text()).length).toBeGreaterThan(0);
      const limited = await fetch(`${url}/large`);
      expect(Buffer.from(await limited.arrayBuffer()).equals(large)).toBe(true);
      const { pools, virtualServers } = await full.stats();
      expect(pools[0]?.members[0]).toMatchObject({ requests: 2, totalConnections: 1, currentConnections: 0 });
      expect(virtualServers[0]?.cache?.hits).toBe(1);
      await vi.waitFor(
        () => {
          const lines = readFileSync(join(directory, 'access.log'), 'utf8').trim().split('\n');
          expect(lines.map((line) => (JSON.parse(line) as { status: number }).status)).toEqual([200, 200, 200, 200]); // what the engine logs
        },
        { timeout: 20_000 },
      );
    });
  });

  it('answers 502 where a member does not speak HTTP/2, and an event says why', async () => {
    expect(await ask1('old', '/')).toMatchObject({ status: 502 });
    await vi.waitFor(
      () => {
        expect(engine.events).toContainEqual(
          expect.objectContaining({
            event: 'member',
            pool: 'old',
            change: 'http2-failed',
            reason: 'what it answers is not HTTP/2',
          }),
        );
      },
      { timeout: 20_000 },
    );
    expect((await memberStats('old')).errors['connect-error']).toBe(1);
  });

  describe('of real servers', () => {
    const often = { intervalMs: 200, timeoutMs: 10_000, rise: 1, fall: 1 };
    let directory: string;
    const children: { readonly process: ChildProcess; readonly ended: Promise<unknown> }[] = [];
    let ports: readonly number[] = [];
    let real: TestEngine;

    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'steelyard-h2-members-'));
      ports = await Promise.all([freePort(), freePort()]);
      const [nginx = 0, haproxy = 0] = ports;
      writeFileSync(join(directory, 'body'), large);
      writeFileSync(
        join(directory, 'nginx.conf'),
        `daemon off; master_process off; user root; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http { access_log off; client_max_body_size 0; client_body_temp_path ${directory}/a; proxy_temp_path ${directory}/b; fastcgi_temp_path ${directory}/c; uwsgi_temp_path ${directory}/d; scgi_temp_path ${directory}/e;
 server { listen 127.0.0.1:${nginx} http2; root ${directory}; location = /say { return 200 "$server_protocol $host $http_x_forwarded_for"; } } }
`,
      );
      writeFileSync(
        join(directory, 'haproxy.cfg'),
        `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend f
  bind 127.0.0.1:${haproxy} proto h2
  http-request return status 200 content-type text/plain lf-string "HTTP/%[req.ver] %[req.hdr(host)] %[req.hdr(x-forwarded-for)]"
`,
      );
      start('nginx', ['-c', join(directory, 'nginx.conf'), '-e', join(directory, 'error.log')]);
      start('haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')]);
      real = await openEngine({
        ...config({
          // In clear text this port of NGINX takes nothing but HTTP/2.
          nginx: { members: [member(nginx)], monitors: ['http', 'grpc-gone'], monitorsRequired: 1 },
          haproxy: { members: [member(haproxy)] },
          secure: { members: [member(portOf(secure.server))], monitors: ['https'], tls: { verify: false } },
          // An HTTP/1.1 server that is taken for one of HTTP/2.
          old: { members: [member(portOf(old))], monitors: ['http'] },
        }),
        monitors: [
          { name: 'http', type: 'http', path: '/say', expectBody: 'HTTP/2.0 app', host: 'app', ...often },
          { name: 'https', type: 'https', path: '/', expectBody: '":path":"/"', tls: { verify: false }, ...often },
          { name: 'grpc-gone', type: 'grpc', ...often },
        ],
      });
    }, 60_000);

    afterAll(async () => {
      await real.stop();
      for (const { process: child } of children) child.kill('SIGTERM');
      await Promise.all(children.map(({ ended }) => ended));
      rmSync(directory, { recursive: true, force: true });
    });

    function start(program: string, parameters: readonly string[]): void {
      const child = spawn(findProgram(program) ?? program, parameters, { stdio: 'ignore' });
      children.push({ process: child, ended: once(child, 'exit') });
    }

    async function get(server: string, path: string): Promise<string> {
      const response = await fetch(`http://127.0.0.1:${real.port(server)}${path}`);
      return `${response.status} ${await response.text()}`;
    }

    it.each(['nginx', 'haproxy'])('asks %s', async (name) => {
      await vi.waitFor(
        async () => {
          expect(await get(name, '/say')).toMatch(/^200 HTTP\/2(\.0)? 127\.0\.0\.1(:\d+)? 127\.0\.0\.1$/);
        },
        { timeout: 20_000, interval: 100 },
      );
    });

    it('checks them in HTTP/2 too', async () => {
      await vi.waitFor(
        async () => {
          const { pools } = await real.stats();
          const health = Object.fromEntries(pools.map(({ name, members }) => [name, members[0]?.health]));
          expect(health).toEqual({ nginx: 'up', haproxy: 'unmonitored', secure: 'up', old: 'down' });
        },
        { timeout: 30_000, interval: 100 },
      );
    });

    it("takes NGINX's large responses", async () => {
      const bodies = await Promise.all(
        Array.from({ length: 5 }, async () => {
          const response = await fetch(`http://127.0.0.1:${real.port('nginx')}/body`);
          return Buffer.from(await response.arrayBuffer()).equals(large);
        }),
      );
      expect(bodies).toEqual([true, true, true, true, true]);
      const { pools } = await real.stats();
      expect(pools.find(({ name }) => name === 'nginx')?.members[0]?.totalConnections).toBeLessThan(4);
    });
  });
});
