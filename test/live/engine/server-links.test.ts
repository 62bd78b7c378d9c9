import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig, EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openAuthority, type Authority, type IssuedCertificate } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { speak } from '../../rigs/raw-http.ts';
import { eventually, greetAndEcho, startTcpMember } from '../../rigs/tcp.ts';
import { openUdpPeer } from '../../rigs/udp.ts';

const open: { close: () => unknown }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function engine(config: EngineConfig): Promise<TestEngine> {
  const started = await openEngine(config);
  open.push({ close: () => started.stop() });
  return started;
}

/** Answers with its name, keeps connections, remembers where each came from (`address:port`). */
async function member(name: string): Promise<{ readonly port: number; readonly from: string[] }> {
  const from: string[] = [];
  const server: Server = createServer((request, response) => {
    from.push(`${request.socket.remoteAddress ?? ''}:${request.socket.remotePort ?? 0}`);
    response.setHeader('Cache-Control', 'max-age=60');
    response.end(name);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return { port: (server.address() as AddressInfo).port, from }; // a TCP server has an address and port
}

function pool(name: string, port: number, adminState: 'enabled' | 'disabled' = 'enabled') {
  return { name, members: [{ name: `${name}1`, address: '127.0.0.1', port, adminState }] };
}

function server(name: string, more: Partial<EngineVirtualServer>): EngineVirtualServer {
  return { name, listen: ['127.0.0.1:0'], ...more };
}

async function get(port: number, path = '/'): Promise<string> {
  const { text } = await speak(port, `GET ${path} HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n`);
  return `${text.split(' ')[1] ?? ''} ${text.split('\r\n\r\n')[1] ?? ''}`;
}

describe.skipIf(isMissing('openssl'))('routes by the name of the handshake', () => {
  let authority: Authority;
  let certificate: IssuedCertificate;

  beforeAll(() => {
    authority = openAuthority();
    certificate = authority.issue({ names: ['*.example.com'] });
  });

  afterAll(() => {
    authority.close();
  });

  async function byName(more: Partial<EngineVirtualServer> = {}): Promise<number> {
    const [www, api] = [await member('www'), await member('api')];
    const started = await engine({
      version: 1,
      virtualServers: [
        server('web', {
          pool: 'www',
          routes: [{ sni: 'api.example.com', pool: 'api' }],
          tls: { certificates: [certificate] },
          http: { http2: true },
          ...more,
        }),
      ],
      pools: [pool('www', www.port), pool('api', api.port)],
    });
    return started.port('web');
  }

  /** By HTTP/1.1 with this name in the handshake, and another in the request. */
  async function ask(port: number, servername: string, before = ''): Promise<string> {
    const raw = connectTcp(port, '127.0.0.1');
    raw.write(before);
    const socket = connectTls({ socket: raw, servername, ca: authority.ca });
    socket.write('GET / HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n');
    let text = '';
    socket.setEncoding('latin1').on('data', (part: string) => (text += part));
    await once(socket, 'end');
    socket.destroy();
    return text.split('\r\n\r\n')[1] ?? '';
  }

  it('look at the ClientHello, not at the Host', async () => {
    const port = await byName();
    expect([await ask(port, 'api.example.com'), await ask(port, 'www.example.com')]).toEqual(['api', 'www']);
  });

  it('hold for every stream of HTTP/2', async () => {
    const port = await byName();
    for (const name of ['api', 'www']) {
      const session = connectHttp2('https://127.0.0.1', {
        createConnection: () =>
          connectTls({
            port,
            host: '127.0.0.1',
            servername: `${name}.example.com`,
            ca: authority.ca,
            ALPNProtocols: ['h2'],
          }),
      });
      for (let turn = 0; turn < 2; turn++) {
        const stream = session.request({ ':path': '/', ':authority': 'other.example.com' });
        let text = '';
        stream.setEncoding('latin1').on('data', (part: string) => (text += part));
        await once(stream, 'end');
        expect(text).toBe(name);
      }
      session.close();
    }
  });

  it('hold behind a PROXY header', async () => {
    const port = await byName({ proxyProtocol: 'v1' });
    const before = 'PROXY TCP4 10.0.0.1 10.0.0.2 1000 443\r\n';
    expect([await ask(port, 'api.example.com', before), await ask(port, 'www.example.com', before)]).toEqual([
      'api',
      'www',
    ]);
  });
});

describe('a backup virtual server', () => {
  it('serves by its own routes where no member is left, and no longer than that', async () => {
    const [main, images, rest] = [await member('main'), await member('images'), await member('rest')];
    function config(adminState: 'enabled' | 'disabled'): EngineConfig {
      return {
        version: 1,
        virtualServers: [
          server('web', { pool: 'main', backupVirtualServer: 'spare' }),
          server('spare', { pool: 'rest', routes: [{ pathPrefix: '/images/', pool: 'images' }] }),
        ],
        pools: [pool('main', main.port, adminState), pool('rest', rest.port), pool('images', images.port)],
      };
    }
    const started = await engine(config('disabled'));
    const port = started.port('web');
    expect([await get(port), await get(port, '/images/a')]).toEqual(['200 rest', '200 images']);
    expect((await started.stats()).virtualServers.map(({ requests }) => requests)).toEqual([2, 0]);
    started.write(config('enabled'));
    await started.reload();
    expect(await get(port)).toBe('200 main');
  });

  it('answers itself where it has no pool, passes over one that is disabled, and works behind a cache', async () => {
    const main = await member('main');
    const started = await engine({
      version: 1,
      virtualServers: [
        server('web', { pool: 'main', backupVirtualServer: 'off', cache: {} }),
        server('off', { pool: 'main', backupVirtualServer: 'sorry', adminState: 'disabled' }),
        server('sorry', { fixedResponse: { status: 503, body: 'sorry' } }),
      ],
      pools: [pool('main', main.port, 'disabled')],
    });
    expect(await get(started.port('web'))).toBe('503 sorry');
  });

  it('takes connections and datagrams as well', async () => {
    const echo = await startTcpMember(greetAndEcho('spare'));
    open.push(echo);
    const peer = await openUdpPeer('127.0.0.1', (text) => `spare:${text}`);
    open.push(peer);
    const started = await engine({
      version: 1,
      virtualServers: [
        server('t', { protocol: 'tcp', pool: 'none', backupVirtualServer: 't2' }),
        server('t2', { protocol: 'tcp', pool: 'echo' }),
        server('u', { protocol: 'udp', pool: 'none', backupVirtualServer: 'u2' }),
        server('u2', { protocol: 'udp', pool: 'peer' }),
      ],
      pools: [{ name: 'none' }, pool('echo', echo.port), pool('peer', peer.port)],
    });
    expect((await speak(started.port('t'), 'hello', { until: 'hello' })).text).toBe('spare\nhello');
    const client = await openUdpPeer();
    open.push(client);
    client.socket.send('x', started.port('u'), '127.0.0.1');
    await eventually('an answer', () => client.heard[0]?.text === 'spare:x');
  });
});

describe('source NAT of a virtual server', () => {
  it('is the address that members see, of connections that no other client shares', async () => {
    const app = await member('app');
    const started = await engine({
      version: 1,
      virtualServers: [
        server('web', { pool: 'app', sourceNat: '127.0.0.7' }),
        server('plain', { pool: 'app', sourceNat: 'automap' }),
      ],
      pools: [pool('app', app.port)],
    });
    const twice = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    const { text } = await speak(started.port('web'), twice.repeat(2), { until: /app[^]*app/ });
    expect(text.match(/200 OK/g)).toHaveLength(2);
    await get(started.port('web'));
    await get(started.port('plain'));
    await get(started.port('web'));
    const places = app.from.map((each) => each.split(':')[0]);
    expect(places).toEqual(['127.0.0.7', '127.0.0.7', '127.0.0.7', '127.0.0.1', '127.0.0.7']);
    expect(app.from[0]).toBe(app.from[1]);
    expect(new Set(app.from).size).toBe(4);
  });
});
