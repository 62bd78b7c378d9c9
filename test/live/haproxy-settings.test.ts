import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Desired } from '../../src-main/contract/model.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

/** Steps 6, 7 and 10 of the scenario, under the account that pushes, each proved by checks, cookies and handshakes. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl'))(
  'checks, persistence and TLS of a running HAProxy',
  { timeout: 240_000 },
  () => {
    let site: Site;
    let called: CalledConsole;
    let directory = '';
    let tlsPort = 0;
    let probed: Server;
    let secured: Server;
    let securedPort = 0;
    let authorityFile = '';
    const probes: string[] = [];
    beforeAll(async () => {
      directory = mkdtempSync(join(tmpdir(), 'steelyard-cert-'));
      chmodSync(directory, 0o755);
      const pem = join(directory, 'site.pem');
      const [key, crt] = [join(directory, 'k'), join(directory, 'c')];
      const subject = ['-subj', '/CN=site.example', '-days', '2', '-nodes'];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', crt, ...subject], {
        stdio: 'ignore',
      });
      writeFileSync(pem, Buffer.concat([readFileSync(crt), readFileSync(key)]), { mode: 0o644 });
      probed = createServer((request, response) => {
        probes.push(request.url ?? '');
        response.statusCode = request.url === '/ready' ? 503 : 200;
        response.end();
      });
      await new Promise<void>((resolve) => probed.listen(0, '127.0.0.1', resolve));
      tlsPort = await freePort();
      securedPort = await freePort();
      authorityFile = crt;
      chmodSync(crt, 0o644);
      secured = createSecureServer({ key: readFileSync(key), cert: readFileSync(crt) }, (request, response) => {
        const { socket } = request;
        response.end('servername' in socket ? String(socket.servername) : '');
      });
      await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve));
      const { port: behind } = secured.address() as AddressInfo; // a TCP server's
      const { port } = probed.address() as AddressInfo; // a TCP server's
      site = await startSite({
        more: `backend probed
    option httpchk GET /health
    timeout check 10s
    server p 127.0.0.1:${port} check inter 300ms rise 1 fall 1

frontend behind
    bind 127.0.0.1:${securedPort}
    default_backend encrypted

backend encrypted
    server e 127.0.0.1:${behind}

frontend secure
    bind 127.0.0.1:${tlsPort} ssl crt ${pem}
    default_backend app`,
      });
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      probed.close();
      secured.close();
      rmSync(directory, { recursive: true, force: true });
    });

    async function push(desired: Desired): Promise<Plan> {
      const plan = await called.call('plan.make', { device: 'lb', desired });
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
      return plan;
    }
    async function end(plan: Plan, how: 'keep' | 'revert'): Promise<void> {
      await called.call(`push.${how}`, { device: 'lb' });
      expect((await called.pushIn(plan.id, endPhases)).phase).toBe(how === 'keep' ? 'kept' : 'reverted');
    }
    async function stateOf(pool: string): Promise<string> {
      const rows = (await site.haproxy.ask('show stat')).split('\n').map((line) => line.split(','));
      return rows.find((row) => row[0] === pool && row[1] !== 'BACKEND')?.[rows[0]?.indexOf('status') ?? -1] ?? '';
    }
    /** The version of TLS that a client gets that goes no higher, or the refusal. */
    function handshake(maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
      return new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: tlsPort, maxVersion, rejectUnauthorized: false }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        });
        socket.on('error', () => {
          resolve('refused');
        });
      });
    }

    test('a check that asks another path takes a member out as it fails there, and back', async () => {
      const before = site.haproxy.readConfig();
      await expect.poll(() => stateOf('probed'), { timeout: 20_000 }).toBe('UP');
      const plan = await push({ monitors: [{ name: 'probed/check', type: 'http', path: '/ready' }] });
      expect(plan.cost).toBe('reload');
      await expect.poll(() => stateOf('probed'), { timeout: 20_000 }).toBe('DOWN');
      expect(probes.at(-1)).toBe('/ready');
      await end(plan, 'revert');
      await expect.poll(() => stateOf('probed'), { timeout: 20_000 }).toBe('UP');
      expect(site.haproxy.readConfig()).toBe(before);
    });

    test('with a cookie switched on a client stays for 50 requests and over another weight', async () => {
      const persistence = { method: 'cookie-insert' as const, cookieName: 'SRV' };
      await end(await push({ pools: [{ name: 'app', persistence }] }), 'keep');
      const first = await fetch(`http://127.0.0.1:${site.haproxy.port}/`);
      await first.arrayBuffer();
      const cookie = /SRV=[^;]+/.exec(first.headers.get('set-cookie') ?? '')?.[0] ?? '';
      const name = cookie.slice(4);
      function held() {
        return sendRequests(site.haproxy.port, 50, { headers: { cookie } });
      }
      expect((await held()).byBackend).toEqual({ [name]: 50 });
      const other = name === 'b1' ? 'b2' : 'b1';
      await end(await push({ pools: [{ name: 'app', members: [{ name: other, weight: 100 }] }] }), 'keep');
      expect((await held()).byBackend).toEqual({ [name]: 50 });
    });

    test('by address one client stays on one member', async () => {
      const persistence = { method: 'source-ip' as const, timeoutMs: 60_000 };
      const plan = await push({ pools: [{ name: 'app', persistence }] });
      const { byBackend } = await sendRequests(site.haproxy.port, 50, { localAddress: '127.0.0.9' });
      expect(Object.values(byBackend)).toEqual([50]);
      await end(plan, 'revert');
    });

    test('with a higher lowest version an old handshake is refused and a new one served', async () => {
      expect([await handshake('TLSv1.2'), await handshake('TLSv1.3')]).toEqual(['TLSv1.2', 'TLSv1.3']);
      const plan = await push({ virtualServers: [{ name: 'secure', tls: { minVersion: '1.3' } }] });
      expect([await handshake('TLSv1.2'), await handshake('TLSv1.3')]).toEqual(['refused', 'TLSv1.3']);
      await end(plan, 'revert');
      expect(await handshake('TLSv1.2')).toBe('TLSv1.2');
    });

    test('a further address is served once it is pushed; one that another program has is refused before', async () => {
      const own = `127.0.0.1:${securedPort}`;
      const more = await freePort();
      const plan = await push({ virtualServers: [{ name: 'behind', listen: [own, `127.0.0.1:${more}`] }] });
      expect((await fetch(`http://127.0.0.1:${more}/`)).status).toBeGreaterThan(199);
      await end(plan, 'revert');
      await expect(fetch(`http://127.0.0.1:${more}/`)).rejects.toThrow();
      const { port: taken } = probed.address() as AddressInfo; // a TCP server's
      const desired = { virtualServers: [{ name: 'behind', listen: [own, `*:${taken}`] }] };
      await expect(called.call('plan.make', { device: 'lb', desired })).rejects.toMatchObject({
        code: 'PLAN_INVALID',
        detail: expect.stringContaining(`listens on 127.0.0.1:${taken} already`) as string,
      });
    });

    test('members are spoken to in TLS, by a name and verified, until it is taken back', async () => {
      async function answer(): Promise<string> {
        const response = await fetch(`http://127.0.0.1:${securedPort}/`);
        return `${response.status} ${response.ok ? await response.text() : ''}`;
      }
      expect(await answer()).toMatch(/^(400|502) $/);
      const tls = { verify: true, caFile: authorityFile, serverName: 'site.example', sendSni: true };
      const plan = await push({ pools: [{ name: 'encrypted', tls }] });
      expect(await answer()).toBe('200 site.example');
      await end(plan, 'revert');
      expect(await answer()).toMatch(/^(400|502) $/);
    });

    test('a suite that HAProxy does not know is refused by its own check, and nothing has changed', async () => {
      const before = site.haproxy.readConfig();
      const desired = { virtualServers: [{ name: 'secure', tls: { ciphers: ['NO-SUCH-SUITE'] } }] };
      const plan = await called.call('plan.make', { device: 'lb', desired });
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, endPhases);
      expect(state).toMatchObject({ phase: 'refused', problem: { code: 'COMMAND_REJECTED' } });
      expect(state.problem?.raw).toMatch(/haproxy\.cfg\S*:\d+.*NO-SUCH-SUITE/s);
      expect(site.haproxy.readConfig()).toBe(before);
    });
  },
);
