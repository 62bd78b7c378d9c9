import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { sendRequests } from '../../rigs/backends.ts';
import { openAuthority, type Authority, type IssuedCertificate } from '../../rigs/certificates.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { isMissing } from '../../rigs/need.ts';
import { speak } from '../../rigs/raw-http.ts';

type MemberTls = NonNullable<NonNullable<EngineConfig['pools']>[number]['tls']>;

interface Handshake {
  readonly name: string;
  readonly version: string;
  readonly cipher: string;
  readonly isResumed: boolean;
}

describe.skipIf(isMissing('openssl'))('TLS towards members', () => {
  let authority: Authority;
  let inner: IssuedCertificate;
  let engine: TestEngine;
  let port = 0;
  let member: Server;
  const handshakes: Handshake[] = [];
  let requests = 0;

  beforeAll(async () => {
    authority = openAuthority();
    inner = authority.issue({ names: ['app.internal'], file: 'inner' });
    member = await startMember({});
    engine = await openEngine(config({ caFile: authority.caFile, serverName: 'app.internal' }));
    port = engine.port('web');
  });

  afterAll(async () => {
    await engine.stop();
    member.closeAllConnections();
    member.close();
    authority.close();
  });

  async function startMember(options: ServerOptions): Promise<Server> {
    const identity = { cert: readFileSync(inner.certFile), key: readFileSync(inner.keyFile) };
    const server = createServer({ ...identity, minVersion: 'TLSv1.2', ...options }, (request, response) => {
      requests++;
      if (request.url === '/large') response.end(Buffer.alloc(2_000_000, 'member '));
      else request.pipe(response);
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      handshakes.push({
        name: String(socket.servername),
        version: socket.getProtocol() ?? '',
        cipher: socket.getCipher().name,
        isResumed: socket.isSessionReused(),
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  }

  function config(
    tls: MemberTls | undefined,
    pool: Partial<NonNullable<EngineConfig['pools']>[number]> = {},
  ): EngineConfig {
    const { port: memberPort } = member.address() as AddressInfo; // a TCP server has an address and port
    return {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
      pools: [
        {
          name: 'app',
          members: [{ name: 'm', address: '127.0.0.1', port: memberPort }],
          ...(tls === undefined ? {} : { tls }),
          ...pool,
        },
      ],
    };
  }

  async function use(...parts: Parameters<typeof config>): Promise<void> {
    engine.write(config(...parts));
    await engine.reload();
    handshakes.length = 0;
  }

  function good(): MemberTls {
    return { caFile: authority.caFile, serverName: 'app.internal' };
  }

  it('verifies the member by name and uses the connection again', async () => {
    await use(good());
    const seen = requests;
    const counts = await sendRequests(port, 20, { concurrency: 1 });
    expect(counts.statuses).toEqual({ 200: 20 });
    expect(requests - seen).toBe(20);
    expect(handshakes).toHaveLength(1);
    expect(handshakes[0]).toMatchObject({ name: 'app.internal', version: 'TLSv1.3', isResumed: false });
  });

  it('resumes the session on further connections', async () => {
    // Other settings: the connections of before are not used again.
    await use({ ...good(), minVersion: '1.3' }, { keepAlive: { maxIdle: 0 } });
    await sendRequests(port, 6, { concurrency: 1 });
    expect(handshakes.map(({ isResumed }) => isResumed)).toEqual([false, true, true, true, true, true]);
  });

  it('carries bodies both ways whole', async () => {
    await use(good());
    const body = Buffer.alloc(1_500_000, 'there and back ');
    const large = await sendRequests(port, 4, { path: '/large', concurrency: 2 });
    expect(large).toMatchObject({ failures: [], bodyBytes: 8_000_000 });
    const echoed = await sendRequests(port, 4, { method: 'POST', body, concurrency: 2 });
    expect(echoed).toMatchObject({ failures: [], bodyBytes: 4 * body.length });
  });

  it.each([
    ['nobody vouches for', () => ({ serverName: 'app.internal' }), /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED/],
    ['has another name', () => ({ caFile: authority.caFile, serverName: 'db.internal' }), /ALTNAME_INVALID/],
    ['has another name than the address', () => ({ caFile: authority.caFile }), /ALTNAME_INVALID/],
  ])('gives no request to a member whose certificate %s, and says why', async (_, tls, reason) => {
    await use(tls(), { retry: { attempts: 0 } });
    const [seen, before] = [requests, (await engine.stats()).pools[0]?.members[0]?.errors['connect-error'] ?? 0];
    const answer = await speak(port, 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer.text).toMatch(/^HTTP\/1.1 502 /);
    expect(requests).toBe(seen);
    expect((await engine.stats()).pools[0]?.members[0]?.errors['connect-error']).toBe(before + 1);
    await expect
      .poll(() =>
        engine.events.find((event) => event['change'] === 'tls-failed' && reason.test(String(event['reason']))),
      )
      .toMatchObject({
        event: 'member',
        pool: 'app',
        member: 'm',
      });
  });

  it('takes any certificate where it is told not to verify, and leaves the name out where told to', async () => {
    await use({ verify: false, serverName: 'app.internal', sendSni: false });
    expect((await sendRequests(port, 1)).statuses).toEqual({ 200: 1 });
    expect(handshakes[0]?.name).toBe('false');
  });

  it('speaks the versions and suites that are written', async () => {
    await use({ ...good(), maxVersion: '1.2', ciphers: ['ECDHE-ECDSA-AES256-GCM-SHA384'] });
    expect((await sendRequests(port, 1)).statuses).toEqual({ 200: 1 });
    expect(handshakes[0]).toMatchObject({ version: 'TLSv1.2', cipher: 'ECDHE-ECDSA-AES256-GCM-SHA384' });
    await use({ ...good(), minVersion: '1.3' });
    expect((await sendRequests(port, 1)).statuses).toEqual({ 200: 1 });
    expect(handshakes[0]).toMatchObject({ version: 'TLSv1.3' });
  });

  it('gives an idle connection of other TLS settings no further request', async () => {
    await use({ verify: false, serverName: 'app.internal' });
    await sendRequests(port, 1);
    await use({ ...good(), serverName: 'db.internal' });
    expect((await sendRequests(port, 1)).statuses).toEqual({ 502: 1 });
    await use(good());
    expect((await sendRequests(port, 1)).statuses).toEqual({ 200: 1 });
  });
});
