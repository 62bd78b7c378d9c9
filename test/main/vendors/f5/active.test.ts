import { expect, test } from 'vitest';
import type { HostSession } from '../../../../src-main/transports/transport.ts';
import { activeUnitsOf } from '../../../../src-main/vendors/f5/active.ts';
import { openBigip } from '../../../../src-main/vendors/f5/driver.ts';

const { signal } = new AbortController();

/** As of a pair with two groups, each active on one unit. */
const table = `
-------------------------------------------------------------
CM::Traffic-Group
Name                      Device               Status   Next
                                                        Active
-------------------------------------------------------------
traffic-group-1           bigip1.example.com   active   false
traffic-group-1           bigip2.example.com   standby  true
traffic-group-2           bigip1.example.com   standby  true
traffic-group-2           bigip2.example.com   active   false
traffic-group-local-only  -                    -        -
`;
const listing = `cm device Common/bigip1.example.com {
    self-device true
}
cm device Common/bigip2.example.com {
    self-device false
}
ltm virtual-address Common/192.0.2.1 {
    address 192.0.2.1
    traffic-group Common/traffic-group-1
}
ltm virtual-address Common/192.0.2.2 {
    address 192.0.2.2
    traffic-group Common/traffic-group-2
}
ltm virtual-address Common/192.0.2.3 {
    address 192.0.2.3
    traffic-group none
}
ltm virtual Common/here {
    destination Common/192.0.2.1:http
    pool Common/both
}
ltm virtual Common/there {
    destination Common/192.0.2.2:http
    pool Common/both
}
ltm virtual Common/there2 {
    destination Common/192.0.2.2:https
    pool Common/theirs
}
ltm virtual Common/alone {
    destination Common/192.0.2.3:https
}
`;
function pool(name: string): string {
  return `ltm pool Common/${name} {
 members {
  Common/a:http {
   addr 10.0.0.1
   port http
   serverside.bits-in 80
   serverside.cur-conns 0
   serverside.tot-conns 0
   session-status enabled
   status.availability-state available
   tot-requests 0
  }
 }
 serverside.cur-conns 0
 status.availability-state available
}
`;
}
function virtual(name: string): string {
  return `ltm virtual Common/${name} {
 clientside.bits-in 80
 clientside.cur-conns 0
 clientside.tot-conns 0
 status.availability-state available
 status.enabled-state enabled
 tot-requests 0
}
`;
}
const statistics = [...['both', 'theirs', 'none'].map(pool), ...['here', 'there', 'there2', 'alone'].map(virtual)].join(
  '',
);

function open(groups: string) {
  const sent: string[] = [];
  let nowMs = 0;
  const host: HostSession = {
    exec: (command) => {
      sent.push(command);
      const said = command.includes('show sys version')
        ? '  Version     15.1.8\n'
        : command.includes('show ltm pool')
          ? `${statistics}${groups}`
          : listing;
      return Promise.resolve({ code: 0, signal: null, stdout: Buffer.from(said), stderr: Buffer.alloc(0) });
    },
    readFile: () => Promise.reject(new Error('not used')),
    request: () => Promise.reject(new Error('not used')),
    isOpen: () => true,
    close: () => undefined,
  };
  const device = openBigip(host, {
    now: () => new Date(nowMs),
    sleep: () => Promise.resolve(),
    sha256: () => '',
    certificate: () => undefined,
  });
  return { device, sent, later: (ms: number) => (nowMs += ms) };
}

test('what another unit serves has no figures here, and says which unit has them', async () => {
  const { device } = open(table);
  const { virtualServers, pools } = await device.poll(signal);
  const unit = 'bigip2.example.com';
  expect(virtualServers.map((one) => [one.name, one.activeOn, one.health, one.totalConnections, one.bytesIn])).toEqual([
    ['/Common/here', undefined, 'up', '0', '10'],
    ['/Common/there', unit, 'up', undefined, undefined],
    ['/Common/there2', unit, 'up', undefined, undefined],
    ['/Common/alone', undefined, 'up', '0', '10'],
  ]);
  expect(pools.map(({ name, activeOn, currentConnections }) => [name, activeOn, currentConnections])).toEqual([
    ['/Common/both', undefined, 0],
    ['/Common/theirs', unit, undefined],
    ['/Common/none', undefined, 0],
  ]);
  expect(pools[1]?.members).toEqual([
    { name: '/Common/a:80', address: '10.0.0.1', port: 80, health: 'up', adminState: 'enabled' },
  ]);
});

test('a failover is seen at the next poll; where things are is asked for once in five minutes', async () => {
  const { device, sent, later } = open(table);
  await device.poll(signal);
  await device.poll(signal);
  later(299_999);
  await device.poll(signal);
  function asked(): number {
    return sent.filter((line) => line.includes('list ltm virtual-address')).length;
  }
  expect(asked()).toBe(1);
  later(1);
  await device.poll(signal);
  expect(asked()).toBe(2);
});

test('a unit by itself counts all of its traffic and is not asked where things are', async () => {
  const single = table.replaceAll(/^traffic-group-\d +bigip2.*\n/gm, '');
  expect(activeUnitsOf(single)).toEqual({
    active: new Map([['traffic-group-1', 'bigip1.example.com']]),
    hasPeers: false,
  });
  const { device, sent } = open(single);
  const { virtualServers } = await device.poll(signal);
  expect(virtualServers.every((one) => one.activeOn === undefined && one.totalConnections === '0')).toBe(true);
  expect(sent.some((line) => line.includes('list ltm virtual-address'))).toBe(false);
});
