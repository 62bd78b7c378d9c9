import { startA10 } from '../../../src-main/simulate/a10/start.ts';
import { startF5 } from '../../../src-main/simulate/f5/start.ts';
import { startNetscaler } from '../../../src-main/simulate/netscaler/start.ts';
import type { SshDevice } from '../../../src-main/simulate/ssh-device.ts';
import { password } from './site.ts';

export interface CarryingAppliance extends SshDevice {
  readonly snmpPort: number | undefined;
}

/** A simulated appliance that carries traffic from one port of loopback to members on others, and the names that it gives them. */
export interface TrafficVendor {
  readonly vendor: 'f5' | 'netscaler' | 'a10';
  readonly label: string;
  readonly start: (port: number, members: readonly number[]) => Promise<CarryingAppliance>;
  readonly pool: string;
  readonly virtual: (port: number) => string;
  readonly member: (port: number) => string;
  /** The algorithm that looks at weights. */
  readonly weighted: object | string;
}

const common = { snmp: { community: 'public' }, carries: true };

export const trafficVendors: readonly TrafficVendor[] = [
  {
    vendor: 'f5',
    label: 'BIG-IP',
    start: (port, members) =>
      startF5({ config: bigip(port, members), accounts: { steelyard: { password, shell: 'bash' } }, ...common }),
    pool: '/Common/app',
    virtual: () => '/Common/shop',
    member: (port) => `/Common/127.0.0.1:${port}`,
    weighted: 'round-robin',
  },
  {
    vendor: 'netscaler',
    label: 'NetScaler ADC',
    start: (port, members) =>
      startNetscaler({ config: netscaler(port, members), accounts: { steelyard: password }, ...common }),
    pool: 'shop/app',
    virtual: () => 'shop',
    member: (port) => `local:${port}`,
    weighted: 'round-robin',
  },
  {
    vendor: 'a10',
    label: 'A10 Thunder',
    start: (port, members) =>
      startA10({ config: thunder(port, members), accounts: { steelyard: password }, ...common }),
    pool: 'app',
    virtual: (port) => `shop:${port}`,
    member: (port) => `local:${port}`,
    weighted: { name: 'round-robin', weighted: true, per: 'member' },
  },
];

function bigip(port: number, members: readonly number[]): string {
  const list = members.map((each) => `        /Common/127.0.0.1:${each} {\n            address 127.0.0.1\n        }\n`);
  return `ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm pool /Common/app {
    members {
${list.join('')}    }
}
ltm virtual /Common/shop {
    destination /Common/127.0.0.1:${port}
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/tcp { }
    }
    source 0.0.0.0/0
}
ltm virtual-address /Common/127.0.0.1 {
    address 127.0.0.1
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;
}

function netscaler(port: number, members: readonly number[]): string {
  const list = members.map((each) => `bind serviceGroup app local ${each}\n`);
  return `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver shop HTTP 127.0.0.1 ${port} -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver shop app
${list.join('')}`;
}

function thunder(port: number, members: readonly number[]): string {
  return `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
slb server local 127.0.0.1
${members.map((each) => `  port ${each} tcp\n`).join('')}!
slb service-group app tcp
${members.map((each) => `  member local ${each}\n`).join('')}!
slb virtual-server shop 127.0.0.1
  port ${port} http
    service-group app
!
end
`;
}
