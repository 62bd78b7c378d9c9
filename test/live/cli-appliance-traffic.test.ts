import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sample } from '../../src-main/contract/metrics.ts';
import { type ApplianceSite, openApplianceSite } from '../rigs/appliance-scenario/site.ts';
import { type CarryingAppliance, trafficVendors } from '../rigs/appliance-scenario/traffic-vendors.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { downloadBytes, startDownload } from '../rigs/download.ts';
import { freePort } from '../rigs/free-port.ts';

/** Steps of the scenario that only traffic proves, on simulated appliances that carry it: by what members and clients counted. */
describe.each(trafficVendors)(
  'the scenario by commands and traffic on a simulated $label',
  { timeout: 180_000 },
  (one) => {
    let backends: Backends;
    let device: CarryingAppliance;
    let site: ApplianceSite;
    let port = 0;
    let members: readonly string[] = [];

    beforeAll(async () => {
      backends = await startBackends(['b1', 'b2', 'b3']);
      port = await freePort();
      members = backends.ports.map(one.member);
      device = await one.start(port, backends.ports.slice(0, 2));
      site = await openApplianceSite(one.vendor, device, { lb: 'steelyard' }, device.snmpPort);
    }, 120_000);
    afterAll(async () => {
      await site.close();
      await backends.close();
    });

    function ofPool(keys: object): object {
      return { pools: [{ name: one.pool, ...keys }] };
    }

    test('2 to 4: a new member and weights 3 to 1 are shares to the request, none fails meanwhile, and each is polled as it was counted', async () => {
      expect((await sendRequests(port, 40)).byBackend).toEqual({ b1: 20, b2: 20 });
      const third = { name: members[2], address: '127.0.0.1', port: backends.ports[2] };
      const plan = await site.cli.planFor(
        'lb',
        ofPool({ algorithm: one.weighted, members: [{ name: members[0], weight: 3 }, third] }),
      );
      const pushing = site.cli.push('lb', plan, 'confirm');
      const over = { isOver: false };
      const meanwhile = (async (): Promise<number> => {
        let failed = 0;
        while (!over.isOver) {
          const { statuses } = await sendRequests(port, 10);
          failed += 10 - (statuses[200] ?? 0);
        }
        return failed;
      })();
      const { status, stderr } = await pushing;
      over.isOver = true;
      expect([await meanwhile, status], stderr).toEqual([0, 0]);
      const asked = await sendRequests(port, 2000);
      expect(asked.byBackend).toEqual({ b1: 1200, b2: 400, b3: 400 });
      const polled = await site.cli.done('poll', 'lb');
      const sample = JSON.parse(polled.stdout) as Sample;
      const pool = sample.pools.find(({ name }) => name === one.pool);
      const seen = members.map((name) => {
        const member = pool?.members.find((each) => each.name === name);
        return Number(member?.requests ?? member?.totalConnections);
      });
      const counted = backends.names.map((name) => backends.counts()[name]?.requests);
      expect(seen).toEqual(counted);
    });

    test('7: with persistence a client stays on its member over 50 requests, whatever the weights', async () => {
      const persistence = { method: 'cookie-insert' };
      const plan = await site.cli.planFor('lb', {
        ...ofPool({ members: [{ name: members[0], weight: 5 }] }),
        virtualServers: [{ name: one.virtual(port), persistence }],
      });
      await site.cli.push('lb', plan, 'rollback', async () => {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        await response.arrayBuffer();
        const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
        const { byBackend } = await sendRequests(port, 50, { headers: { cookie } });
        expect(byBackend).toEqual({ [response.headers.get('x-backend') ?? '']: 50 });
      });
    });

    test('8: a drained member gets no new client and ends its download, and is not called empty before its last byte', async () => {
      const downloads = await Promise.all(Array.from({ length: 10 }, () => startDownload(port)));
      const [held] = downloads.filter(({ by }) => by === 'b3');
      expect(held).toBeDefined();
      const draining = site.cli.start('drain', `lb/${one.pool}/${members[2] ?? ''}`, '--yes', '--wait', '90s');
      await draining.says('is not empty');
      expect((await sendRequests(port, 40)).byBackend['b3']).toBeUndefined();
      expect(draining.stderr()).not.toContain('is empty');
      const rest = downloads.filter((each) => each !== held);
      expect(await Promise.all(rest.map((each) => each.readOn()))).toEqual(rest.map(() => downloadBytes));
      expect(draining.stderr()).not.toContain('is empty');
      expect(await held?.readOn()).toBe(downloadBytes);
      const { status, stderr } = await draining.ended;
      expect([status, stderr]).toEqual([0, expect.stringContaining('is empty')]);
    });
  },
);
