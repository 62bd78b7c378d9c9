import { type ApplianceOptions, type Appliance, makeAppliance } from '../../../../src-main/simulate/f5/appliance.ts';
import { openTmsh, type Tmsh } from '../../../../src-main/simulate/f5/tmsh.ts';

/** A small bigip.conf of the tests, as a device of 15.1 writes it. */
export const shop = `#TMSH-VERSION: 15.1.8.2

ltm node /Common/192.0.2.2 {
    address 192.0.2.2
}
ltm node /Common/spare {
    address 192.0.2.3
}
ltm node /Common/w1 {
    address 192.0.2.1
}
ltm pool /Common/idle { }
ltm pool /Common/web {
    load-balancing-mode ratio-member
    members {
        /Common/192.0.2.2:8080 {
            address 192.0.2.2
        }
        /Common/w1:80 {
            address 192.0.2.1
            ratio 3
        }
    }
    monitor /Common/probe
}
ltm monitor http /Common/probe {
    defaults-from /Common/http
    send "GET /health HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
}
ltm monitor tcp /Common/unused {
    defaults-from /Common/tcp
}
ltm virtual /Common/shop {
    creation-time 2020-09-17:08:50:22
    destination /Common/192.0.2.100:443
    ip-protocol tcp
    last-modified-time 2020-09-17:08:50:22
    mask 255.255.255.255
    pool /Common/web
    profiles {
        /Common/http { }
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

export const noon = new Date('2024-02-03T12:00:00Z');

export function startShop(more: Partial<ApplianceOptions> = {}): {
  readonly appliance: Appliance;
  readonly tmsh: Tmsh;
} {
  const appliance = makeAppliance({ config: shop, now: () => noon, ...more });
  return { appliance, tmsh: tmshOf(appliance) };
}

export function tmshOf(appliance: Appliance, role = 'admin'): Tmsh {
  return openTmsh(appliance, { user: 'admin', role, watch: (_command, act) => act() });
}
