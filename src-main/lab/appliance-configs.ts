import type { LabAppliance } from '../contract/api.ts';

/** Kinds of appliance that the lab can simulate. */
export type ApplianceKind = LabAppliance['kind'];

/** One back end of the lab, as an appliance serves it. */
export interface ApplianceMember {
  readonly port: number;
  readonly weight: number;
}

/** Where the appliance's virtual server stands: a loopback address. */
export interface ApplianceListen {
  readonly host: string;
  readonly port: number;
}

export interface KindOfAppliance {
  readonly label: string;
  /** The account that the console signs in to. */
  readonly account: string;
  /** What the appliance starts from, in its own words: one virtual server before the back ends, each with its weight and a monitor. */
  readonly config: (listen: ApplianceListen, members: readonly ApplianceMember[]) => string;
}

export const appliances: Readonly<Record<ApplianceKind, KindOfAppliance>> = {
  f5: { label: 'F5 BIG-IP', account: 'admin', config: bigipConf },
  netscaler: { label: 'NetScaler ADC', account: 'nsroot', config: nsConf },
  a10: { label: 'A10 Thunder', account: 'admin', config: runningConfig },
};

function bigipConf({ host, port }: ApplianceListen, members: readonly ApplianceMember[]): string {
  const lines = members.map(
    (member) => `        /Common/127.0.0.1:${member.port} {
            address 127.0.0.1
            ratio ${member.weight}
        }
`,
  );
  return `#TMSH-VERSION: 15.1.8.2

sys global-settings {
    hostname lab-bigip.example.com
}
ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm monitor http /Common/lab-health {
    defaults-from /Common/http
    interval 2
    recv "^HTTP/1.1 200"
    send "GET /health HTTP/1.1\\r\\nHost: lab\\r\\n\\r\\n"
    timeout 7
}
ltm pool /Common/app {
    load-balancing-mode ratio-member
    members {
${lines.join('')}    }
    monitor /Common/lab-health
}
ltm virtual /Common/lab-web {
    destination /Common/${host}:${port}
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
        /Common/tcp { }
    }
    source 0.0.0.0/0
    translate-address enabled
    translate-port enabled
}
`;
}

function nsConf({ host, port }: ApplianceListen, members: readonly ApplianceMember[]): string {
  const lines = members.map((member) => `bind serviceGroup app lab ${member.port} -weight ${member.weight}\n`);
  return `#NS13.1 Build 37.38
add server lab 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO -useproxyport YES -cltTimeout 180 -svrTimeout 360 -CKA NO -TCPB NO -CMP NO
add lb vserver lab-web HTTP ${host} ${port} -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
bind lb vserver lab-web app
add lb monitor lab-health HTTP -respCode 200 -httpRequest "GET /health" -LRTM DISABLED -interval 2 -resptimeout 1
${lines.join('')}bind serviceGroup app -monitorName lab-health
`;
}

function runningConfig({ host, port }: ApplianceListen, members: readonly ApplianceMember[]): string {
  const ports = members.map((member) => `  port ${member.port} tcp\n    weight ${member.weight}\n`);
  return `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
hostname lab-thunder
!
health monitor lab-health
  interval 2 timeout 1
  method http url GET /health expect response-code 200
!
slb server lab 127.0.0.1
${ports.join('')}!
slb service-group app tcp
  method service-weighted-rr
  health-check lab-health
${members.map((member) => `  member lab ${member.port}\n`).join('')}!
slb virtual-server lab-web ${host}
  port ${port} http
    service-group app
!
end
`;
}
