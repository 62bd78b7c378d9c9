import { expect, test } from 'vitest';
import { sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { samplesOf } from '../../../../src-main/vendors/a10/stats.ts';

// Columns and words as vThunder 4.1.4 and AX 1000 list them (public transcripts); names and figures are made up.
const virtualServers = `Total Number of Virtual Services configured: 5
Virtual Server Name      IP              Current    Total      Request  Response Peak
Service-Group            Service         connection connection packets  packets  connection
----------------------------------------------------------------------------------------
*orchard(A) 192.0.2.80        All Up

   port 443  https                       3          184        35741    133283   9
web                      443/https       3          146        35338    133283   0
Total received conn attempts on this port: 184
   port 53  udp                          0          2          4        4        0
   port 53  dns-udp                      1          7          4        4        0

*pears 2001:db8:20::80  Partial Up

   port 80  http                         0          12         84       72       0
web                      80/http         0          12         72       48       0
Total received conn attempts on this port: 12

*plums 2001:db8:20::81Disabled

   port 80  http                         0          1          2        3        0

*figs 192.0.2.82  Down

   port 80  http                         0          0          0        0        0
`;
const groups = `Total Number of Service Groups configured: 2
                   Current = Current Connections, Total = Total Connections
                   Fwd-p = Forward packets, Rev-p = Reverse packets
                   Peak-c = Peak connections
Service Group Name
Service                         Current    Total      Fwd-p     Rev-p     Peak-c
-----------------------------------------------------------------------------------
*web                  State: Functional Up
apple1:80                       3          97         26958     101801    7
apple2:80                       0          49         8380      31482     0
S:1:53                          0          5          6         7         0

*error_page           State: Down
apple2:81                       0          0          0         0         0
`;
const servers = `Total Number of Servers configured: 3
Total Number of Services configured: 5
                   Current = Current Connections, Total = Total Connections
                   Fwd-pkt = Forward packets, Rev-pkt = Reverse packets
Service                   Current    Total      Fwd-pkt    Rev-pkt    Peak-conn  State
---------------------------------------------------------------------------------------
apple1:80/tcp             3          97         26958      101801     0          Up
apple1: Total             3          97         26958      101801     0          Up

apple2:80/tcp             0          49         8380       31482      0          Down
apple2:81/tcp             0          0          0          0          0          Down
apple2: Total             0          49         8380       31482      0          Disabled

S:1:53/tcp                0          5          6          7          0          Down
S:1:53/udp                0          5          6          7          0          Up
S:1: Total                0          5          6          7          0          Up
`;

test('virtual ports, groups and members are told with their states and connections', () => {
  const { virtualServers: found, pools } = samplesOf([{ partition: '', answers: [virtualServers, groups, servers] }]);
  expect(found).toEqual([
    {
      name: 'orchard:443',
      address: '192.0.2.80',
      port: 443,
      health: 'up',
      currentConnections: 3,
      totalConnections: '184',
    },
    { name: 'orchard:53', address: '192.0.2.80', port: 53, health: 'up', currentConnections: 0, totalConnections: '2' },
    {
      name: 'orchard:53/dns-udp',
      address: '192.0.2.80',
      port: 53,
      health: 'up',
      currentConnections: 1,
      totalConnections: '7',
    },
    { name: 'pears:80', address: '2001:db8:20::80', port: 80, currentConnections: 0, totalConnections: '12' },
    {
      name: 'plums:80',
      address: '2001:db8:20::81',
      port: 80,
      adminState: 'disabled',
      currentConnections: 0,
      totalConnections: '1',
    },
    { name: 'figs:80', address: '192.0.2.82', port: 80, health: 'down', currentConnections: 0, totalConnections: '0' },
  ]);
  expect(pools).toEqual([
    {
      name: 'web',
      health: 'up',
      members: [
        { name: 'apple1:80', port: 80, health: 'up', currentConnections: 3, totalConnections: '97' },
        {
          name: 'apple2:80',
          port: 80,
          health: 'down',
          adminState: 'disabled',
          currentConnections: 0,
          totalConnections: '49',
        },
        // Its server has the number by TCP and by UDP, in two states.
        { name: 'S:1:53', port: 53, currentConnections: 0, totalConnections: '5' },
      ],
    },
    {
      name: 'error_page',
      health: 'down',
      members: [
        {
          name: 'apple2:81',
          port: 81,
          health: 'down',
          adminState: 'disabled',
          currentConnections: 0,
          totalConnections: '0',
        },
      ],
    },
  ]);
});

test('what stands in a partition carries its name; what is no such listing is nothing', () => {
  const all = samplesOf([
    { partition: 'north', answers: [virtualServers, groups, servers] },
    { partition: '', answers: ['% Unrecognized command', '', 'nonsense: 1 2 3'] },
  ]);
  expect(all.virtualServers[0]?.name).toBe('north/orchard:443');
  expect(all.pools.map(({ name, members }) => [name, members[0]?.name])).toEqual([
    ['north/web', 'north/apple1:80'],
    ['north/error_page', 'north/apple2:81'],
  ]);
  expect(
    sampleSchema.parse({ at: '2026-01-01T00:00:00.000Z', device: { vendor: 'a10' }, ...all, errors: [] }),
  ).toBeDefined();
});
