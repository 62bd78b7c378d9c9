import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { planSchema, withCountdown } from '../../src-main/contract/plan.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { type CommandResult, runCommandLine } from '../rigs/command-line.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

/**
 * What `cli-haproxy.test.ts` does not walk of the scenario: reading whole, hashes and least connections, checks, persistence, certificates,
 * TLS, and the end of a console that nobody expects. Each is proved by traffic, handshakes, or what sshd and HAProxy say.
 */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl'))(
  'the scenario by commands',
  { timeout: 240_000 },
  () => {
    let site: Site;
    let called: CalledConsole;
    let authority: Authority;
    let [first, second]: IssuedCertificate[] = [];
    let directory = '';
    let tlsPort = 0;
    let probed: Server;
    let plans = 0;
    const probes: string[] = [];

    beforeAll(async () => {
      authority = openAuthority();
      [first, second] = [authority.issue({ names: ['site.example'] }), authority.issue({ names: ['site.example'] })];
      directory = mkdtempSync(join(tmpdir(), 'steelyard-scenario-'));
      chmodSync(directory, 0o755);
      mkdirSync(join(directory, 'certs'));
      writeFileSync(pem(), Buffer.concat(partsOf(first).map((path) => readFileSync(path))));
      // sshd itself keeps what it was asked to run.
      writeFileSync(join(directory, 'asked'), '', { mode: 0o666 });
      chmodSync(join(directory, 'asked'), 0o666);
      const keep = `#!/bin/sh\nprintf '%s\\0' "$SSH_ORIGINAL_COMMAND" >> ${directory}/asked\nexec /bin/sh -c "$SSH_ORIGINAL_COMMAND"\n`;
      writeFileSync(join(directory, 'keep'), keep, { mode: 0o755 });
      // The other path fails for `p` alone: a change after which a pool has no member goes back by itself.
      probed = createServer((request, response) => {
        const isOfP = request.socket.localAddress === '127.0.0.1';
        if (isOfP) probes.push(request.url ?? '');
        response.statusCode = isOfP && request.url === '/ready' ? 503 : 200;
        response.end();
      });
      await new Promise<void>((resolve) => probed.listen(0, '0.0.0.0', resolve));
      const { port } = probed.address() as AddressInfo; // a TCP server's
      tlsPort = await freePort();
      site = await startSite({
        members: 3,
        sshd: [`ForceCommand ${directory}/keep`],
        pool: ['balance roundrobin', 'cookie OLD insert indirect'],
        more: `backend probed
    option httpchk GET /health
    timeout check 10s
    server p 127.0.0.1:${port} check inter 300ms rise 1 fall 1
    server q 127.0.0.2:${port} check inter 300ms rise 1 fall 1
frontend secure
    bind 127.0.0.1:${tlsPort} ssl crt ${pem()} ssl-min-ver TLSv1.2
    http-request set-header X-Site one
    default_backend app`,
      });
      site.accounts?.own(join(directory, 'certs'), [pem()]);
      called = await openCalledConsole(site.dataDir);
      const added = await run('devices', 'add', 'lb', site.address, '--environment', 'production');
      expect(added.status, added.stderr).toBe(0);
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      probed.close();
      authority.close();
      rmSync(directory, { recursive: true, force: true });
    });

    function pem(): string {
      return join(directory, 'certs', 'site.pem');
    }
    function partsOf({ certFile, keyFile }: IssuedCertificate): readonly string[] {
      return [certFile, authority.caFile, keyFile];
    }
    function serialOf(issued: IssuedCertificate | undefined): string {
      return new X509Certificate(readFileSync(issued?.certFile ?? '')).serialNumber;
    }
    /** A command line on the console that is open. */
    function run(...words: readonly string[]): Promise<CommandResult> {
      return runCommandLine([...words, '--data', site.dataDir], {
        openConsole: () => Promise.resolve({ ...called.console, close: () => Promise.resolve() }),
      });
    }
    async function planFor(desired: unknown): Promise<string> {
      const [wish, plan] = [join(directory, 'wish.yaml'), join(directory, `plan-${String(++plans)}.json`)];
      writeFileSync(wish, JSON.stringify(desired)); // which is YAML
      const made = await run('plan', 'lb', wish, '--out', plan);
      expect(made.status, made.stderr).toBe(0);
      return plan;
    }
    /** Runs a command that pushes; `confirm` or `rollback` ends what waits, once `look` has seen it. */
    async function pushed(
      words: readonly string[],
      end: 'confirm' | 'rollback',
      look: () => Promise<void>,
    ): Promise<void> {
      const ending = Promise.withResolvers<CommandResult>();
      called.onPush = ({ phase }) => {
        if (phase !== 'waiting') return;
        called.onPush = () => undefined;
        look()
          .finally(() => run(end, 'lb').then(ending.resolve, ending.reject))
          .catch(ending.reject);
      };
      const result = await run(...words, '--yes', '--confirm-within', '120s');
      expect(result.status, result.stderr).toBe(end === 'confirm' ? 0 : 1);
      expect((await ending.promise).status).toBe(0);
    }
    async function become(desired: unknown, end: 'confirm' | 'rollback', look: () => Promise<void>): Promise<void> {
      await pushed(['apply', await planFor(desired)], end, look);
    }
    function ofPool(keys: object): unknown {
      return { pools: [{ name: 'app', ...keys }] };
    }
    function handshake(
      maxVersion: 'TLSv1.2' | 'TLSv1.3',
    ): Promise<{ readonly version: string; readonly serial: string }> {
      return new Promise((resolve) => {
        const socket = connect({ host: '127.0.0.1', port: tlsPort, maxVersion, rejectUnauthorized: false }, () => {
          resolve({
            version: socket.getProtocol() ?? '',
            serial: socket.getPeerX509Certificate()?.serialNumber ?? '',
          });
          socket.destroy();
        });
        socket.on('error', () => {
          resolve({ version: 'refused', serial: '' });
        });
      });
    }
    async function isUp(): Promise<boolean> {
      return /^probed,p,(?:[^,]*,){15}UP/m.test(await site.haproxy.ask('show stat'));
    }
    function asked(): readonly string[] {
      return readFileSync(join(directory, 'asked'), 'utf8').split('\0').slice(0, -1);
    }

    test('1: everything that the configuration says is read, and what is not modelled is listed with its lines', async () => {
      const { status, stdout, stderr } = await run('read', 'lb');
      expect(status, stderr).toBe(0);
      const model = JSON.parse(stdout) as DeviceModel;
      expect(model.virtualServers.map(({ name, pool }) => [name, pool])).toEqual([
        ['web', 'app'],
        ['secure', 'app'],
      ]);
      expect(model.virtualServers[1]).toMatchObject({
        listen: [`127.0.0.1:${tlsPort}`],
        tls: { minVersion: '1.2', certificates: [{ certFile: pem() }] },
      });
      const ports = site.backends.ports;
      expect(model.pools).toMatchObject([
        {
          name: 'app',
          algorithm: { name: 'round-robin' },
          persistence: { method: 'cookie-insert', cookieName: 'OLD' },
          members: [1, 2, 3].map((at) => ({ name: `b${at}`, address: '127.0.0.1', port: ports[at - 1], weight: 1 })),
        },
        { name: 'probed', members: [{ name: 'p' }, { name: 'q' }], monitors: ['probed/check'] },
      ]);
      expect(model.monitors).toMatchObject([{ name: 'probed/check', type: 'http', path: '/health' }]);
      const lines = site.haproxy.readConfig().split('\n');
      const unmodelled = model.unmodelled.find(({ text }) => text.includes('X-Site'));
      expect(lines[(unmodelled?.line ?? 0) - 1]).toContain('http-request set-header X-Site one');
    });

    test('5: one URL has one member by its hash, a slow member gets fewer by least connections, round robin is exact', async () => {
      await become(ofPool({ algorithm: 'uri-hash' }), 'rollback', async () => {
        const members = new Set<string>();
        for (let at = 0; at < 8; at += 1) {
          const { byBackend } = await sendRequests(site.haproxy.port, 12, { path: `/file-${at}` });
          expect(Object.values(byBackend)).toEqual([12]);
          for (const name of Object.keys(byBackend)) members.add(name);
        }
        expect(members.size).toBeGreaterThan(1);
      });
      await become(ofPool({ algorithm: 'least-connections' }), 'rollback', async () => {
        site.backends.setDelay('b3', 300);
        const { byBackend, statuses } = await sendRequests(site.haproxy.port, 300);
        site.backends.setDelay('b3', 0);
        expect(statuses).toEqual({ 200: 300 });
        expect(byBackend['b3']).toBeLessThan(50);
      });
      const { order } = await sendRequests(site.haproxy.port, 30, { concurrency: 1 });
      expect(order.slice(3)).toEqual(order.slice(0, -3));
      expect(new Set(order.slice(0, 3)).size).toBe(3);
    });

    test('6, 10: a check of another path takes out the member that fails it, a higher lowest version of TLS refuses old handshakes', async () => {
      await expect.poll(isUp, { timeout: 30_000 }).toBe(true);
      expect((await handshake('TLSv1.2')).version).toBe('TLSv1.2');
      const desired = {
        monitors: [{ name: 'probed/check', type: 'http', path: '/ready' }],
        virtualServers: [{ name: 'secure', tls: { minVersion: '1.3' } }],
      };
      await become(desired, 'rollback', async () => {
        await expect.poll(isUp, { timeout: 30_000 }).toBe(false);
        expect(probes.at(-1)).toBe('/ready');
        expect((await handshake('TLSv1.2')).version).toBe('refused');
        expect((await handshake('TLSv1.3')).version).toBe('TLSv1.3');
      });
      await expect.poll(isUp, { timeout: 30_000 }).toBe(true);
      expect((await handshake('TLSv1.2')).version).toBe('TLSv1.2');
    });

    test('7: with persistence a client stays on its member over 50 requests and over another weight', async () => {
      let cookie = '';
      const hold = { persistence: { method: 'cookie-insert', cookieName: 'SRV' } };
      await become(ofPool(hold), 'confirm', async () => {
        const response = await fetch(`http://127.0.0.1:${site.haproxy.port}/`);
        await response.arrayBuffer();
        cookie = /SRV=[^;]+/.exec(response.headers.get('set-cookie') ?? '')?.[0] ?? '';
      });
      const name = cookie.slice(4);
      const other = site.backends.names.find((one) => one !== name);
      async function stays(): Promise<void> {
        const { byBackend } = await sendRequests(site.haproxy.port, 50, { headers: { cookie } });
        expect(byBackend).toEqual({ [name]: 50 });
      }
      await stays();
      await become(ofPool({ members: [{ name: other, weight: 50 }] }), 'rollback', stays);
    });

    test('9: a certificate comes from a PFX, is shown by a handshake, and goes back; a key of another one is refused', async () => {
      if (first === undefined || second === undefined) throw new Error('no certificates were issued');
      const before = readFileSync(pem());
      const wrong = await run(
        'certificates',
        'renew',
        'lb',
        pem(),
        second.certFile,
        authority.caFile,
        first.keyFile,
        '--yes',
      );
      expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining('private key belongs to none')]);
      expect(readFileSync(pem()).equals(before)).toBe(true);
      const [pfx, phrase] = [join(directory, 'new.pfx'), join(directory, 'phrase')];
      writeFileSync(phrase, 'orchard-phrase\n', { mode: 0o600 });
      const words = ['-export', '-in', second.certFile, '-inkey', second.keyFile, '-certfile', authority.caFile];
      execFileSync('openssl', ['pkcs12', ...words, '-passout', `file:${phrase}`, '-out', pfx]);
      const renew = ['certificates', 'renew', 'lb', pem(), pfx, '--passphrase-file', phrase];
      await pushed(renew, 'confirm', async () => {
        expect((await handshake('TLSv1.3')).serial).toBe(serialOf(second));
      });
      await pushed(['certificates', 'restore', 'lb', pem()], 'confirm', async () => {
        expect((await handshake('TLSv1.3')).serial).toBe(serialOf(first));
      });
      const key = readFileSync(second.keyFile, 'utf8').split('\n')[1] ?? '';
      expect(asked().join('\n')).not.toContain(key);
    });

    test('16: sshd is asked for nothing that was not shown but what reads, by the account that pushes alone', async () => {
      const before = asked().length;
      const plan = await planFor(ofPool({ algorithm: 'least-connections' }));
      for (const words of [
        ['read', 'lb'],
        ['poll', 'lb'],
        ['plan', 'lb', join(directory, 'wish.yaml')],
      ])
        await run(...words);
      // What reading, polling and planning ask for, which leave the device as it is; of the plan's own trial of a timer the name differs.
      const reading = new Set(asked().slice(before).map(withoutIds));
      const from = asked().length;
      await pushed(['apply', plan], 'rollback', () => Promise.resolve());
      // As `apply` shows it, with the countdown that it was told.
      const made = withCountdown(planSchema.parse(JSON.parse(readFileSync(plan, 'utf8'))), 120_000);
      const shown = [...made.steps, ...made.revert].flatMap(({ commands }) => commands.map((command) => command.shown));
      const more = [...shown, ...made.verifies.map((command) => command.shown)];
      const sent = asked().slice(from);
      const hidden = sent.filter((text) => !isShown(text, more) && !reading.has(withoutIds(text)) && !isLook(text));
      expect(hidden).toEqual([]);
      // And what was shown was sent.
      const commands = [...made.steps, ...made.revert].flatMap((step) => step.commands);
      const shell = commands.filter(({ kind }) => kind === 'shell');
      expect(shell.filter((command) => !sent.some((text) => isShown(text, [command.shown])))).toEqual([]);
      const accounts = [...site.sshd.log().matchAll(/Accepted \S+ for (\S+)/g)].map(([, name]) => name);
      expect([...new Set(accounts)]).toEqual([site.accounts?.pusher ?? site.sshd.user]);
    });

    test('13, 14: the console killed and the link cut as it waits, it is back by itself in time, and the next console says so', async () => {
      const before = [site.haproxy.readConfig(), await site.weights()];
      const plan = await planFor(ofPool({ members: [{ name: 'b1', weight: 7 }] }));
      await called.console.close();
      const command = join(import.meta.dirname, '../../src-main/cli.ts');
      const words = ['apply', plan, '--yes', '--confirm-within', '3s', '--data', site.dataDir];
      const child = spawn(process.execPath, [command, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (part) => (said += String(part)));
      await expect.poll(() => said, { timeout: 60_000, interval: 10 }).toContain('steelyard confirm lb');
      const cutAt = performance.now();
      child.kill('SIGKILL');
      site.relay.refuse(true);
      site.relay.cut();
      expect(await site.weights()).toEqual({ b1: 7, b2: 1, b3: 1 });
      await expect
        .poll(async () => [site.haproxy.readConfig(), await site.weights()], { timeout: 60_000, interval: 50 })
        .toEqual(before);
      expect(performance.now() - cutAt).toBeLessThan(8000);
      site.relay.refuse(false);
      called = await openCalledConsole(site.dataDir);
      const { id } = planSchema.parse(JSON.parse(readFileSync(plan, 'utf8')));
      expect(await called.pushIn(id, endPhases)).toMatchObject({ phase: 'reverted', revertedBy: 'device' });
      expect([site.haproxy.readConfig(), await site.weights()]).toEqual(before);
    });
  },
);

function isShown(text: string, shown: readonly string[]): boolean {
  return shown.some((line) => line.trim() === text.trim() || line.startsWith(`${text.trim()}   #`));
}

/** Names of files and units that carry the id of a plan. */
function withoutIds(text: string): string {
  return text.replaceAll(/steelyard-[0-9a-z]+/gi, 'steelyard-ID');
}

/** A comparison of a file's hash: what says where the device stands. */
function isLook(text: string): boolean {
  return /^sha256sum -- \S+$/.test(text.trim());
}
