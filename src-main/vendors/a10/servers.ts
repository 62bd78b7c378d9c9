import type { DeviceModel, DevicePool, Member } from '../../contract/model.ts';
import { algorithmOf } from './algorithms.ts';
import { type Block, Lines } from './blocks.ts';

export type Node = NonNullable<DeviceModel['nodes']>[number];
type NodePort = NonNullable<Node['ports']>[number];

const serverKeys = new Set(['port', 'conn-limit', 'weight', 'health-check', 'enable', 'disable']);
const portKeys = new Set(['conn-limit', 'weight', 'health-check', 'enable', 'disable', 'disable-with-health-check']);

/** `slb server NAME ADDRESS` with its ports; entered twice, the later lines win. */
export function nodeOf(name: string, heads: readonly Block[]): Node {
  const lines = new Lines(heads.flatMap(({ children }) => children));
  const address = heads.map(({ words }) => words[3]).findLast((word) => word !== undefined) ?? '';
  const ports = new Map<string, Block[]>();
  for (const port of lines.each('port')) {
    const key = port.words.slice(1, 3).join(' ');
    ports.set(key, [...(ports.get(key) ?? []), port]);
  }
  const native = lines.others(serverKeys);
  const found = [...ports.values()].flatMap(portOf);
  return {
    name,
    address,
    ...stateOf(lines),
    ...limitsOf(lines),
    ...monitorsOf(lines),
    ...(found.length === 0 ? {} : { ports: found }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

function portOf(heads: readonly Block[]): NodePort[] {
  const [, port = '', protocol] = heads[0]?.words ?? [];
  if (!isPort(port)) return [];
  const lines = new Lines(heads.flatMap(({ children }) => children));
  return [
    {
      port: Number(port),
      ...(protocol === 'tcp' || protocol === 'udp' ? { protocol } : {}),
      ...stateOf(lines),
      ...limitsOf(lines),
      ...monitorsOf(lines),
    },
  ];
}

/** Lines of a server's ports that the model has no key for, as `port N protocol: word rest`. */
export function unreadOfPorts(heads: readonly Block[]): Record<string, string> {
  const ports = new Lines(heads.flatMap(({ children }) => children)).each('port');
  return Object.fromEntries(
    ports.flatMap(({ words, children }) => {
      const others = new Lines(children).others(portKeys);
      const range = words.slice(3).join(' ');
      const all = range === '' ? others : { range, ...others };
      return Object.entries(all).map(([word, rest]) => [`${words.slice(0, 3).join(' ')} ${word}`, rest]);
    }),
  );
}

const groupKeys = new Set(['method', 'member', 'health-check', 'min-active-member']);

/** `slb service-group NAME PROTOCOL`. A weight stands on the server's port, so that every group with that port has it. */
export function poolOf(name: string, heads: readonly Block[], nodes: ReadonlyMap<string, Node>): DevicePool {
  const lines = new Lines(heads.flatMap(({ children }) => children));
  const protocol = heads.map(({ words }) => words[3]).find((word) => word === 'tcp' || word === 'udp');
  const method = lines.text('method');
  const least = lines.number('min-active-member');
  const native = lines.others(groupKeys);
  const members = new Map<string, Member>();
  for (const block of lines.each('member')) {
    const member = memberOf(block, protocol ?? 'tcp', nodes);
    if (member !== undefined) members.set(member.name, { ...members.get(member.name), ...member });
  }
  return {
    name,
    ...(method === undefined ? {} : { algorithm: algorithmOf(method) }),
    members: [...members.values()],
    ...monitorsOf(lines),
    ...(least === undefined ? {} : { minActiveMembers: least }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

/** `member SERVER PORT`; up to ACOS 2.7 `member SERVER:PORT` with its settings on the same line. */
export function memberPlace(block: Block): { server: string; port: number; rest: readonly string[] } | undefined {
  const [, first = '', second = '', ...more] = block.words;
  if (isPort(second)) return { server: first, port: Number(second), rest: more };
  const [, server = '', port = ''] = /^(.*):(\d+)$/.exec(first) ?? [];
  if (!isPort(port) || server === '') return undefined;
  return { server, port: Number(port), rest: [second, ...more] };
}

const memberKeys = new Set(['enable', 'disable', 'disable-with-health-check', 'priority']);

function memberOf(block: Block, protocol: string, nodes: ReadonlyMap<string, Node>): Member | undefined {
  const place = memberPlace(block);
  if (place === undefined) return undefined;
  const { server, port, rest } = place;
  const lines = new Lines([...inlineOf(rest, block), ...block.children]);
  const node = nodes.get(server);
  const own = node?.ports?.find((one) => one.port === port && (one.protocol ?? protocol) === protocol);
  const priority = lines.number('priority');
  const adminState = lines.adminState ?? own?.adminState ?? node?.adminState;
  const native = lines.others(memberKeys);
  return {
    name: `${server}:${String(port)}`,
    node: server,
    ...(node === undefined ? {} : { address: node.address }),
    port,
    ...(own?.weight === undefined ? {} : { weight: own.weight }),
    ...(adminState === undefined ? {} : { adminState }),
    ...(own?.maxConnections === undefined ? {} : { maxConnections: own.maxConnections }),
    ...(priority === undefined ? {} : { priority }),
    ...(own?.monitors === undefined ? {} : { monitors: own.monitors }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

/** `disable priority 1` as if each stood on a line of its own. */
function inlineOf(words: readonly string[], { line, endLine }: Block): Block[] {
  const found: Block[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '') continue;
    const takes = word === 'priority' || word === 'template' ? 2 : 1;
    found.push({ words: words.slice(at, at + takes), children: [], line, endLine });
    at += takes - 1;
  }
  return found;
}

function isPort(word: string): boolean {
  return /^\d{1,5}$/.test(word) && Number(word) <= 65_535;
}

function stateOf(lines: Lines): { adminState?: 'draining' | 'disabled' } {
  const { adminState } = lines;
  return adminState === undefined ? {} : { adminState };
}

function limitsOf(lines: Lines): { weight?: number; maxConnections?: number } {
  const weight = lines.number('weight');
  const maxConnections = lines.number('conn-limit');
  return {
    ...(weight === undefined || weight > 65_535 ? {} : { weight }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}

function monitorsOf(lines: Lines): { monitors?: string[] } {
  const monitor = lines.text('health-check');
  return monitor === undefined ? {} : { monitors: [monitor] };
}
