import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Desired } from '../../src-main/contract/model.ts';
import { canMakeAccounts } from '../rigs/accounts.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, type SiteOptions, startSite } from '../rigs/haproxy-site.ts';
import { findProgram, isMissing } from '../rigs/need.ts';

const weight: Desired = { pools: [{ name: 'app', members: [{ name: 'b1', weight: 3 }] }] };
const algorithm: Desired = { pools: [{ name: 'app', algorithm: 'least-connections' }] };

describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'sudo') || !canMakeAccounts())(
  'the accounts that the docs describe',
  { timeout: 240_000 },
  () => {
    const opened: { readonly site: Site; readonly called: CalledConsole }[] = [];
    afterEach(async () => {
      for (const { site, called } of opened.splice(0)) {
        await called.console.close();
        await site.close();
      }
    });
    async function start(options: SiteOptions) {
      const site = await startSite(options);
      const called = await openCalledConsole(site.dataDir);
      opened.push({ site, called });
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
      return { site, called };
    }
    /** Names of the accounts that sshd let in. */
    function accountsIn(site: Site): ReadonlySet<string> {
      return new Set([...site.sshd.log().matchAll(/Accepted \S+ for (\S+)/g)].map(([, name = '']) => name));
    }

    test('the reading one reads and polls, may not change anything, and is told which right is missing', async () => {
      const { site, called } = await start({ account: 'reader' });
      expect(await called.call('devices.read', { device: 'lb' })).toMatchObject({
        model: { pools: [{ name: 'app', members: [{ name: 'b1' }, { name: 'b2' }] }] },
      });
      const { directory } = site.haproxy;
      const { pushGroup, readGroup, reader } = site.accounts ?? {};
      const missing = `may not write in ${directory} (it belongs to root:${pushGroup ?? ''}, mode 2775; ${reader ?? ''} is in ${reader ?? ''}, ${readGroup ?? ''})`;
      await expect(called.call('plan.make', { device: 'lb', desired: weight })).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringContaining(missing) as string,
      });
      expect([...accountsIn(site)]).toEqual([reader]);
    });

    test('at a socket of another group the missing right is said with owner, mode and groups', async () => {
      const { site, called } = await start({ account: 'reader' });
      const address = site.address.replace('read.sock', 'admin.sock');
      await called.call('devices.add', { spec: { name: 'other', address, environment: 'staging' } });
      const { pushGroup, readGroup, reader } = site.accounts ?? {};
      const { facts } = await called.call('devices.read', { device: 'other' });
      expect(facts.capabilities.find((one) => one.id === 'poll')?.why).toContain(
        `may not use the socket ${site.haproxy.socket} (it belongs to root:${pushGroup ?? ''}, mode 660; ${reader ?? ''} is in ${reader ?? ''}, ${readGroup ?? ''})`,
      );
    });

    test('the connection test names each missing right, whose it is, and what gives it', async () => {
      const { site, called } = await start({ account: 'reader' });
      const { haproxy, address } = site;
      const { pushGroup = '', readGroup = '', reader = '' } = site.accounts ?? {};
      const who = `${reader} is in ${reader}, ${readGroup}`;
      async function stepOf(id: string, tried: string) {
        const { steps } = await called.call('devices.test', { testId: 'rights', address: tried });
        const step = steps.find((one) => one.id === id);
        return { state: step?.state, words: step?.detail ?? step?.problem?.detail ?? '' };
      }
      const lacking = await stepOf('version', address);
      expect(lacking.state).toBe('done');
      for (const words of [
        'level operator; ',
        `write: the account may not write in ${haproxy.directory} (it belongs to root:${pushGroup}, mode 2775; ${who}): give it the right`,
        'run-time: the socket grants level operator: write "level admin" at its stats socket line',
        `reload: the account may not signal process ${String(haproxy.pids()[0])}, whose owner is another: give it the master's socket`,
        'or the line of sudoers for systemctl reload',
      ]) {
        expect(lacking.words).toContain(words);
      }
      const socket = await stepOf('version', address.replace('read.sock', 'admin.sock'));
      expect(socket.state).toBe('failed');
      expect(socket.words).toContain(
        `may not use the socket ${haproxy.socket} (it belongs to root:${pushGroup}, mode 660; ${who}): give it the right (stats socket ... group G mode 660`,
      );
      const sudo = await stepOf('privilege', `${address}&sudo=1`);
      expect(sudo.state).toBe('failed');
      expect(sudo.words).toContain('may not use sudo without a password: let sudoers give this account NOPASSWD');
      chmodSync(haproxy.configFile, 0o600);
      const file = await stepOf('privilege', address);
      expect(file.state).toBe('failed');
      expect(file.words).toContain(
        `may not read the configuration ${haproxy.configFile} (it belongs to root:${readGroup}, mode 600; ${who}): give it read access`,
      );
    });

    test('the pushing one changes a weight at run time and an algorithm by a reload, held by the host, and never is root', async () => {
      const { site, called } = await start({});
      for (const [desired, cost] of [
        [weight, 'runtime'],
        [algorithm, 'reload'],
      ] as const) {
        const before = site.haproxy.readConfig();
        for (const end of ['revert', 'keep'] as const) {
          const plan = await called.call('plan.make', { device: 'lb', desired });
          expect(plan).toMatchObject({ cost, hold: { isHeld: true } });
          await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
          const waiting = await called.pushIn(plan.id, ['waiting', 'stuck', 'reverted', 'refused']);
          expect(waiting.phase, waiting.problem?.detail).toBe('waiting');
          await called.call(`push.${end}`, { device: 'lb' });
          await called.pushIn(plan.id, ['kept', 'reverted']);
          expect(site.haproxy.readConfig() === before).toBe(end === 'revert');
        }
      }
      expect((await sendRequests(site.haproxy.port, 40)).statuses).toEqual({ 200: 40 });
      expect([...accountsIn(site)]).toEqual([site.accounts?.pusher]);
      const asRoot = site.address.replace(`//${site.accounts?.pusher ?? ''}@`, '//root@');
      const { steps } = await called.call('devices.test', { testId: 'root', address: asRoot });
      expect(steps.find(({ state }) => state === 'failed')).toMatchObject({ id: 'authentication' });
    });

    test('the line of sudoers in the docs is one, for one command', () => {
      const docs = readFileSync(new URL('../../docs/haproxy-accounts.md', import.meta.url), 'utf8');
      const line = /^steelyard ALL=.*$/m.exec(docs)?.[0] ?? '';
      expect(line).toBe('steelyard ALL=(root) NOPASSWD: /usr/bin/systemctl reload haproxy.service');
      const directory = mkdtempSync(join(tmpdir(), 'steelyard-sudoers-'));
      const file = join(directory, 'steelyard');
      writeFileSync(file, `${line}\n`, { mode: 0o440 });
      expect(execFileSync(findProgram('visudo') ?? 'visudo', ['-c', '-f', file]).toString()).toContain('parsed OK');
      rmSync(directory, { recursive: true });
    });
  },
);
