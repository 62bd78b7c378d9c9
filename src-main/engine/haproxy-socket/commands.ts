import { AppError } from '../../contract/errors.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { EngineStatistics, MemberStatistics } from '../supervisor/stats.ts';
import { everything, proxyNumber, renderStat, statusOf, type StatFilter } from './stat.ts';
import { renderInfo, type Format } from './typed.ts';

/** What commands act on. */
export interface SocketTarget {
  readonly supervisor: Supervisor;
  readonly version: string;
  /** Only `admin` may change anything. */
  readonly level: 'operator' | 'admin';
  /** The weight that the configuration gives a member, whatever was set since. */
  readonly initialWeight: (pool: string, member: string) => number | undefined;
}

interface Command {
  readonly words: readonly string[];
  readonly help: string;
  readonly isChange?: boolean;
  readonly answer: (target: SocketTarget, args: readonly string[]) => Promise<string> | string;
}

// Texts of errors are HAProxy's own (seen at 2.6): tools compare them.
const denied = 'Permission denied\n';
const noBackend = 'No such backend.\n';
const noServer = 'No such server.\n';
const needServer = "Require 'backend/server'.\n";

const commands: readonly Command[] = [
  {
    words: ['show', 'stat'],
    help: 'show stat [IID|NAME TYPE SID] [typed|json]: counters, as CSV without a form',
    answer: showStat,
  },
  { words: ['show', 'info'], help: 'show info [typed|json]: about the process', answer: showInfo },
  { words: ['show', 'servers', 'state'], help: 'show servers state [BACKEND]', answer: showServersState },
  { words: ['show', 'servers', 'conn'], help: 'show servers conn [BACKEND]', answer: showServersConn },
  { words: ['show', 'backend'], help: 'show backend: names', answer: showBackend },
  { words: ['show', 'version'], help: 'show version', answer: ({ version }) => `${version}\n` },
  { words: ['get', 'weight'], help: 'get weight BACKEND/SERVER', answer: getWeight },
  {
    words: ['set', 'server'],
    help: 'set server BACKEND/SERVER weight N|N% | state ready|drain|maint',
    isChange: true,
    answer: setServer,
  },
  { words: ['set', 'weight'], help: 'set weight BACKEND/SERVER N|N%', isChange: true, answer: setWeight },
  {
    words: ['enable', 'server'],
    help: 'enable server BACKEND/SERVER',
    isChange: true,
    answer: (target, [name = '']) => setServer(target, [name, 'state', 'ready']),
  },
  {
    words: ['disable', 'server'],
    help: 'disable server BACKEND/SERVER',
    isChange: true,
    answer: (target, [name = '']) => setServer(target, [name, 'state', 'maint']),
  },
];

/** Carries out one command; the answer ends with a line end, or is empty. */
export async function answerCommand(target: SocketTarget, line: string): Promise<string> {
  const given = line.trim().split(/\s+/);
  const command = commands.find(({ words }) => words.every((word, index) => given[index] === word));
  if (command === undefined) return helpText(line.trim() === 'help');
  if (command.isChange === true && target.level !== 'admin') return denied;
  try {
    return await command.answer(target, given.slice(command.words.length));
  } catch (error) {
    if (error instanceof AppError) return `${error.detail}\n`;
    throw error;
  }
}

function helpText(isAsked: boolean): string {
  const lines = [...commands.map(({ help }) => help), 'prompt: toggle interactive mode', 'quit: disconnect'];
  return `${isAsked ? '' : 'Unknown command. '}The following commands are valid at this level:\n${lines.map((help) => `  ${help}\n`).join('')}`;
}

async function showStat({ supervisor }: SocketTarget, given: readonly string[]): Promise<string> {
  const stats = await supervisor.statistics();
  const { format, args } = takeFormat(given);
  const [proxy, types, server] = args;
  let filter: StatFilter = everything;
  if (types !== undefined && server !== undefined && proxy !== undefined) {
    const number = /^-?\d+$/.test(proxy) ? Number(proxy) : proxyNumber(stats, proxy);
    if (number === undefined) return 'No such proxy.\n';
    filter = { proxy: number, types: Number(types), server: Number(server) };
  } else if (proxy !== undefined) return `"show stat ${given.join(' ')}" is not known here.\n`;
  return renderStat(stats, supervisor.settings, filter, format);
}

/** The form stands behind the rest. */
function takeFormat(given: readonly string[]): { readonly format: Format; readonly args: readonly string[] } {
  const last = given.at(-1);
  return last === 'typed' || last === 'json'
    ? { format: last, args: given.slice(0, -1) }
    : { format: 'csv', args: given };
}

async function showInfo({ supervisor, version }: SocketTarget, given: readonly string[]): Promise<string> {
  const stats = await supervisor.statistics();
  const uptimeS = Math.floor((Date.parse(stats.at) - Date.parse(stats.startedAt)) / 1000);
  const parts = [86_400, 3600, 60, 1].map((unit, index) => {
    const value = Math.floor(uptimeS / unit) % ([Number.MAX_SAFE_INTEGER, 24, 60, 60][index] ?? 60);
    return index === 0
      ? `${value}d `
      : `${index === 1 ? value : String(value).padStart(2, '0')}${'hms'[index - 1] ?? ''}`;
  });
  function total(of: (server: EngineStatistics['virtualServers'][number]) => number): number {
    return stats.virtualServers.reduce((sum, server) => sum + of(server), 0);
  }
  const values: Readonly<Record<string, string | number>> = {
    Name: 'Steelyard',
    Version: version,
    Nbthread: 1,
    Nbproc: stats.workers.length,
    Process_num: 1,
    Pid: stats.pid,
    Uptime: parts.join(''),
    Uptime_sec: uptimeS,
    CurrConns: total((server) => server.currentConnections),
    CumConns: total((server) => server.totalConnections),
    CumReq: total((server) => server.requests),
    Stopping: 0,
    Listeners: total((server) => server.listen.length),
    DroppedLogs: stats.accessLog?.lost ?? 0,
    TotalBytesOut: total((server) => server.bytesOut),
    Start_time_sec: Math.floor(Date.parse(stats.startedAt) / 1000),
  };
  return renderInfo(values, takeFormat(given).format);
}

const stateColumns =
  'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change ' +
  'srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn ' +
  'srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port';

/** The server-state file, version 1 (management.txt, "show servers state"). */
async function showServersState(target: SocketTarget, [only]: readonly string[]): Promise<string> {
  const stats = await target.supervisor.statistics();
  const pools = stats.pools.filter(({ name }) => only === undefined || name === only);
  if (pools.length === 0 && only !== undefined) return "Can't find backend.\n";
  const lines = pools.flatMap((pool) =>
    pool.members.map((member, index) => stateLine(target, stats, pool.name, member, index + 1)),
  );
  return `1\n# ${stateColumns}\n${lines.join('')}`;
}

function stateLine(
  target: SocketTarget,
  stats: EngineStatistics,
  pool: string,
  member: MemberStatistics,
  id: number,
): string {
  const status = statusOf(member);
  const [stopped, running] = [0, 2];
  const [maintenance, drain] = [1, 8];
  const since = member.downSince === undefined ? Date.parse(stats.startedAt) : Date.parse(member.downSince);
  const { lastCheck } = member;
  const result = lastCheck === undefined ? 0 : lastCheck.isPassing ? 3 : 2;
  const values = [
    proxyNumber(stats, pool),
    pool,
    id,
    member.name,
    member.address,
    status === 'DOWN' || status === 'MAINT' ? stopped : running,
    status === 'MAINT' ? maintenance : status === 'DRAIN' ? drain : 0,
    member.weight,
    target.initialWeight(pool, member.name) ?? member.weight,
    Math.max(0, Math.floor((Date.parse(stats.at) - since) / 1000)),
    ...[lastCheck === undefined ? 1 : 0, result, 0, lastCheck === undefined ? 0 : 6, 0, 0, 0, '-'],
    member.port,
    ...['-', 0, 0, '-', '-', 0],
  ];
  return `${values.join(' ')}\n`;
}

async function showServersConn(target: SocketTarget, [only]: readonly string[]): Promise<string> {
  const stats = await target.supervisor.statistics();
  const pools = stats.pools.filter(({ name }) => only === undefined || name === only);
  if (pools.length === 0 && only !== undefined) return "Can't find backend.\n";
  const lines = pools.flatMap((pool) =>
    pool.members.map(
      (member, index) =>
        `${pool.name}/${member.name} ${String(proxyNumber(stats, pool.name))}/${index + 1} ${member.address} ${member.port} - ${member.currentConnections}\n`,
    ),
  );
  return `# bkname/svname bkid/svid addr port - used_cur\n${lines.join('')}`;
}

function showBackend({ supervisor }: SocketTarget): string {
  return `# name\n${supervisor.settings.pools.map(({ name }) => `${name}\n`).join('')}`;
}

/** `pool/member`; a text where there is none. A pool's name may have slashes itself. */
function find({ supervisor }: SocketTarget, name: string): { pool: string; member: string; weight: number } | string {
  if (!name.includes('/')) return needServer;
  const pools = supervisor.settings.pools.filter((pool) => name.startsWith(`${pool.name}/`));
  for (const pool of pools) {
    const member = pool.members.find((each) => `${pool.name}/${each.name}` === name);
    if (member !== undefined) return { pool: pool.name, member: member.name, weight: member.weight };
  }
  return pools.length === 0 ? noBackend : noServer;
}

function getWeight(target: SocketTarget, [name = '']: readonly string[]): string {
  const found = find(target, name);
  if (typeof found === 'string') return found;
  return `${found.weight} (initial ${target.initialWeight(found.pool, found.member) ?? found.weight})\n`;
}

function setWeight(target: SocketTarget, [name = '', weight = '']: readonly string[]): Promise<string> {
  return setServer(target, [name, 'weight', weight]);
}

const states = { ready: 'enabled', drain: 'draining', maint: 'disabled' } as const;

async function setServer(target: SocketTarget, args: readonly string[]): Promise<string> {
  const [name = '', what, value = ''] = args;
  const found = find(target, name);
  if (typeof found === 'string') return found;
  const { pool, member } = found;
  if (what === 'state') {
    if (!Object.hasOwn(states, value)) return "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n";
    // hasOwn has just found it.
    await target.supervisor.patchMember(pool, member, { adminState: states[value as keyof typeof states] });
    return '';
  }
  if (what !== 'weight') return 'usage: set server <backend>/<server> state | weight\n';
  const match = /^(\d{1,6})(%?)$/.exec(value);
  if (match === null) return 'Require <weight> or <weight%>.\n';
  const isRelative = match[2] === '%';
  const initial = target.initialWeight(pool, member) ?? found.weight;
  const weight = isRelative ? Math.round((initial * Number(match[1])) / 100) : Number(match[1]);
  if (isRelative && Number(match[1]) > 100) return 'Relative weight must be positive and at most 100%.\n';
  if (weight > 256) return 'Absolute weight can only be between 0 and 256 inclusive.\n';
  await target.supervisor.patchMember(pool, member, { weight });
  return '';
}
