import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CallInput } from '../../src-main/contract/api.ts';
import type { Plan } from '../../src-main/contract/plan.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { runCommandLine } from '../rigs/command-line.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

/** Under the account that pushes: what a handshake shows, never what the console says. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'openssl'))(
  'a certificate that HAProxy does not have yet',
  { timeout: 240_000 },
  () => {
    let authority: Authority;
    let site: Site;
    let called: CalledConsole;
    let base = '';
    let folder = '';
    let list = '';
    let ports = { folder: 0, list: 0 };
    let first: IssuedCertificate;
    beforeAll(async () => {
      authority = openAuthority();
      first = authority.issue({ names: ['first.example'] });
      base = mkdtempSync(join(tmpdir(), 'steelyard-crt-'));
      chmodSync(base, 0o755);
      [folder, list] = [join(base, 'folder'), join(base, 'list.txt')];
      mkdirSync(folder);
      const files = [join(folder, 'first.pem'), join(base, 'listed.pem')];
      for (const file of files) writeFileSync(file, bundleOf(first));
      // Relative to crt-base, with options.
      writeFileSync(list, '# certificates\nlisted.pem [alpn http/1.1] first.example\n');
      ports = { folder: await freePort(), list: await freePort() };
      site = await startSite({
        more: `global
    crt-base ${base}
frontend placed
    bind 127.0.0.1:${ports.folder} ssl crt folder/
    default_backend app
frontend listed
    bind 127.0.0.1:${ports.list} ssl crt-list ${list}
    default_backend app`,
      });
      site.accounts?.own(base, [...files, list]);
      site.accounts?.own(folder, []);
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      authority.close();
      rmSync(base, { recursive: true, force: true });
    });

    function bundleOf({ certFile, keyFile }: IssuedCertificate): Buffer {
      return Buffer.concat([readFileSync(certFile), Buffer.from(authority.ca), readFileSync(keyFile)]);
    }
    function serialOf({ certFile }: IssuedCertificate): string {
      return new X509Certificate(readFileSync(certFile)).serialNumber;
    }
    /** The serial that a client gets who asks for the name; rejects where the handshake fails. */
    function served(port: number, servername: string): Promise<string> {
      return new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false }, () => {
          resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
          socket.destroy();
        });
        socket.on('error', reject);
      });
    }
    /** Handshakes for a name one after the other until told to stop; answers the serials that came, and failures. */
    function client(port: number, name: string) {
      let isOver = false;
      const serials = new Set<string>();
      const failures: unknown[] = [];
      async function run(): Promise<void> {
        while (!isOver) {
          try {
            serials.add(await served(port, name));
          } catch (error) {
            failures.push(error);
          }
        }
      }
      const line = run();
      onTestFinished(() => {
        isOver = true;
      });
      return async () => {
        isOver = true;
        await line;
        return { serials: [...serials].toSorted(), failures };
      };
    }
    function planFor(
      name: string,
      issued: IssuedCertificate,
      add?: CallInput<'certificates.plan'>['add'],
    ): Promise<Plan> {
      const files = [{ name: 'given', base64: bundleOf(issued).toString('base64') }];
      return called.call('certificates.plan', { device: 'lb', name, files, ...(add === undefined ? {} : { add }) });
    }
    async function push(plan: Plan): Promise<void> {
      await called.call('push.start', { plan, confirmWithinMs: 120_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
    }
    async function end(plan: Plan, how: 'keep' | 'revert'): Promise<void> {
      await called.call(`push.${how}`, { device: 'lb' });
      const state = await called.pushIn(plan.id, endPhases);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe(
        how === 'keep' ? 'kept' : 'reverted',
      );
    }
    /** As an operator does it, by hand; over when another process answers. */
    async function reload(): Promise<void> {
      const before = await site.haproxy.answeringPid();
      site.haproxy.reload();
      await expect
        .poll(() => site.haproxy.answeringPid().catch(() => before), { timeout: 60_000, interval: 50 })
        .not.toBe(before);
    }
    /** As a person does it who sees it wait, and keeps it. */
    async function keptByCommand(name: string, issued: IssuedCertificate) {
      const file = join(authority.directory, 'given.pem');
      writeFileSync(file, bundleOf(issued));
      called.onPush = ({ phase }) => {
        if (phase !== 'waiting') return;
        called.onPush = () => undefined;
        void called.call('push.keep', { device: 'lb' });
      };
      const options = ['--list', list, '--yes', '--confirm-within', '120s', '--data', site.dataDir];
      return runCommandLine(['certificates', 'add', 'lb', name, file, ...options], {
        openConsole: () => Promise.resolve({ ...called.console, close: () => Promise.resolve() }),
      });
    }
    function names(): Promise<string> {
      return site.haproxy.ask('show ssl cert');
    }
    function look() {
      return {
        files: [base, folder].map((one) => readdirSync(one).toSorted()),
        list: readFileSync(list, 'latin1'),
        rights: [statSync(list).gid, statSync(list).mode],
      };
    }

    test('comes into a directory under traffic, is served by its name at once and after a reload, and goes wholly', async () => {
      const before = { look: look(), names: await names() };
      const issued = authority.issue({ names: ['new.example'] });
      const stops = [client(ports.folder, 'new.example'), client(ports.list, 'first.example')];
      const plan = await planFor(join(folder, 'new.pem'), issued, {});
      expect(plan).toMatchObject({ cost: 'runtime', hold: { isHeld: true }, changes: [{ action: 'create' }, {}, {}] });
      expect(plan.driver['handshakes']).toEqual([{ host: '127.0.0.1', port: ports.folder, serverName: 'new.example' }]);
      const pids = site.haproxy.pids();
      await push(plan);
      expect(site.haproxy.pids()).toEqual(pids);
      expect(await served(ports.folder, 'new.example')).toBe(serialOf(issued));
      const [old, made] = ['first.pem', 'new.pem'].map((one) => statSync(join(folder, one)));
      expect([made?.gid, made?.mode]).toEqual([old?.gid, (old?.mode ?? 0) & ~0o007]);
      await reload();
      expect(await served(ports.folder, 'new.example')).toBe(serialOf(issued));
      await end(plan, 'revert');
      expect(await served(ports.folder, 'new.example')).toBe(serialOf(first));
      const [asked, others] = await Promise.all(stops.map((stop) => stop()));
      expect(asked).toEqual({ serials: [serialOf(first), serialOf(issued)].toSorted(), failures: [] });
      expect(others).toEqual({ serials: [serialOf(first)], failures: [] });
      expect({ look: look(), names: await names() }).toEqual(before);
    });

    test('comes into a list: one line more that a reload reads, taken back as it was, or kept', async () => {
      const before = { look: look(), names: await names() };
      const issued = authority.issue({ names: ['more.example'], key: 'rsa' });
      const name = join(base, 'more.pem');
      const taken = await planFor(name, issued, { list });
      expect(taken.cost).toBe('runtime');
      await push(taken);
      expect(readFileSync(list, 'latin1')).toBe(`${before.look.list}${name}\n`);
      expect(look().rights).toEqual(before.look.rights);
      expect(await served(ports.list, 'more.example')).toBe(serialOf(issued));
      await end(taken, 'revert');
      expect(await served(ports.list, 'more.example')).toBe(serialOf(first));
      expect({ look: look(), names: await names() }).toEqual(before);
      expect(await keptByCommand(name, issued)).toMatchObject({ status: 0 });
      await reload();
      expect(await served(ports.list, 'more.example')).toBe(serialOf(issued));
      expect(look().files).toEqual([[...(before.look.files[0] ?? []), 'more.pem'].toSorted(), before.look.files[1]]);
    });

    test('that a crt-list names by crt-base is renewed, and its binds are found', async () => {
      const name = join(base, 'listed.pem');
      const shown = await called.call('certificates.list', { device: 'lb' });
      expect(shown.find((one) => one.name === name)?.usedBy).toEqual(['listed']);
      const renewed = authority.issue({ names: ['first.example'] });
      const plan = await planFor(name, renewed);
      expect(plan.driver['handshakes']).toEqual([{ host: '127.0.0.1', port: ports.list, serverName: 'first.example' }]);
      await push(plan);
      expect(await served(ports.list, 'first.example')).toBe(serialOf(renewed));
      await end(plan, 'revert');
      expect(await served(ports.list, 'first.example')).toBe(serialOf(first));
    });

    test('whose name the socket does not take comes by a reload, and goes by one', async () => {
      const before = { look: look(), names: await names() };
      const issued = authority.issue({ names: ['third.example'] });
      const plan = await planFor(join(folder, 'third.crt'), issued, {});
      expect(plan.cost).toBe('reload');
      await push(plan);
      expect(await served(ports.folder, 'third.example')).toBe(serialOf(issued));
      await end(plan, 'revert');
      expect(await served(ports.folder, 'third.example')).toBe(serialOf(first));
      expect({ look: look(), names: await names() }).toEqual(before);
    });

    test('that nothing would serve, or that is there already, is refused in words', async () => {
      const before = look();
      const issued = authority.issue({ names: ['none.example'] });
      const cases = [
        [join(folder, 'first.pem'), {}, 'ALREADY_EXISTS', /renew it/],
        [join(folder, 'another.pem'), {}, 'PLAN_INVALID', /Choose a name that comes later/],
        [join(folder, '.hidden.pem'), {}, 'PLAN_INVALID', /passes over hidden files/],
        [join(folder, 'site.key'), {}, 'PLAN_INVALID', /part of another certificate/],
        [join(base, 'site.pem'), {}, 'NOT_FOUND', /no bind loads the directory .*list\.txt/],
        [join(base, 'site.pem'), { list: '/no/such' }, 'NOT_FOUND', /no bind has the crt-list/],
        [join(base, 'nowhere/site.pem'), { list }, 'NOT_FOUND', /no directory/],
        [list, { list }, 'ALREADY_EXISTS', /is there already/],
      ] as const;
      for (const [name, add, code, detail] of cases) {
        await expect(planFor(name, issued, add), name).rejects.toMatchObject({
          code,
          detail: expect.stringMatching(detail) as string,
        });
      }
      expect(look()).toEqual(before);
    });
  },
);
