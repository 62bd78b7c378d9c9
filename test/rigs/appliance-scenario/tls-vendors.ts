import { readFileSync } from 'node:fs';
import { put } from '../../../src-main/simulate/a10/pki.ts';
import { startA10 } from '../../../src-main/simulate/a10/start.ts';
import { startF5 } from '../../../src-main/simulate/f5/start.ts';
import { startNetscaler } from '../../../src-main/simulate/netscaler/start.ts';
import type { SshDevice } from '../../../src-main/simulate/ssh-device.ts';
import type { IssuedCertificate } from '../certificates.ts';
import { password } from './site.ts';

/** A simulated appliance that serves TLS, with what it says of itself. */
export interface TlsAppliance extends SshDevice {
  readonly running: () => string;
  readonly saved: () => string;
  /** Every command that came, as the device read it. */
  readonly commands: () => readonly string[];
  /** Files that certificates are brought in, by path. */
  readonly brought: () => readonly string[];
}

/** What a simulated appliance is made of: a port in clear and one by TLS before the same members, and certificates that it has. */
export interface TlsSite {
  readonly port: number;
  readonly tlsPort: number;
  readonly members: readonly number[];
  /** Installed on a device that has none by itself, the second beside it where it takes none by its command line. */
  readonly first: IssuedCertificate;
  readonly second: IssuedCertificate;
}

export interface TlsVendor {
  readonly vendor: 'f5' | 'netscaler' | 'a10';
  readonly label: string;
  readonly start: (site: TlsSite) => Promise<TlsAppliance>;
  readonly pool: string;
  /** The virtual server by TLS. */
  readonly virtual: (port: number) => string;
  readonly member: (port: number) => string;
  readonly weighted: object | string;
  /** The certificate that is shown at the start. */
  readonly certificate: string;
  /** `suite` of test/live/cli-appliance-tls.test.ts by the device's name. */
  readonly suite: string;
  /** Commands that look, or that move between modes. */
  readonly looks: RegExp;
  /** Its configuration without what says no more than what holds anyway. */
  readonly plain: (text: string) => string;
}

/** The policies of docs/appliances.md, with what certificates take. */
const policies = [
  /^(?:show|stat)\s.*/,
  /^(?:(?:add|set|unset|rm|bind|unbind|enable|disable)\s+(?:server|service|serviceGroup|lb\s+(?:vserver|monitor)|ssl\s+(?:certKey|vserver|profile))\s.*|save\s+(?:ns\s+)?config$)/,
  /^(?:scp\s|shell\s+rm\s+-f\s|(?:update|link|unlink)\s+ssl\s+certKey\s)/,
];

export const tlsVendors: Readonly<Record<TlsVendor['vendor'], TlsVendor>> = {
  f5: {
    vendor: 'f5',
    label: 'BIG-IP',
    start: async (site) => {
      const account = { password, shell: 'bash', role: 'resource-admin' } as const;
      const device = await startF5({ config: bigip(site), accounts: { steelyard: account }, carries: true });
      return { ...device, brought: () => device.files.below('/var/tmp') };
    },
    pool: '/Common/app',
    virtual: () => '/Common/safe',
    member: (port) => `/Common/127.0.0.1:${port}`,
    weighted: 'round-robin',
    certificate: '/Common/default.crt',
    suite: 'ECDHE-ECDSA-AES128-SHA256',
    looks: /^(?:show|list) /,
    // No word of tmsh takes a setting back to its parent's: the same value is said.
    plain: (text) => text.replaceAll(/^ +ciphers DEFAULT\n/gm, ''),
  },
  netscaler: {
    vendor: 'netscaler',
    label: 'NetScaler ADC',
    start: async (site) => {
      const device = await startNetscaler({
        config: netscaler(site),
        accounts: { steelyard: password },
        policies: { steelyard: policies },
        files: {
          '/nsconfig/ssl/site.pem': readFileSync(site.first.certFile, 'utf8'),
          '/nsconfig/ssl/site.key': readFileSync(site.first.keyFile, 'utf8'),
        },
        carries: true,
      });
      return { ...device, brought: () => device.files.below('/nsconfig/ssl') };
    },
    pool: 'web/app',
    virtual: () => 'safe',
    member: (port) => `local:${port}`,
    weighted: 'round-robin',
    certificate: 'site',
    suite: 'TLS1.2-ECDHE-ECDSA-AES128-SHA256',
    looks: /^(?:show|stat) /,
    plain: (text) =>
      text.replaceAll(/^(?:# Last modified .*|set ssl vserver safe -ssl3 DISABLED|bind .* DEFAULT)\n/gm, ''),
  },
  a10: {
    vendor: 'a10',
    label: 'A10 Thunder',
    start: async (site) => {
      const device = await startA10({ config: thunder(site), accounts: { steelyard: password }, carries: true });
      for (const [name, issued] of [
        ['site', site.first],
        ['next', site.second],
      ] as const) {
        put(device.device.pki('shared'), 'cert', name, readFileSync(issued.certFile, 'utf8'), false);
        put(device.device.pki('shared'), 'key', name, readFileSync(issued.keyFile, 'utf8'), false);
      }
      await device.settle();
      return { ...device, commands: () => device.commands().map(({ line }) => line), brought: () => [] };
    },
    pool: 'app',
    virtual: (port) => `shop:${port}`,
    member: (port) => `local:${port}`,
    weighted: { name: 'round-robin', weighted: true, per: 'member' },
    certificate: 'site',
    suite: 'ECDHE-ECDSA-AES128-SHA256',
    looks: /^(?:show |enable$|terminal length|secret|exit|end$)/,
    plain: (text) => text,
  },
};

function bigip({ port, tlsPort, members }: TlsSite): string {
  const list = members.map((each) => `        /Common/127.0.0.1:${each} {\n            address 127.0.0.1\n        }\n`);
  function virtual(name: string, at: number, profile: string): string {
    return `ltm virtual /Common/${name} {
    destination /Common/127.0.0.1:${at}
    ip-protocol tcp
    mask 255.255.255.255
    pool /Common/app
    profiles {
        /Common/http { }
${profile}        /Common/tcp { }
    }
    source 0.0.0.0/0
}
`;
  }
  return `ltm node /Common/127.0.0.1 {
    address 127.0.0.1
}
ltm pool /Common/app {
    members {
${list.join('')}    }
}
ltm profile client-ssl /Common/site {
    cert-key-chain {
        site {
            cert /Common/default.crt
            key /Common/default.key
        }
    }
    defaults-from /Common/clientssl
    options { dont-insert-empty-fragments }
}
${virtual('safe', tlsPort, '        /Common/site {\n            context clientside\n        }\n')}${virtual('web', port, '')}ltm virtual-address /Common/127.0.0.1 {
    address 127.0.0.1
    mask 255.255.255.255
    traffic-group /Common/traffic-group-1
}
`;
}

function netscaler({ port, tlsPort, members }: TlsSite): string {
  return `#NS13.1 Build 37.38
add server local 127.0.0.1
add serviceGroup app HTTP -maxClient 0 -maxReq 0 -cip DISABLED -usip NO
add ssl certKey site -cert site.pem -key site.key
add lb vserver web HTTP 127.0.0.1 ${port} -persistenceType NONE -lbMethod ROUNDROBIN -cltTimeout 180
add lb vserver safe SSL 127.0.0.1 ${tlsPort} -persistenceType NONE -cltTimeout 180
bind lb vserver web app
bind lb vserver safe app
${members.map((each) => `bind serviceGroup app local ${each}\n`).join('')}bind ssl vserver safe -certkeyName site
`;
}

function thunder({ port, tlsPort, members }: TlsSite): string {
  return `!64-bit Advanced Core OS (ACOS) version 4.1.4-GR1, build 78 (Jan-18-2019,16:02)
!
slb server local 127.0.0.1
${members.map((each) => `  port ${each} tcp\n`).join('')}!
slb service-group app tcp
${members.map((each) => `  member local ${each}\n`).join('')}!
slb template client-ssl safe
  cert site
  key site
!
slb virtual-server shop 127.0.0.1
  port ${port} http
    service-group app
  port ${tlsPort} https
    service-group app
    template client-ssl safe
!
end
`;
}
