import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endPhases } from '../rigs/console-calls.ts';
import { type FilesSite, startFilesSite } from '../rigs/haproxy-files.ts';
import { isMissing, newerHaproxy } from '../rigs/need.ts';

const program = newerHaproxy();

/** Filters `bwlim-out` came with 2.7: Debian 12 has none. */
describe.skipIf(isMissing('sshd', 'socat') || program === undefined)(
  'bandwidth limits of a HAProxy that has them',
  { timeout: 120_000 },
  () => {
    let files: FilesSite;
    beforeAll(async () => {
      files = await startFilesSite(program);
    });
    afterAll(async () => {
      await files.called.console.close();
      await files.close();
    });

    function planOf(name: string, bandwidth: object) {
      return files.called.call('plan.make', { device: 'lb', desired: { virtualServers: [{ name, bandwidth }] } });
    }

    test('a limit of a connection and of a client hold back every download, and are read as they were set', async () => {
      const { called, site } = files;
      const before = site.haproxy.readConfig();
      const wanted = { perConnectionBytesPerSecond: 100_000, perClientBytesPerSecond: 120_000 };
      const plan = await planOf('big', wanted);
      expect(plan.cost).toBe('reload');
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
      // At once leave what one period allows and what the kernel's buffers take: the rest waits for its second.
      expect(await files.download()).toBeGreaterThan(1);
      const read = await called.call('devices.read', { device: 'lb' });
      expect(read.model.virtualServers.find(({ name }) => name === 'big')?.bandwidth).toEqual(wanted);
      await called.call('push.revert', { device: 'lb' });
      expect((await called.pushIn(plan.id, endPhases)).phase).toBe('reverted');
      expect(site.haproxy.readConfig()).toBe(before);
    });

    test('one for raw TCP, where HAProxy would cut answers short, is refused before anything is sent', async () => {
      await expect(planOf('raw', { perConnectionBytesPerSecond: 100_000 })).rejects.toThrow('issue 3457');
    });
  },
);
