import { startF5 } from '../../../src-main/simulate/f5/start.ts';
import type { ApplianceVendor } from './appliance.ts';
import { password } from './site.ts';

function node(name: string, address: string): string {
  return `ltm node /Common/${name} {\n    address ${address}\n}\n`;
}
function member(name: string, address: string): string {
  return `        /Common/${name}:80 {\n            address ${address}\n        }\n`;
}
const config = `${node('w1', '192.0.2.1')}${node('w2', '192.0.2.2')}ltm monitor http /Common/deep {
    defaults-from /Common/http
    destination *:*
    interval 5
    ip-dscp 0
    recv none
    recv-disable none
    send "GET /health\\r\\n"
    time-until-up 0
    timeout 16
}
ltm pool /Common/app {
    members {
${member('w1', '192.0.2.1')}${member('w2', '192.0.2.2')}    }
    monitor /Common/deep
}
ltm profile client-ssl /Common/shop-tls {
    defaults-from /Common/clientssl
}
ltm virtual /Common/shop {
    destination /Common/192.0.2.100:443
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/shop-tls {
            context clientside
        }
        /Common/tcp { }
    }
    source 0.0.0.0/0
    translate-address enabled
    translate-port enabled
}
ltm virtual-address /Common/192.0.2.100 {
    address 192.0.2.100
    arp enabled
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;

function ofPool(keys: object): object {
  return { pools: [{ name: '/Common/app', ...keys }] };
}

export const f5Appliance: ApplianceVendor = {
  vendor: 'f5',
  label: 'BIG-IP',
  start: async () => {
    const device = await startF5({
      config,
      accounts: {
        steelyard: { password, shell: 'bash', role: 'resource-admin' },
        watcher: { password, shell: 'tmsh', role: 'guest' },
      },
    });
    return {
      ...device,
      otherHand: () => {
        device.run('modify ltm pool /Common/app description theirs');
      },
    };
  },
  pusher: 'steelyard',
  reader: 'watcher',
  pool: '/Common/app',
  members: ['/Common/w1:80', '/Common/w2:80'],
  model: {
    virtualServers: [{ name: '/Common/shop', listen: ['192.0.2.100:443'], pool: '/Common/app' }],
    pools: [
      {
        name: '/Common/app',
        members: [
          { name: '/Common/w1:80', address: '192.0.2.1', port: 80 },
          { name: '/Common/w2:80', address: '192.0.2.2', port: 80 },
        ],
        monitors: ['/Common/deep'],
      },
    ],
  },
  unmodelled: 'ltm virtual-address /Common/192.0.2.100',
  change: {
    desired: {
      monitors: [{ name: '/Common/deep', type: 'http', path: '/ready' }],
      ...ofPool({
        algorithm: 'round-robin',
        members: [
          { name: '/Common/w1:80', weight: 3 },
          { name: '/Common/w3:80', address: '192.0.2.3', port: 80 },
        ],
      }),
      virtualServers: [{ name: '/Common/shop', persistence: { method: 'source-ip', timeoutMs: 600_000 } }],
    },
    says: [
      /^ltm node \/Common\/w3 \{\n +address 192\.0\.2\.3\n/m,
      /^ +\/Common\/w1:80 \{\n +address 192\.0\.2\.1\n +ratio 3\n/m,
      /^ +load-balancing-mode ratio-member$/m,
      /^ +send "GET \/ready\\r\\n"$/m,
      /^ltm persistence source-addr \/Common\/shop_persist \{[^}]*timeout 600\n/m,
      /^ +persist \{\n +\/Common\/shop_persist \{\n +default yes\n/m,
    ],
  },
  saving: ['save sys config'],
  removal: { desired: ofPool({ members: [{ name: '/Common/w3:80', absent: true }] }), says: [] },
  draining: /^ +\/Common\/w2:80 \{\n +address 192\.0\.2\.2\n +session user-disabled\n/m,
  walk: {
    there: {
      desired: ofPool({
        algorithm: { name: 'least-connections', weighted: false },
        members: [
          { name: '/Common/w1:80', weight: 9 },
          { name: '/Common/w2:80', adminState: 'draining' },
          { name: '/Common/w4:80', address: '192.0.2.4', port: 80 },
        ],
      }),
      says: [/least-connections-member/, / ratio 9\n/, / session user-disabled\n/, / \/Common\/w4:80 \{/],
    },
    back: {
      desired: ofPool({
        algorithm: 'round-robin',
        members: [
          { name: '/Common/w1:80', weight: 3 },
          { name: '/Common/w2:80', adminState: 'enabled' },
          { name: '/Common/w4:80', absent: true },
        ],
      }),
      says: [/ratio-member/, / ratio 3\n/, /^(?![^]*(?:user-disabled|\/Common\/w4:80))/],
    },
  },
  refused: { desired: ofPool({ monitors: ['/Common/none'] }), says: [/\/Common\/none/] },
  forbidden: /01070822:3: Access Denied/,
  looks: /^(?:tmsh|show|list|cd)\b/,
};
