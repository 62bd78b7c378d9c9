import type { Counters } from '../traffic.ts';
import { noTraffic, sumOf } from '../traffic.ts';
import { type Device, shared, type Statements } from './device.ts';
import { groupsOf, memberName, serversOf, virtualServersOf, vportName } from './health.ts';
import { missing } from './refusal.ts';
import { renderStatements, wordsOf } from './tree.ts';

/** `show running-config` of a partition, with the comments around it. */
export function showRunning(device: Device, partition: string): string {
  return configText(device, device.config(partition), partition);
}

export function showStartup(device: Device, partition: string): string {
  return configText(device, device.startup(partition), partition);
}

function configText(device: Device, config: Statements, partition: string): string {
  const body = renderStatements(config);
  const id = partition === shared ? 0 : partitionId(device, partition);
  return [
    `!Current configuration: ${body.length} bytes`,
    `!Configuration last updated at ${stampOf(device.updatedAt())}`,
    `!Configuration last saved at ${stampOf(device.savedAt())}`,
    `!64-bit Advanced Core OS (ACOS) version ${device.version}`,
    '!',
    `${body}!`,
    'end',
    `!Current config commit point for partition ${id} is 0 & config mode is classical-mode`,
    '',
  ].join('\n');
}

function partitionId(device: Device, name: string): number {
  const line = device.config(shared).find(({ text }) => text.startsWith(`partition ${name} id `));
  return Number(wordsOf(line?.text ?? '')[3] ?? 1);
}

/** `15:16:42 GMT Thu Sep 12 2019`. */
function stampOf(time: Date): string {
  const [day = '', date = '', month = '', year = '', clock = ''] = time.toUTCString().split(/,? /);
  return `${clock} GMT ${day} ${month} ${Number(date)} ${year}`;
}

export function showVersion(device: Device): string {
  const minutes = Math.max(0, Math.floor((device.now().getTime() - device.startedAt().getTime()) / 60_000));
  const [release = ''] = device.version.split(' (');
  return `Thunder Series Unified Application Service Gateway vThunder
  Copyright 2007-2019 by A10 Networks, Inc.  All A10 Networks products are
       protected by one or more US patents

      64-bit Advanced Core OS (ACOS) version ${device.version}
        Booted from Hard Disk primary image
      Serial Number: N/A
      aFleX version: 2.0.0
      aXAPI version: 3.0
      Hard Disk primary image (default) version ${release}
      Hard Disk secondary image version ${release}
      Last configuration saved at ${stampOf(device.savedAt())}
      Virtualization type: KVM
      Hardware: 4 CPUs(Stepping 3), Single 20G Hard disk
      Memory 8071 Mbyte, Free Memory 3894 Mbyte
      Hardware Manufacturing Code: N/A
      Current time is ${stampOf(device.now())}
      The system has been up ${Math.floor(minutes / 1440)} days, ${Math.floor(minutes / 60) % 24} hours, ${minutes % 60} minutes
`;
}

function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  name: string | undefined,
  kind: string,
): readonly T[] {
  if (name === undefined) return all;
  const found = all.filter((one) => one.name === name);
  if (found.length === 0) throw missing(`${kind} ${name}`);
  return found;
}

/** Columns of the recorded tables. */
function cells(counted: Counters, widths: readonly number[]): string {
  const values = [counted.current, counted.total, counted.packetsIn, counted.packetsOut, counted.most];
  return values.map((value, at) => String(value).padEnd(widths[at] ?? 10)).join('');
}

export function showServers(device: Device, partition: string, name?: string): string {
  const config = device.config(partition);
  const servers = chosen(serversOf(config, device.probe), name, 'slb server');
  const groups = groupsOf(config, device.probe);
  const head = [
    `Total Number of Servers configured: ${servers.length}`,
    `Total Number of Services configured: ${servers.flatMap(({ ports }) => ports).length}`,
    '                   Current = Current Connections, Total = Total Connections',
    '                   Fwd-pkt = Forward packets, Rev-pkt = Reverse packets',
    'Service                   Current    Total      Fwd-pkt    Rev-pkt    Peak-conn  State',
    '-'.repeat(87),
  ];
  const widths = [11, 11, 11, 11, 11];
  const blocks = servers.map((server) => {
    const rows = server.ports.map(({ port, protocol, state }) => {
      const members = groups.filter((group) =>
        group.members.some((one) => one.server === server.name && one.port === port),
      );
      const counted = sumOf(
        members.map((group) => device.traffic.of(memberName(partition, group.name, server.name, port))),
      );
      return { counted, text: `${`${server.name}:${port}/${protocol}`.padEnd(26)}${cells(counted, widths)}${state}` };
    });
    const total = `${`${server.name}: Total`.padEnd(26)}${cells(sumOf(rows.map(({ counted }) => counted)), widths)}${server.state}`;
    return `${[...rows.map(({ text }) => text), total].join('\n')}\n`;
  });
  return `${head.join('\n')}\n${blocks.join('\n')}\n`;
}

export function showGroups(device: Device, partition: string, name?: string): string {
  const groups = chosen(groupsOf(device.config(partition), device.probe), name, 'slb service-group');
  const head = [
    `Total Number of Service Groups configured: ${groups.length}`,
    '                   Current = Current Connections, Total = Total Connections',
    '                   Fwd-p = Forward packets, Rev-p = Reverse packets',
    '                   Peak-c = Peak connections',
    'Service Group Name',
    'Service                         Current    Total      Fwd-p     Rev-p     Peak-c',
    '-'.repeat(83),
  ];
  const blocks = groups.map((group) => {
    const rows = group.members.map(({ server, port }) => {
      const counted = device.traffic.of(memberName(partition, group.name, server, port));
      return `${`${server}:${port}`.padEnd(32)}${cells(counted, [11, 11, 10, 10, 10]).trimEnd()}\n`;
    });
    return `*${group.name.padEnd(21)}State: ${group.state}\n${rows.join('')}`;
  });
  return `${head.join('\n')}\n${blocks.join('\n')}\n`;
}

export function showVirtualServers(device: Device, partition: string, name?: string): string {
  const virtuals = chosen(virtualServersOf(device.config(partition), device.probe), name, 'slb virtual-server');
  const head = [
    `Total Number of Virtual Services configured: ${virtuals.flatMap(({ ports }) => ports).length}`,
    'Virtual Server Name      IP              Current    Total      Request  Response Peak',
    'Service-Group            Service         connection connection packets  packets  connection',
    '-'.repeat(88),
  ];
  const widths = [11, 11, 9, 9, 10];
  const groups = groupsOf(device.config(partition), device.probe);
  const blocks = virtuals.map((virtual) => {
    const rows = virtual.ports.map(({ port, protocol, group }) => {
      const counted = device.traffic.of(vportName(partition, virtual.name, port, protocol));
      const members = groups.find((one) => one.name === group)?.members ?? [];
      const served = members.map((one) => device.traffic.of(memberName(partition, group, one.server, one.port)));
      const own = `${`   port ${port}  ${protocol}`.padEnd(41)}${cells(counted, widths).trimEnd()}\n`;
      const below =
        group === ''
          ? ''
          : `${group.padEnd(25)}${`${port}/${protocol}`.padEnd(16)}${cells(served.length === 0 ? noTraffic : sumOf(served), widths).trimEnd()}\n`;
      return `${own}${below}Total received conn attempts on this port: ${counted.total}\n`;
    });
    return `${`*${virtual.name} ${virtual.address}`.padEnd(25)}${virtual.state}\n\n${rows.join('')}`;
  });
  return `${head.join('\n')}\n${blocks.join('\n')}\n`;
}

export function showPartitions(device: Device, active: string): string {
  const names = device.partitions().filter((name) => name !== shared);
  const rows = names.map(
    (name) =>
      `${name.padEnd(19)}Yes  ${String(partitionId(device, name)).padEnd(2)} ${name === active ? '*' : ' '}  32          0\n`,
  );
  return `Total Number of partitions configured: ${names.length}\nPartition Name   L3V  Index  Max. Aflex  Admin Count\n${'-'.repeat(52)}\n${rows.join('')}`;
}

/** From memory of the device. */
export function showVrrpA(device: Device): string {
  const role = device.role();
  if (role === undefined) return 'VRRP-A is not enabled\n';
  const local = role === 'Active' ? 'Active' : 'Standby';
  const peer = role === 'Active' ? 'Standby' : 'Active';
  return [
    'vrid 0',
    'Unit          State        Weight     Priority',
    `1 (Local)     ${local.padEnd(13)}65534      150                 ${local === 'Active' ? '*' : ''}`.trimEnd(),
    `              became ${local} at: ${stampOf(device.startedAt())}`,
    `2 (Peer)      ${peer.padEnd(13)}65534      150                 ${peer === 'Active' ? '*' : ''}`.trimEnd(),
    'vrid that is running: 0',
    '',
  ].join('\n');
}

/** Rows of a public transcript of 2.7.1; a device without aVCS says no more than that it is off. */
export function showVcs({ vcs, version }: Device): string {
  if (vcs === undefined) return 'VCS Chassis:\n   VCS Enabled:                               No\n';
  const [release = '', build = ''] = version.split(/, build | \(/);
  const facts = [
    ['VCS Enabled:', 'Yes'],
    ['Chassis ID:', String(vcs.chassis)],
    ['Floating IP:', '192.0.2.20'],
    ['Mask:', '255.255.255.0'],
    ['Multicast IP:', '224.0.0.210'],
    ['Multicast Port:', '41217'],
    ['Version:', `${release}.b${build}`],
  ];
  const other = vcs.role === 'vMaster' ? 'vBlade' : 'vMaster';
  const rows = [1, 2].map((id) => {
    const isLocal = id === vcs.device;
    const state = isLocal ? `${vcs.role}(*)` : other;
    return ` ${String(id).padEnd(4)}${state.padEnd(12)}${'150'.padEnd(9)}${`192.0.2.${10 + id}:41216`.padEnd(39)}${isLocal ? 'Local   ' : 'Remote  '}\n`;
  });
  return (
    `VCS Chassis:\n${facts.map(([name = '', value = '']) => `   ${name.padEnd(43)}${value}\n`).join('')}` +
    `Members(* means local device):\n ID  State       Priority IP:Port                                       Location\n${'-'.repeat(79)}\n` +
    `${rows.join('')}Total: 2\n`
  );
}
