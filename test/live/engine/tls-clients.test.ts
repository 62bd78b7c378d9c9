import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openAuthority, type Authority, type IssuedCertificate } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

type Tls = NonNullable<NonNullable<EngineConfig['virtualServers']>[number]['tls']>;
type Http = NonNullable<NonNullable<EngineConfig['virtualServers']>[number]['http']>;

describe.skipIf(isMissing('openssl', 'curl'))('TLS towards clients', () => {
  let authority: Authority;
  let web: IssuedCertificate;
  let webRsa: IssuedCertificate;
  let wild: IssuedCertificate;
  let member: RawMember;
  let engine: TestEngine;
  let port = 0;

  beforeAll(async () => {
    authority = openAuthority();
    web = authority.issue({ names: ['www.example.com', '127.0.0.1'], file: 'web' });
    webRsa = authority.issue({ names: ['www.example.com'], key: 'rsa', file: 'web-rsa' });
    wild = authority.issue({ names: ['*.apps.example.com'], file: 'wild' });
    member = await startRawMember(answering('x'.repeat(1024)));
    engine = await openEngine(config({ certificates: [web] }));
    port = engine.port('web');
  });

  afterAll(async () => {
    await engine.stop();
    await member.close();
    authority.close();
  });

  function config(tls: Tls, http: Http = {}): EngineConfig {
    return {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', tls, http }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    };
  }

  async function use(tls: Tls, http: Http = {}): Promise<void> {
    engine.write(config(tls, http));
    await engine.reload();
  }

  /** A handshake by this Node's client; throws what fails it. */
  async function shake(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.ca, servername: 'www.example.com', ...options });
    socket.on('error', () => undefined);
    await once(socket, 'secureConnect');
    return socket;
  }

  async function ask(socket: TLSSocket, path = '/'): Promise<string> {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`);
    let text = '';
    for (;;) {
      const [bytes] = (await once(socket, 'data')) as [Buffer];
      text += bytes.toString('latin1');
      if (text.endsWith('x'.repeat(1024))) return text;
    }
  }

  async function curl(...parameters: string[]): Promise<string> {
    const common = ['-sS', '--max-time', '20', '--cacert', authority.caFile];
    const to = ['--connect-to', `::127.0.0.1:${port}`];
    return new Promise((resolve) => {
      execFile('curl', [...common, ...to, ...parameters], { maxBuffer: 16_000_000 }, (error, stdout, stderr) => {
        resolve(error === null ? stdout : stderr);
      });
    });
  }

  async function sClient(...parameters: string[]): Promise<string> {
    return new Promise((resolve) => {
      const child = execFile(
        'openssl',
        ['s_client', '-connect', `127.0.0.1:${port}`, ...parameters],
        (_, stdout, stderr) => {
          resolve(stdout + stderr);
        },
      );
      child.stdin?.end();
    });
  }

  it('serves what curl asks for, over one connection after another, and tells the member that it was https', async () => {
    const before = member.heard.length;
    const urls = ['/a', '/b', '/c'].map((path) => `https://www.example.com${path}`);
    expect(await curl(...urls)).toBe('x'.repeat(3072));
    const heard = member.heard.slice(Math.max(0, before - 1)).join('');
    expect(heard).toContain('GET /c HTTP/1.1');
    expect(heard).toContain('X-Forwarded-Proto: https\r\n');
    const closed = await curl('-H', 'Connection: close', '-i', 'https://www.example.com/close');
    expect(closed).toContain('Connection: close');
    expect(closed).toMatch(/x{1024}$/);
  });

  it('chooses the certificate by name: exact, wildcard for one label, else the first', async () => {
    await use({ certificates: [web, wild] });
    async function subject(servername: string): Promise<string | undefined> {
      const socket = await shake({ servername, rejectUnauthorized: false });
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return String(CN);
    }
    expect(await subject('a.apps.example.com')).toBe('*.apps.example.com');
    expect(await subject('A.Apps.Example.com')).toBe('*.apps.example.com');
    expect(await subject('b.a.apps.example.com')).toBe('www.example.com');
    expect(await subject('www.example.com')).toBe('www.example.com');
    expect(await subject('')).toBe('www.example.com');
    const socket = await shake({ servername: 'a.apps.example.com' });
    expect(await ask(socket)).toContain('200 OK');
    socket.destroy();
  });

  it('refuses a name that it has no certificate for where strictSni is on', async () => {
    await use({ certificates: [web, wild], strictSni: true });
    expect(await sClient('-servername', 'other.example.com')).toContain('unrecognized name');
    expect(await sClient('-noservername')).toContain('unrecognized name');
    const socket = await shake();
    expect(await ask(socket)).toContain('200 OK');
    socket.destroy();
  });

  it('has ECDSA for who can verify it and RSA for who cannot', async () => {
    await use({ certificates: [webRsa, web], maxVersion: '1.2' });
    expect(await sClient('-servername', 'www.example.com')).toContain('ECDHE-ECDSA-');
    expect(await sClient('-servername', 'www.example.com', '-sigalgs', 'RSA-PSS+SHA256')).toContain('ECDHE-RSA-');
    await use({ certificates: [webRsa, web] });
    expect(await sClient('-servername', 'www.example.com')).toMatch(/Server public key is 256 bit/);
    expect(await sClient('-servername', 'www.example.com', '-sigalgs', 'RSA-PSS+SHA256')).toMatch(
      /Server public key is 2048 bit/,
    );
  });

  it('speaks the versions, suites and groups that are written and no others', async () => {
    await use({
      certificates: [web],
      minVersion: '1.3',
      cipherSuites: ['TLS_AES_256_GCM_SHA384'],
      groups: ['secp384r1'],
    });
    await expect(shake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    await expect(shake({ ciphers: 'TLS_AES_128_GCM_SHA256' })).rejects.toThrow(/handshake failure/);
    await expect(shake({ ecdhCurve: 'X25519' })).rejects.toThrow(/handshake failure/);
    const modern = await shake();
    expect(modern.getCipher().name).toBe('TLS_AES_256_GCM_SHA384');
    expect(modern.getEphemeralKeyInfo()).toMatchObject({ name: 'secp384r1' });
    modern.destroy();
    await use({
      certificates: [web],
      minVersion: '1.1',
      maxVersion: '1.2',
      ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-AES128-SHA'],
    });
    await expect(shake({ minVersion: 'TLSv1.3' })).rejects.toThrow(/protocol version/);
    const old = await shake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
    expect([old.getProtocol(), old.getCipher().name]).toEqual(['TLSv1.1', 'ECDHE-ECDSA-AES128-SHA']);
    old.destroy();
  });

  it("speaks what Mozilla's profiles say", async () => {
    await use({ certificates: [web], profile: 'modern' });
    await expect(shake({ maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    const hybrid = await shake({ ecdhCurve: 'X25519MLKEM768' });
    expect(hybrid.getProtocol()).toBe('TLSv1.3');
    hybrid.destroy();
    await use({ certificates: [web], profile: 'intermediate' });
    await expect(shake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' })).rejects.toThrow();
    await expect(shake({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).rejects.toThrow(
      /handshake failure/,
    );
    // The client's order of suites counts.
    const socket = await shake({
      maxVersion: 'TLSv1.2',
      ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    expect(socket.getCipher().name).toBe('ECDHE-ECDSA-CHACHA20-POLY1305');
    socket.destroy();
  });

  it('offers the protocols of alpn', async () => {
    await use({ certificates: [web], alpn: ['http/1.1'] });
    const socket = await shake({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(shake({ ALPNProtocols: ['spdy/3'] })).rejects.toThrow(/no application protocol/);
  });

  it('asks for client certificates where it is told to', async () => {
    const alice = authority.issue({ names: ['alice'], file: 'alice' });
    const bob = authority.issue({ names: ['bob'], file: 'bob' });
    const crlFile = authority.revoke(bob);
    function identity(who: IssuedCertificate): ConnectionOptions {
      return { cert: readFileSync(who.certFile), key: readFileSync(who.keyFile) };
    }
    async function status(options: ConnectionOptions): Promise<string> {
      const socket = await shake(options);
      // With TLS 1.3 the client learns of the refusal after its own part of the handshake.
      const answer = await Promise.race([
        ask(socket).then(
          () => 'served',
          () => 'refused',
        ),
        once(socket, 'close').then(
          () => 'refused',
          () => 'refused',
        ),
      ]);
      socket.destroy();
      return answer;
    }
    await use({ certificates: [web], clientAuth: 'required', caFile: authority.caFile, crlFile });
    expect(await status(identity(alice))).toBe('served');
    expect(await status(identity(bob))).toBe('refused');
    expect(await status({})).toBe('refused');
    await use({ certificates: [web], clientAuth: 'optional', caFile: authority.caFile });
    expect(await status(identity(bob))).toBe('served');
    expect(await status({})).toBe('served');
  });

  it('resumes sessions by ticket unless told not to, and not those of other clients’ rules', async () => {
    await use({ certificates: [web] });
    async function isResumed(session: Buffer): Promise<boolean> {
      const socket = await shake({ session });
      const isReused = socket.isSessionReused();
      socket.destroy();
      return isReused;
    }
    async function newSession(): Promise<Buffer> {
      const socket = await shake();
      const [session] = (await once(socket, 'session')) as [Buffer];
      socket.destroy();
      return session;
    }
    const session = await newSession();
    expect(await isResumed(session)).toBe(true);
    await use({ certificates: [web], hsts: { maxAgeS: 1 } }); // another generation, the same keys
    expect(await isResumed(session)).toBe(true);
    await use({ certificates: [web], clientAuth: 'optional', caFile: authority.caFile });
    expect(await isResumed(session)).toBe(false);
    await use({ certificates: [web], sessionTickets: false });
    expect(await isResumed(session)).toBe(false);
    const refused = await sClient('-tls1_2', '-servername', 'www.example.com');
    expect(refused).not.toContain('TLS session ticket:');
  });

  it('turns its ticket keys as often as it is told', async () => {
    await use({ certificates: [web], ticketRotationMs: 1000 });
    const first = await shake();
    const [session] = (await once(first, 'session')) as [Buffer];
    first.destroy();
    const until = Date.now() + 15_000;
    let isReused = true;
    while (isReused && Date.now() < until) {
      const socket = await shake({ session });
      isReused = socket.isSessionReused();
      socket.destroy();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(isReused).toBe(false);
  });

  it('says by HSTS that only https counts, in place of what the member says, and in its own answers', async () => {
    const own = await startRawMember((socket) => {
      socket.end('HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=1\r\nContent-Length: 0\r\n\r\n');
    });
    const hsts = { maxAgeS: 600, includeSubDomains: true, preload: true };
    engine.write({
      ...config({ certificates: [web], hsts }),
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: own.port }] }],
    });
    await engine.reload();
    const line = 'Strict-Transport-Security: max-age=600; includeSubDomains; preload\r\n';
    expect((await curl('-i', 'https://www.example.com/')).match(/strict-transport-security.*\r\n/gi)).toEqual([line]);
    await own.close();
    const refused = await curl('-i', 'https://www.example.com/');
    expect(refused).toContain('HTTP/1.1 502');
    expect(refused).toContain(line);
  });

  it('sends clear text to https where it is told to', async () => {
    engine.write({
      version: 1,
      virtualServers: [
        { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', tls: { certificates: [web] } },
        { name: 'clear', listen: ['127.0.0.1:0'], pool: 'app', http: { redirectToHttps: true } },
      ],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    });
    await engine.reload();
    const stats = await engine.stats();
    const address = stats.virtualServers.find((each) => each.name === 'clear')?.listen[0] ?? '';
    const clearPort = Number(address.split(':').at(-1));
    const { text } = await speak(
      clearPort,
      'POST /a?b=c HTTP/1.1\r\nHost: www.example.com:8080\r\nContent-Length: 0\r\n\r\n',
      {
        until: '\r\n\r\n',
      },
    );
    expect(text).toMatch(/^HTTP\/1.1 308 /);
    expect(text).toContain('Location: https://www.example.com/a?b=c\r\n');
  });

  it('counts handshakes that fail as drops, and goes on serving', async () => {
    await use({ certificates: [web, wild], strictSni: true });
    const before = (await engine.stats()).virtualServers[0]?.drops['tls-handshake'] ?? 0;
    await speak(port, 'GET / HTTP/1.1\r\n\r\n');
    await expect(shake({ servername: 'nobody.example.com' })).rejects.toThrow();
    await expect(shake({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow();
    const hasty = connectTcp(port, '127.0.0.1');
    await once(hasty, 'connect');
    hasty.destroy();
    await expect.poll(async () => (await engine.stats()).virtualServers[0]?.drops['tls-handshake']).toBe(before + 4);
    const socket = await shake();
    expect(await ask(socket)).toContain('200 OK');
    await expect.poll(async () => (await engine.stats()).virtualServers[0]?.currentConnections).toBe(1);
    socket.destroy();
  });

  it('reads a ClientHello however it was cut, and closes on who never sends one', async () => {
    await use({ certificates: [web, wild] }, { headerTimeoutMs: 300 });
    const silent = await speak(port, '');
    expect(silent.ending).toBe('end');
    const relay = connectTcp(port, '127.0.0.1');
    await once(relay, 'connect');
    const socket = connect({ socket: dripping(relay), ca: authority.ca, servername: 'www.example.com' });
    await once(socket, 'secureConnect');
    expect(await ask(socket)).toContain('200 OK');
    socket.destroy();
  });

  it('says with file, line and column what is wrong with certificates', async () => {
    const other = authority.issue({ names: ['other'], file: 'other' });
    writeFileSync(`${authority.directory}/empty.pem`, 'nothing');
    const cases: [Tls, RegExp][] = [
      [{ certificates: [{ certFile: web.certFile, keyFile: other.keyFile }] }, /does not belong to its key/],
      [{ certificates: [{ certFile: 'absent.pem', keyFile: web.keyFile }] }, /absent.pem" cannot be read.*ENOENT/],
      [
        { certificates: [{ certFile: `${authority.directory}/empty.pem`, keyFile: web.keyFile }] },
        /no CERTIFICATE in PEM/,
      ],
      [{ certificates: [] }, /there is no certificate/],
      [{ certificates: [web], minVersion: '1.4' }, /"1.4" is no version/],
      [{ certificates: [web], minVersion: '1.3', maxVersion: '1.2' }, /above maxVersion/],
      [{ certificates: [web], ciphers: ['NONSENSE'] }, /"NONSENSE" is not one of the ciphers/],
      [{ certificates: [web], groups: ['secp111'] }, /"secp111" is not one of the groups/],
      [{ certificates: [web], profile: 'old' }, /there is no profile "old"/],
      [{ certificates: [web], clientAuth: 'required' }, /without caFile/],
    ];
    for (const [tls, message] of cases) {
      engine.write(config(tls));
      const { status, body } = await engine.admin('POST', '/v1/reload');
      expect(status).toBe(422);
      expect(JSON.stringify(body).replaceAll('\\"', '"')).toMatch(message);
      expect(JSON.stringify(body)).toMatch(/engine.json:\d+:\d+: /);
    }
    engine.write(config({ certificates: [web] }));
    await engine.reload();
  });

  it('warns of an expired certificate by an event and serves it', async () => {
    const expired = authority.issue({ names: ['www.example.com'], days: -1, file: 'expired' });
    await use({ certificates: [expired] });
    await expect
      .poll(() => engine.events.find((each) => each['change'] === 'expired'))
      .toMatchObject({
        event: 'certificate',
        certificate: 'expired.pem',
      });
    await expect(shake()).rejects.toThrow(/expired/);
    await use({ certificates: [web] });
  });

  it('changes a certificate under open connections by PUT, until the file is reloaded', async () => {
    const open = await shake();
    const next = authority.issue({ names: ['www.example.com', '127.0.0.1'], file: 'next' });
    async function serial(): Promise<string> {
      const socket = await shake();
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    }
    const before = await serial();
    const body = { cert: readFileSync(next.certFile, 'utf8'), key: readFileSync(next.keyFile, 'utf8') };
    expect((await engine.admin('PUT', '/v1/certificates/web.pem', body)).status).toBe(200);
    expect(await serial()).not.toBe(before);
    expect(await ask(open)).toContain('200 OK');
    const bad = await engine.admin('PUT', '/v1/certificates/web.pem', {
      ...body,
      key: readFileSync(web.keyFile, 'utf8'),
    });
    expect([bad.status, JSON.stringify(bad.body)]).toEqual([
      422,
      expect.stringContaining('does not belong to its key'),
    ]);
    expect(JSON.stringify(bad.body)).not.toContain('PRIVATE');
    expect((await engine.admin('PUT', '/v1/certificates/none', body)).status).toBe(404);
    await engine.reload();
    expect(await serial()).toBe(before);
    expect(await ask(open)).toContain('200 OK');
    open.destroy();
  });

  it('carries large bodies whole to readers slow and fast', async () => {
    const body = Buffer.alloc(3_000_000, 'steelyard ');
    const large = await startRawMember((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    });
    engine.write({
      ...config({ certificates: [web] }),
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: large.port }] }],
    });
    await engine.reload();
    expect(await curl('https://www.example.com/')).toHaveLength(body.length);
    const socket = await shake();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    let got = Buffer.alloc(0);
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, bytes]);
      if (got.length % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(body)).toBe(true);
    await large.close();
  });
});

/** The same socket, but writing byte for byte. */
function dripping(to: Socket): Socket {
  const write = to.write.bind(to);
  to.write = (bytes: Uint8Array | string, ...rest: unknown[]) => {
    for (const byte of Buffer.from(bytes)) write(Buffer.from([byte]));
    const done = rest.find((each) => typeof each === 'function');
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  return to;
}
