import { parseStatements } from '../../src-main/simulate/a10/tree.ts';
import { startA10 } from '../../src-main/simulate/a10/start.ts';
import { startF5 } from '../../src-main/simulate/f5/start.ts';
import { startNetscaler } from '../../src-main/simulate/netscaler/start.ts';

export const password = 'orchard';
export const community = 'pears';

/** A simulated appliance that runs, and what the story asks it of. */
export interface Appliance {
  readonly host: string;
  readonly port: number;
  readonly snmpPort: number | undefined;
  /** `SHA256:...` of its host key. */
  readonly fingerprint: string;
  readonly running: () => string;
  readonly saved: () => string;
  /** Every line that came by SSH. */
  readonly lines: () => readonly string[];
  /** Another hand changes a weight. */
  readonly disturb: () => void;
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

/** One row of the table: the same story is told of each. */
export interface ApplianceKind {
  readonly vendor: 'f5' | 'netscaler' | 'a10';
  /** As the wizard names it. */
  readonly label: string;
  readonly account: string;
  readonly start: () => Promise<Appliance>;
  readonly virtualServer: string;
  readonly pool: string;
  readonly members: readonly [string, string];
}

function f5Node(name: string, address: string): string {
  return `ltm node /Common/${name} {\n    address ${address}\n}\n`;
}
function f5Member(name: string, address: string): string {
  return `        /Common/${name}:80 {\n            address ${address}\n        }\n`;
}
function f5Virtual(name: string, address: string): string {
  return `ltm virtual /Common/${name} {
    destination /Common/${address}:443
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
ltm virtual-address /Common/${address} {
    address ${address}
    arp enabled
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;
}
const f5Config = `${f5Node('w1', '192.0.2.1')}${f5Node('w2', '192.0.2.2')}ltm monitor http /Common/deep {
    defaults-from /Common/http
    interval 5
    send "GET /deep\\r\\n"
    timeout 16
}
ltm pool /Common/app {
    members {
${f5Member('w1', '192.0.2.1')}${f5Member('w2', '192.0.2.2')}    }
    monitor /Common/deep
}
ltm pool /Common/api {
    members {
${f5Member('w1', '192.0.2.1')}    }
    monitor /Common/deep
}
ltm rule /Common/greet {
when HTTP_REQUEST {
    HTTP::header insert X-Greeting "hello"
}
}
ltm profile client-ssl /Common/shop-tls {
    defaults-from /Common/clientssl
}
${f5Virtual('shop', '192.0.2.100')}${f5Virtual('site', '192.0.2.101')}`;

const netscalerConfig = `#NS13.1 Build 37.38
# Last modified by \`save config\`, Mon May 03 12:34:56 2021
set ns config -IPAddress 192.0.2.10 -netmask 255.255.255.0
add server w1 192.0.2.1
add server w2 192.0.2.2
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 192.0.2.100 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
add lb vserver site HTTP 192.0.2.101 80 -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
bind lb vserver site app
add lb monitor deep HTTP -respCode 200 -httpRequest "HEAD /deep"
bind serviceGroup app w1 80 -CustomServerID "\\"None\\""
bind serviceGroup app w2 80 -CustomServerID "\\"None\\""
bind serviceGroup app -monitorName deep
`;

const a10Config = `!Current configuration: 500 bytes
!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
hostname thunder
!
health monitor deep
  method http url GET /deep
!
slb server w1 192.0.2.1
  port 80 tcp
!
slb server w2 192.0.2.2
  port 80 tcp
!
slb service-group app tcp
  health-check deep
  member w1 80
  member w2 80
!
slb service-group api tcp
  member w1 80
!
slb virtual-server shop 192.0.2.100
  port 80 http
    service-group app
!
slb virtual-server site 192.0.2.101
  port 80 http
    service-group app
!
end
`;

export const appliances: readonly ApplianceKind[] = [
  {
    vendor: 'f5',
    label: 'F5 BIG-IP',
    account: 'admin',
    virtualServer: '/Common/shop',
    pool: '/Common/app',
    members: ['/Common/w1:80', '/Common/w2:80'],
    start: async () => {
      const f5 = await startF5({
        config: f5Config,
        accounts: { admin: { password, shell: 'tmsh' } },
        snmp: { community },
        connectionsPerSecond: 40,
      });
      function disturb(): void {
        f5.run('modify ltm pool /Common/app members modify { /Common/w1:80 { ratio 2 } }');
      }
      return { ...f5, lines: f5.commands, disturb };
    },
  },
  {
    vendor: 'netscaler',
    label: 'NetScaler ADC',
    account: 'nsroot',
    virtualServer: 'shop',
    pool: 'shop/app',
    members: ['w1:80', 'w2:80'],
    start: async () => {
      const netscaler = await startNetscaler({
        config: netscalerConfig,
        accounts: { nsroot: password },
        snmp: { community },
        connectionsPerSecond: 40,
      });
      function disturb(): void {
        netscaler.run('set serviceGroup app w1 80 -weight 2');
      }
      return { ...netscaler, lines: netscaler.commands, disturb };
    },
  },
  {
    vendor: 'a10',
    label: 'A10 Thunder',
    account: 'admin',
    virtualServer: 'shop:80',
    pool: 'app',
    members: ['w1:80', 'w2:80'],
    start: async () => {
      const a10 = await startA10({
        config: a10Config,
        accounts: { admin: password },
        snmp: { community },
        connectionsPerSecond: 40,
      });
      function disturb(): void {
        const theirs = a10.running().replace('port 80 tcp\n    weight 3', 'port 80 tcp\n    weight 2');
        a10.device.change('shared', parseStatements(theirs));
      }
      return { ...a10, lines: () => a10.commands().map(({ line }) => line), disturb };
    },
  },
];

export function applianceOf(vendor: ApplianceKind['vendor']): ApplianceKind {
  const found = appliances.find((kind) => kind.vendor === vendor);
  if (found === undefined) throw new Error(`No appliance ${vendor} is simulated.`);
  return found;
}
