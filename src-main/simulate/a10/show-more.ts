import type { Device } from './device.ts';
import { groupsOf, serversOf, virtualServersOf } from './health.ts';
import { missing } from './refusal.ts';
import { findStatement, type Statement, statementsOf, wordsOf } from './tree.ts';

/** Monitors, whether something is probed by them, and their times; `ping` is there by itself. The layout is from memory of the device. */
export function showMonitors(device: Device, partition: string, name: string | undefined): string {
  const config = device.config(partition);
  const all = [{ text: 'health monitor ping', children: [] }, ...statementsOf(config, 'health monitor')].filter(
    ({ text }) => name === undefined || wordsOf(text)[2] === name,
  );
  if (all.length === 0) throw missing(`health monitor ${name ?? ''}`);
  const used = new Set(usesIn(config));
  const rows = all.map(({ text, children }) => {
    const [, , own = ''] = wordsOf(text);
    const method = wordsOf(findStatement(children, 'method')?.text ?? 'method icmp')[1] ?? 'icmp';
    const [, interval = '5', , timeout = '5'] = wordsOf(findStatement(children, 'interval')?.text ?? '');
    const cells = [interval, valueOf(children, 'retry', '3'), timeout, valueOf(children, 'up-retry', '1')];
    const state = own === 'ping' || used.has(own) ? 'In use' : 'Idle';
    return `${own.padEnd(17)}${cells.map((cell) => cell.padEnd(11)).join('')}${method.toUpperCase().padEnd(9)}${state}\n`;
  });
  return (
    '                    Idle = Not used by any server  In use = Used by server\n' +
    'Monitor Name     Interval   Retries    Timeout    Up-Retries Method   Status\n' +
    `${'-'.repeat(77)}\n${rows.join('')}`
  );
}

function valueOf(children: readonly Statement[], word: string, normal: string): string {
  return wordsOf(findStatement(children, word)?.text ?? '')[1] ?? normal;
}

function usesIn(statements: readonly Statement[]): readonly string[] {
  return statements.flatMap(({ text, children }) => [
    ...(text.startsWith('health-check ') ? [wordsOf(text)[1] ?? ''] : []),
    ...usesIn(children),
  ]);
}

/** Virtual servers with their ports, groups and members. The layout is from memory of the device. */
export function showBindings(device: Device, partition: string, name: string | undefined): string {
  const config = device.config(partition);
  const virtuals = virtualServersOf(config, device.probe).filter((one) => name === undefined || one.name === name);
  if (name !== undefined && virtuals.length === 0) throw missing(`slb virtual-server ${name}`);
  const groups = groupsOf(config, device.probe);
  const servers = serversOf(config, device.probe);
  const blocks = virtuals.map((virtual) => {
    const ports = virtual.ports.map(({ port, protocol, group: groupName, state }) => {
      const group = groups.find((one) => one.name === groupName);
      const members = (group?.members ?? []).map((one) => {
        const address = servers.find((server) => server.name === one.server)?.address ?? '';
        return `          +${`${one.server}:${one.port}`.padEnd(16)}${address.padEnd(20)}State : ${one.state}\n`;
      });
      const bound = group === undefined ? '' : ` ====>${group.name} State :${group.state}`;
      return `    +port ${port}  ${protocol}${bound === '' ? ` State :${state}` : bound}\n${members.join('')}`;
    });
    return `*Virtual Server :${virtual.name} ${virtual.address}  ${virtual.state}\n\n${ports.join('')}\n`;
  });
  return `Total Number of Virtual Services configured: ${virtuals.flatMap(({ ports }) => ports).length}\n${'-'.repeat(82)}\n${blocks.join('')}`;
}
