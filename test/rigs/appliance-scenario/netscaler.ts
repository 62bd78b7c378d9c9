import { startNetscaler } from '../../../src-main/simulate/netscaler/start.ts';
import type { ApplianceVendor } from './appliance.ts';
import { password } from './site.ts';

const config = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
bind serviceGroup app w1 80 -CustomServerID "\\"None\\""
bind serviceGroup app w2 80 -CustomServerID "\\"None\\""
`;

/** The policies of docs/appliances.md. */
const reading = /^(?:show|stat)\s.*/;
const pushing =
  /^(?:(?:add|set|unset|rm|bind|unbind|enable|disable)\s+(?:server|service|serviceGroup|lb\s+(?:vserver|monitor)|ssl\s+(?:certKey|vserver|profile))\s.*|save\s+(?:ns\s+)?config$)/;

function ofPool(keys: object): object {
  return { pools: [{ name: 'shop/app', ...keys }] };
}

export const netscalerAppliance: ApplianceVendor = {
  vendor: 'netscaler',
  label: 'NetScaler ADC',
  start: async () => {
    const device = await startNetscaler({
      config,
      accounts: { steelyard: password, watcher: password },
      policies: { steelyard: [reading, pushing], watcher: [reading] },
    });
    return {
      ...device,
      otherHand: () => {
        device.run('set serviceGroup app -comment theirs');
      },
    };
  },
  pusher: 'steelyard',
  reader: 'watcher',
  pool: 'shop/app',
  members: ['w1:80', 'w2:80'],
  model: {
    virtualServers: [{ name: 'shop', listen: ['192.0.2.100:80'], pool: 'shop/app' }],
    pools: [
      {
        name: 'shop/app',
        algorithm: { name: 'round-robin' },
        members: [
          { name: 'w1:80', address: '192.0.2.1', port: 80 },
          { name: 'w2:80', address: '192.0.2.2', port: 80 },
        ],
      },
    ],
  },
  unmodelled: 'set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0',
  change: {
    desired: {
      ...ofPool({
        algorithm: 'least-bandwidth',
        members: [
          { name: 'w1:80', weight: 3 },
          { name: 'w3:80', address: '192.0.2.3', port: 80 },
        ],
      }),
      virtualServers: [{ name: 'shop', persistence: { method: 'source-ip', timeoutMs: 600_000 } }],
    },
    says: [
      /^add server w3 192\.0\.2\.3$/m,
      /^bind serviceGroup app w3 80/m,
      /^bind serviceGroup app w1 80 -weight 3/m,
      /^add lb vserver shop .*-persistenceType SOURCEIP -timeout 10 .*-lbMethod LEASTBANDWIDTH/m,
    ],
  },
  saving: ['save ns config'],
  removal: { desired: ofPool({ members: [{ name: 'w3:80', absent: true }] }), says: [] },
  draining: /^bind serviceGroup app w2 80 .*-state DISABLED/m,
  walk: {
    there: {
      desired: ofPool({
        algorithm: 'source-ip-hash',
        members: [
          { name: 'w1:80', weight: 9 },
          { name: 'w2:80', adminState: 'draining' },
          { name: 'w4:80', address: '192.0.2.4', port: 80 },
        ],
      }),
      says: [/-lbMethod SOURCEIPHASH/, / w1 80 -weight 9/, / w2 80 .*-state DISABLED/, / w4 80/],
    },
    back: {
      desired: ofPool({
        algorithm: 'round-robin',
        members: [
          { name: 'w1:80', weight: 3 },
          { name: 'w2:80', adminState: 'enabled' },
          { name: 'w4:80', absent: true },
        ],
      }),
      says: [
        /-lbMethod ROUNDROBIN/,
        / w1 80 -weight 3/,
        / w2 80 (?!.*DISABLED)/,
        /^(?![^]*bind serviceGroup app w4 80)/,
      ],
    },
  },
  refused: {
    desired: { virtualServers: [{ name: 'shop', persistence: { method: 'source-ip', timeoutMs: 120_000_000 } }] },
    says: [/ERROR: /],
  },
  forbidden: /Not authorized to execute this command \[/,
  looks: /^(?:show|stat) /,
};
