import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { eventually, openClient } from '../../rigs/tcp.ts';

const close: (() => unknown)[] = [];
const ports: Record<string, number> = {};
let engine: TestEngine | undefined;

describe.skipIf(isMissing('openssl'))('tls-passthrough', () => {
  let material = { key: Buffer.alloc(0), cert: Buffer.alloc(0) };

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-sni-'));
    const [keyFile, certFile] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-subj', '/CN=test', '-keyout', keyFile, '-out', certFile],
    ]);
    material = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
    for (const name of ['exact', 'wild', 'other']) {
      const server = createTlsServer({ ...material, allowHalfOpen: true }, (socket) => {
        socket.on('error', () => socket.destroy());
        socket.end(name);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      ports[name] = address !== null && typeof address === 'object' ? address.port : 0;
      close.push(() => server.close());
    }
    close.push(() => {
      rmSync(directory, { recursive: true, force: true });
    });
  });

  afterEach(async () => {
    await engine?.stop();
    engine = undefined;
  });

  afterAll(() => {
    for (const each of close) each();
  });

  async function start(hasDefault = true, log?: EngineConfig['log']): Promise<TestEngine> {
    engine = await openEngine({
      version: 1,
      virtualServers: [
        {
          name: 'sni',
          listen: ['127.0.0.1:0'],
          protocol: 'tls-passthrough',
          pool: hasDefault ? 'other' : 'none',
          tcp: { helloTimeoutMs: 200 },
          routes: [
            { sni: 'a.example.com', pool: 'exact' },
            { sni: '*.example.com', pool: 'wild' },
          ],
        },
      ],
      pools: [
        ...['exact', 'wild', 'other'].map((name) => ({
          name,
          members: [{ name, address: '127.0.0.1', port: ports[name] ?? 1 }],
        })),
        { name: 'none', members: [] },
      ],
      ...(log === undefined ? {} : { log }),
    });
    return engine;
  }

  /** What the TLS server behind says, over a handshake with this name. */
  function ask(port: number, servername: string | undefined): Promise<string> {
    return new Promise((resolve) => {
      let text = '';
      const socket: TLSSocket = connectTls({
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false, // who answers is told by what it says
        ...(servername === undefined ? {} : { servername }),
      });
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      socket.on('end', () => {
        resolve(text);
      });
      socket.on('error', () => {
        resolve(text);
      });
    });
  }

  it('finds the pool by the name that the client asks for, exactly or below a star', async () => {
    const port = (await start()).port('sni');
    const asked = [
      'a.example.com',
      'A.Example.COM',
      'b.example.com',
      'x.y.example.com',
      'example.com',
      'z.org',
      undefined,
    ];
    const said = [];
    for (const name of asked) said.push(await ask(port, name));
    expect(said).toEqual(['exact', 'exact', 'wild', 'wild', 'other', 'other', 'other']);
  });

  it('closes what is not TLS, and what does not come in time, before any member hears of it', async () => {
    const started = await start();
    const plain = openClient(started.port('sni'));
    plain.socket.write('GET / HTTP/1.1\r\n\r\n');
    await plain.ending;
    const slow = openClient(started.port('sni'));
    slow.socket.write(Buffer.from([22, 3]));
    await slow.ending;
    const stats = await started.stats();
    expect(stats.virtualServers[0]?.drops).toMatchObject({ 'bad-request': 1, 'header-timeout': 1 });
    expect(stats.pools.map((pool) => pool.totalConnections)).toEqual([0, 0, 0, 0]);
  });

  it('closes the connection where no route fits and the default pool is empty', async () => {
    const started = await start(false);
    expect(await ask(started.port('sni'), 'z.org')).toBe('');
    expect(await ask(started.port('sni'), 'a.example.com')).toBe('exact');
  });

  it('writes the name that was asked for to the access log, and why a connection came to no member', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'steelyard-log-'));
    const file = join(directory, 'access.log');
    function lines(): Record<string, unknown>[] {
      const text = readFileSync(file, 'utf8').trim();
      // Each line is an object.
      return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
    }
    const started = await start(true, { access: 'json', file });
    const port = started.port('sni');
    await ask(port, 'B.example.com');
    await eventually('its line', () => lines().length === 1);
    const plain = openClient(port);
    plain.socket.write('GET / HTTP/1.1\r\n\r\n');
    await plain.ending;
    await eventually('the second line', () => lines().length === 2);
    const silent = openClient(port);
    await silent.ending;
    await eventually('the third line', () => lines().length === 3);
    const [server] = (await started.stats()).virtualServers;
    const common = { protocol: 'tls-passthrough', virtualServer: 'sni', client: '127.0.0.1' };
    const bytes = { bytesIn: server?.bytesIn, bytesOut: server?.bytesOut };
    expect(lines()[0]).toMatchObject({ ...common, ...bytes, sni: 'b.example.com', pool: 'wild', member: 'wild' });
    expect(lines()[1]).toMatchObject({ ...common, cause: 'bad-request', bytesIn: 0, bytesOut: 0 });
    expect(lines()[2]).toMatchObject({ ...common, cause: 'header-timeout' });
    for (const line of lines().slice(1)) expect(Object.keys(line)).not.toContain('sni');
    rmSync(directory, { recursive: true, force: true });
  });

  /** A member that keeps TLS 1.2 sessions by their ids. Answers its port. */
  async function sessionMember(): Promise<number> {
    const sessions = new Map<string, Buffer>();
    const server = createTlsServer(
      { ...material, maxVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_TICKET },
      (socket) => {
        socket.on('error', () => socket.destroy());
        socket.end();
      },
    );
    server.on('newSession', (id: Buffer, data: Buffer, done: () => void) => {
      sessions.set(id.toString('hex'), data);
      done();
    });
    server.on('resumeSession', (id: Buffer, done: (error: null, data: Buffer | null) => void) => {
      done(null, sessions.get(id.toString('hex')) ?? null);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close.push(() => server.close());
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Connects, with an earlier session or none; tells whether that was resumed. */
  function shake(port: number, session?: Buffer): Promise<{ isReused: boolean; session: Buffer | undefined }> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({
        ...{ port, host: '127.0.0.1', rejectUnauthorized: false }, // who answers is told by what it resumes
        ...(session === undefined ? {} : { session }),
      });
      socket.on('error', reject);
      socket.resume().on('end', () => {
        resolve({ isReused: socket.isSessionReused(), session: socket.getSession() });
      });
    });
  }

  it.each([1, 2])(
    'holds a client on the member that knows its session, by tls-session-id, with %i workers',
    async (workers) => {
      const members = [await sessionMember(), await sessionMember(), await sessionMember()];
      engine = await openEngine(
        {
          version: 1,
          virtualServers: [{ name: 'sni', listen: ['127.0.0.1:0'], protocol: 'tls-passthrough', pool: 'p' }],
          pools: [
            {
              name: 'p',
              members: members.map((port, at) => ({ name: `m${at}`, address: '127.0.0.1', port })),
              persistence: { method: 'tls-session-id' },
            },
          ],
        },
        workers,
      );
      const port = engine.port('sni');
      const first = await Promise.all(members.map(() => shake(port)));
      const resumed = [];
      // Without being held a client would meet another member each time, which does not know its session.
      for (const { session } of first) {
        for (let turn = 0; turn < 4; turn++) resumed.push((await shake(port, session)).isReused);
      }
      expect(resumed).toEqual(Array(12).fill(true));
      expect(first.map(({ isReused }) => isReused)).toEqual([false, false, false]);
    },
  );
});
