import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CalledConsole, endPhases, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing, newerHaproxy } from '../rigs/need.ts';

const program = newerHaproxy();
const bytes = 300_000;

/** Filters `bwlim-out` came with 2.7: Debian 12 has none. */
describe.skipIf(isMissing('sshd', 'socat') || program === undefined)(
  'bandwidth limits of a HAProxy that has them',
  { timeout: 120_000 },
  () => {
    let site: Site;
    let called: CalledConsole;
    let member: Server;
    let port = 0;
    beforeAll(async () => {
      member = createServer((_request, response) => response.end(Buffer.alloc(bytes, 'x')));
      await new Promise<void>((resolve) => member.listen(0, '127.0.0.1', resolve));
      port = await freePort();
      const { port: behind } = member.address() as AddressInfo; // a TCP server's
      site = await startSite({
        ...(program !== undefined && { program }),
        more: `frontend big
    bind 127.0.0.1:${port}
    default_backend files

frontend raw
    mode tcp
    bind 127.0.0.1:${await freePort()}
    default_backend rawfiles

backend files
    server f 127.0.0.1:${behind}

backend rawfiles
    mode tcp
    server f 127.0.0.1:${behind}`,
      });
      called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    });
    afterAll(async () => {
      await called.console.close();
      await site.close();
      member.close();
    });

    /** Seconds that a whole download takes. */
    async function download(): Promise<number> {
      const from = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      expect((await response.arrayBuffer()).byteLength).toBe(bytes);
      return (performance.now() - from) / 1000;
    }
    function planOf(name: string, bandwidth: object) {
      return called.call('plan.make', { device: 'lb', desired: { virtualServers: [{ name, bandwidth }] } });
    }

    test('a limit of a connection and of a client hold back every download, and are read as they were set', async () => {
      const before = site.haproxy.readConfig();
      const wanted = { perConnectionBytesPerSecond: 100_000, perClientBytesPerSecond: 120_000 };
      const plan = await planOf('big', wanted);
      expect(plan.cost).toBe('reload');
      await called.call('push.start', { plan, confirmWithinMs: 60_000, typed: 'lb' });
      const state = await called.pushIn(plan.id, ['waiting', ...endPhases]);
      expect(state.phase, `${state.problem?.detail ?? ''} ${state.problem?.raw ?? ''}`).toBe('waiting');
      // At once leave what one period allows and what the kernel's buffers take: the rest waits for its second.
      expect(await download()).toBeGreaterThan(1);
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
