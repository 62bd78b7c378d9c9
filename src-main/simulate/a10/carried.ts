import {
  type CarriedMember,
  type CarriedMethod,
  type CarriedPersistence,
  type CarriedPool,
  type CarriedServer,
  isLoopback,
} from '../carried.ts';
import type { ServedTls } from '../served-tls.ts';
import { monitorsFor } from './carried-monitors.ts';
import { memberName, vportName } from './health.ts';
import { findStatement, type Statement, statementsOf, wordsOf } from './tree.ts';

type Statements = readonly Statement[];

/** One partition, and what traffic goes by in it. */
export interface CarriedBy {
  readonly partition: string;
  readonly config: Statements;
  readonly tls: (virtual: string, port: string) => ServedTls | undefined;
  /** A fault of the simulation's own: the server is there, its probes fail all the same. */
  readonly isBroken: (address: string, port: string) => boolean;
}

/** What a Thunder of this configuration does with connections (CLI reference for ADC, slb). Virtual servers elsewhere are not looked at. */
export function carriedServersOf(by: CarriedBy): readonly CarriedServer[] {
  return statementsOf(by.config, 'slb virtual-server').flatMap((virtual) => {
    const [, , , address = ''] = wordsOf(virtual.text);
    if (!isLoopback(address)) return [];
    return statementsOf(virtual.children, 'port').flatMap((vport) => serverOf(by, virtual, vport));
  });
}

const protocols: Readonly<Record<string, CarriedServer['protocol']>> = {
  http: 'http',
  'fast-http': 'http',
  https: 'http',
  tcp: 'tcp',
  'tcp-proxy': 'tcp',
  'ssl-proxy': 'tcp',
  udp: 'udp',
};

function serverOf(by: CarriedBy, virtual: Statement, vport: Statement): readonly CarriedServer[] {
  const [, , name = '', address = ''] = wordsOf(virtual.text);
  const [, port = '', type = ''] = wordsOf(vport.text);
  const group = findStatement(by.config, `slb service-group ${valueOf(vport.children, 'service-group') ?? ''}`);
  const protocol = protocols[type];
  if (protocol === undefined || group === undefined) return [];
  const isTls = type === 'https' || type === 'ssl-proxy';
  const tls = isTls ? by.tls(name, port) : undefined;
  const persistence = persistenceOf(by.config, vport, Number(port), group);
  const isTlsToMembers = findStatement(vport.children, 'template server-ssl') !== undefined;
  const pool = poolOf(by, group);
  return [
    {
      key: vportName(by.partition, name, port, type),
      address,
      port: Number(port),
      protocol,
      // A port that is to speak TLS and has no certificate serves nothing.
      isOn: ![virtual, vport].some(isDisabled) && (!isTls || (tls?.certificates.length ?? 0) > 0),
      connectionLimit: Number(valueOf(vport.children, 'conn-limit') ?? 0),
      pool: isTlsToMembers ? { ...pool, name: `${pool.name} by TLS`, isTlsToMembers } : pool,
      ...(persistence !== undefined && { persistence }),
      ...(tls !== undefined && { tls }),
    },
  ];
}

function poolOf(by: CarriedBy, group: Statement): CarriedPool {
  const [, , name = ''] = wordsOf(group.text);
  const method = valueOf(group.children, 'method') ?? 'round-robin';
  const minActive = Number(valueOf(group.children, 'min-active-member') ?? 0);
  return {
    name: `${by.partition} ${name}`,
    method: methodOf(method),
    members: statementsOf(group.children, 'member').flatMap((one) => memberOf(by, group, method, one)),
    ...(minActive > 0 && { minActive }),
  };
}

/** Methods of one-way traffic (stateless, odd-even) take turns. */
function methodOf(method: string): CarriedMethod {
  if (method.includes('least-connection')) return { name: 'least-connections' };
  return methods[method] ?? { name: 'round-robin' };
}

const methods: Readonly<Record<string, CarriedMethod>> = {
  'least-request': { name: 'least-requests' },
  'fastest-response': { name: 'least-response-time' },
  'src-ip-hash': { name: 'source-ip-port-hash' },
  'src-ip-only-hash': { name: 'source-ip-hash' },
  'dst-ip-hash': { name: 'dest-ip-hash' },
  'dst-ip-only-hash': { name: 'dest-ip-hash' },
};

function memberOf(by: CarriedBy, group: Statement, method: string, member: Statement): readonly CarriedMember[] {
  const [, , groupName = '', protocol = 'tcp'] = wordsOf(group.text);
  const [, name = '', port = ''] = wordsOf(member.text);
  const server = findStatement(by.config, `slb server ${name}`);
  const serverPort = findStatement(server?.children ?? [], `port ${port} ${protocol}`);
  const [, , , address = ''] = wordsOf(server?.text ?? '');
  if (server === undefined || address === '') return [];
  const limits = [serverPort, server].map((one) => Number(valueOf(one?.children ?? [], 'conn-limit') ?? 0));
  const isOff = [member, server, ...(serverPort === undefined ? [] : [serverPort])].some(isDisabled);
  const isDraining = hasLine(member, 'disable-with-health-check');
  return [
    {
      key: memberName(by.partition, groupName, name, port),
      address,
      port: Number(port),
      weight: weightOf(method, server, serverPort),
      priority: Number(valueOf(member.children, 'priority') ?? 1),
      state: isOff || by.isBroken(address, port) ? 'disabled' : isDraining ? 'draining' : 'enabled',
      connectionLimit: limits.find((limit) => limit > 0) ?? 0,
      monitors: monitorsFor(by.config, { group, server, serverPort, protocol }),
      cookieValue: cookieValueOf(address, Number(port)),
    },
  ];
}

/**
 * Methods of services go by the weight of the port, the others by that of the server (attributes of a10-acos-axapi, lb_method). Whether a
 * port's weight counts where its server has none is not known in public; here it does.
 */
function weightOf(method: string, server: Statement, serverPort: Statement | undefined): number {
  if (!method.includes('weighted')) return 1;
  const [own, ports] = [server, serverPort].map((one) => valueOf(one?.children ?? [], 'weight'));
  return Number((method.startsWith('service-') ? ports : (own ?? ports)) ?? 1);
}

function hasLine({ children }: Statement, line: string): boolean {
  return children.some(({ text }) => text === line);
}

function isDisabled(statement: Statement): boolean {
  return hasLine(statement, 'disable');
}

/** What stands behind the words. */
function valueOf(children: Statements, words: string): string | undefined {
  const found = findStatement(children, words);
  return found === undefined ? undefined : wordsOf(found.text.slice(words.length))[0];
}

/** Time-outs are minutes, 5 unless told. */
function persistenceOf(
  config: Statements,
  vport: Statement,
  port: number,
  group: Statement,
): CarriedPersistence | undefined {
  const [, , type = '', name = ''] = wordsOf(findStatement(vport.children, 'template persist')?.text ?? '');
  const children = findStatement(config, `slb template persist ${type} ${name}`)?.children ?? [];
  const timed = { timeoutMs: Number(valueOf(children, 'timeout') ?? 5) * 60_000 };
  if (type === 'source-ip') return { method: 'source-ip', ...timed };
  if (type === 'destination-ip') return { method: 'dest-ip', ...timed };
  if (type === 'ssl-sid') return { method: 'tls-session-id', ...timed };
  if (type !== 'cookie') return undefined;
  const [, , groupName = ''] = wordsOf(group.text);
  const own = valueOf(children, 'name') ?? 'sto-id';
  const isByGroup = valueOf(children, 'match-type') === 'service-group';
  return {
    method: 'cookie-insert',
    // As public recordings have them: sto-id-20480, sto-id-20480-web_80.
    cookieName: `${own}-${(port % 256) * 256 + Math.floor(port / 256)}${isByGroup ? `-${groupName}` : ''}`,
    isCookieHttpOnly: false,
  };
}

/** `CBAKBAKMJABP` is 172.16.10.33:8080: the bytes of both the other way round, a letter from A to P for each half of one. */
function cookieValueOf(address: string, port: number): string {
  const parts = address.split('.').map(Number);
  const bytes = parts.length === 4 ? parts.toReversed() : [...Buffer.from(address)];
  const letters = [...bytes, port % 256, Math.floor(port / 256)].map((byte) =>
    String.fromCharCode(65 + Math.floor(byte / 16), 65 + (byte % 16)),
  );
  return letters.join('');
}
