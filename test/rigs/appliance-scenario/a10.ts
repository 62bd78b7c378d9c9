import { startA10 } from '../../../src-main/simulate/a10/start.ts';
import { shared } from '../../../src-main/simulate/a10/device.ts';
import { parseStatements } from '../../../src-main/simulate/a10/tree.ts';
import type { ApplianceVendor } from './appliance.ts';
import { password } from './site.ts';

const config = `!Current configuration: 500 bytes
!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
interface ethernet 1
  enable
!
health monitor hm1
!
slb server w1 192.0.2.1
  port 80 tcp
!
slb server w2 192.0.2.2
  port 80 tcp
!
slb service-group app tcp
  member w1 80
  member w2 80
!
slb virtual-server shop 192.0.2.100
  port 80 http
    service-group app
!
end
`;

function ofPool(keys: object): object {
  return { pools: [{ name: 'app', ...keys }] };
}

export const a10Appliance: ApplianceVendor = {
  vendor: 'a10',
  label: 'A10 Thunder',
  start: async () => {
    const device = await startA10({
      config,
      accounts: { steelyard: password, watcher: password },
      readers: ['watcher'],
    });
    return {
      ...device,
      commands: () => device.commands().map(({ line }) => line),
      otherHand: () => {
        const theirs = device.running().replace('slb service-group app tcp\n', '$&  min-active-member 2\n');
        device.device.change(shared, parseStatements(theirs));
      },
    };
  },
  pusher: 'steelyard',
  reader: 'watcher',
  pool: 'app',
  members: ['w1:80', 'w2:80'],
  model: {
    virtualServers: [{ name: 'shop:80', listen: ['192.0.2.100:80'], pool: 'app' }],
    pools: [
      {
        name: 'app',
        members: [
          { name: 'w1:80', address: '192.0.2.1', port: 80 },
          { name: 'w2:80', address: '192.0.2.2', port: 80 },
        ],
      },
    ],
  },
  unmodelled: 'interface ethernet 1',
  change: {
    desired: {
      ...ofPool({
        algorithm: { name: 'round-robin', weighted: true, per: 'member' },
        monitors: ['hm1'],
        members: [
          { name: 'w1:80', weight: 3 },
          { name: 'w3:80', address: '192.0.2.3', port: 80 },
        ],
      }),
      virtualServers: [{ name: 'shop:80', persistence: { method: 'source-ip', timeoutMs: 600_000 } }],
    },
    says: [
      /^slb server w3 192\.0\.2\.3\n/m,
      /^ {2}member w3 80\n/m,
      /^slb server w1 192\.0\.2\.1\n {2}port 80 tcp\n {4}weight 3\n/m,
      /^ {2}method service-weighted-rr\n/m,
      /^ {2}health-check hm1\n/m,
      /^slb template persist source-ip shop_80_persist\n {2}timeout 10\n/m,
      /^ {4}template persist source-ip shop_80_persist\n/m,
    ],
  },
  saving: ['write memory all-partitions'],
  removal: { desired: ofPool({ members: [{ name: 'w3:80', absent: true }] }), says: [] },
  draining: /^ {2}member w2 80\n {4}disable-with-health-check\n/m,
  walk: {
    there: {
      desired: ofPool({
        algorithm: 'least-connections',
        members: [
          { name: 'w1:80', weight: 9 },
          { name: 'w2:80', adminState: 'draining' },
          { name: 'w4:80', address: '192.0.2.4', port: 80 },
        ],
      }),
      says: [
        / method service-(?:weighted-)?least-connection\n/,
        / weight 9\n/,
        / disable-with-health-check\n/,
        / member w4 80\n/,
      ],
    },
    back: {
      desired: ofPool({
        algorithm: { name: 'round-robin', weighted: true, per: 'member' },
        members: [
          { name: 'w1:80', weight: 3 },
          { name: 'w2:80', adminState: 'enabled' },
          { name: 'w4:80', absent: true },
        ],
      }),
      says: [/ method service-weighted-rr\n/, / weight 3\n/, /^(?![^]*(?: disable-with-health-check| member w4 80))/],
    },
  },
  // A method that this release does not know.
  refused: { desired: ofPool({ algorithm: 'link' }), says: [/Unrecognized command/] },
  forbidden: /Unrecognized command/,
  looks: /^(?:show |enable$|terminal length|secret)/,
};
