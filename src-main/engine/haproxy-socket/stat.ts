import type { EngineSettings, MemberSettings, MonitorSettings } from '../config/settings.ts';
import type { EngineStatistics, MemberStatistics } from '../supervisor/stats.ts';
import { columns } from './columns.ts';
import { jsonRows, typedRow, type Field, type Format, type RowHead } from './typed.ts';

/** `show stat` as HAProxy 2.6 writes it (management.txt 9.1): what the engine does not count is an empty field. */

type Column = (typeof columns)[number];
type Row = Partial<Record<Column, string | number>>;
type Server = EngineStatistics['virtualServers'][number];
type Pool = EngineStatistics['pools'][number];

/** Bits of the `type` that `show stat IID TYPE SID` takes. */
const types = { frontend: 1, backend: 2, server: 4 } as const;

export interface StatFilter {
  /** -1 = all. A virtual server's or pool's number; numbers count virtual servers first, from 2 as in HAProxy. */
  readonly proxy: number;
  readonly types: number;
  readonly server: number;
}

export const everything: StatFilter = { proxy: -1, types: -1, server: -1 };

/** The rows: CSV with its header, or one of the typed forms. */
export function renderStat(
  stats: EngineStatistics,
  settings: EngineSettings,
  filter = everything,
  format: Format = 'csv',
): string {
  const rows = [
    ...stats.virtualServers.map((server, index) => frontendRow(server, settings, index + 2)),
    ...stats.pools.flatMap((pool, index) => poolRows(pool, settings, index + 2 + stats.virtualServers.length)),
  ].filter((row) => isWanted(row, filter));
  if (format !== 'csv') {
    const typed = rows.map((row) => ({ head: headOf(row), fields: fieldsOf(row) }));
    return format === 'json' ? jsonRows(typed) : typed.map(({ head, fields }) => typedRow(head, fields)).join('');
  }
  return `# ${columns.join(',')},\n${rows.map((row) => `${columns.map((name) => field(row[name])).join(',')},\n`).join('')}`;
}

function headOf({ type, iid, sid }: Row): RowHead {
  const kind = type === 0 ? 'Frontend' : type === 1 ? 'Backend' : 'Server';
  return { kind, proxy: Number(iid), id: Number(sid) };
}

/** What the row has, in the order of the columns. */
function fieldsOf(row: Row): Field[] {
  return columns.flatMap((name, place) => {
    const value = row[name];
    // The mark between the common columns and the modules' own has no place.
    return value === undefined ? [] : [{ name, value, place: place > columns.indexOf('-') ? place - 1 : place }];
  });
}

/** Number of a pool in `iid`, by name; undefined where there is none. */
export function proxyNumber(stats: EngineStatistics, name: string): number | undefined {
  const server = stats.virtualServers.findIndex((each) => each.name === name);
  if (server >= 0) return server + 2;
  const pool = stats.pools.findIndex((each) => each.name === name);
  return pool < 0 ? undefined : pool + 2 + stats.virtualServers.length;
}

function isWanted(row: Row, { proxy, types: wanted, server }: StatFilter): boolean {
  const bit = row.type === 0 ? types.frontend : row.type === 1 ? types.backend : types.server;
  return (proxy < 0 || row.iid === proxy) && (wanted & bit) !== 0 && (server < 0 || row.sid === server);
}

/** RFC 4180, as HAProxy writes texts. */
function field(value: string | number | undefined): string {
  if (value === undefined) return '';
  const text = String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""').replace(/[\r\n]+/g, ' ')}"` : text;
}

function frontendRow(server: Server, settings: EngineSettings, iid: number): Row {
  const limit = settings.virtualServers.find((each) => each.name === server.name)?.connectionLimit ?? 0;
  const { drops } = server;
  return {
    pxname: server.name,
    svname: 'FRONTEND',
    scur: server.currentConnections,
    ...(limit === 0 ? {} : { slim: limit }),
    stot: server.totalConnections,
    conn_tot: server.totalConnections,
    bin: server.bytesIn,
    bout: server.bytesOut,
    ereq: sum(drops, 'bad-request', 'too-large', 'header-timeout', 'client-timeout'),
    dcon: sum(drops, 'connection-limit'),
    status: server.adminState === 'enabled' ? 'OPEN' : 'STOP',
    pid: 1,
    iid,
    sid: 0,
    type: 0,
    ...classes(server.responses),
    req_tot: server.requests,
    mode: server.protocol === 'http' ? 'http' : 'tcp',
  };
}

function poolRows(pool: Pool, settings: EngineSettings, iid: number): Row[] {
  const known = settings.pools.find((each) => each.name === pool.name);
  const serving = pool.members.filter(isServing);
  function isBackup(member: MemberStatistics): boolean {
    return (known?.members.find((each) => each.name === member.name)?.priority ?? 0) < 0;
  }
  const servers = pool.members.map((member, index) => {
    const settingsOf = known?.members.find((each) => each.name === member.name);
    const monitor = settings.monitors.find((each) => each.name === member.lastCheck?.monitor);
    return serverRow(pool, member, settingsOf, monitor, iid, index + 1);
  });
  const backend: Row = {
    pxname: pool.name,
    svname: 'BACKEND',
    qcur: pool.queuedRequests,
    scur: pool.currentConnections,
    stot: pool.requests,
    lbtot: pool.requests,
    bin: pool.bytesIn,
    bout: pool.bytesOut,
    ...failures(pool.errors),
    wredis: pool.retries,
    status: serving.length > 0 ? 'UP' : 'DOWN',
    weight: serving.reduce((total, member) => total + member.weight, 0),
    act: serving.filter((member) => !isBackup(member)).length,
    bck: serving.filter(isBackup).length,
    pid: 1,
    iid,
    sid: 0,
    type: 1,
    ...classes(pool.responses),
    req_tot: pool.requests,
    mode: 'http',
    algo: keywords[pool.algorithm] ?? pool.algorithm,
    uweight: serving.reduce((total, member) => total + member.weight, 0),
  };
  return [...servers, backend];
}

function serverRow(
  pool: Pool,
  member: MemberStatistics,
  settings: MemberSettings | undefined,
  monitor: MonitorSettings | undefined,
  iid: number,
  sid: number,
): Row {
  const backup = (settings?.priority ?? 0) < 0 ? 1 : 0;
  const limit = settings?.maxConnections ?? 0;
  return {
    pxname: pool.name,
    svname: member.name,
    qcur: member.queuedRequests,
    scur: member.currentConnections,
    ...(limit === 0 ? {} : { slim: limit }),
    stot: member.requests,
    lbtot: member.requests,
    bin: member.bytesIn,
    bout: member.bytesOut,
    ...failures(member.errors),
    status: statusOf(member),
    weight: member.weight,
    uweight: member.weight,
    act: 1 - backup,
    bck: backup,
    pid: 1,
    iid,
    sid,
    type: 2,
    ...(member.downSince === undefined ? {} : { lastchg: secondsSince(member.downSince) }),
    ...classes(member.responses),
    ...(member.responseTimeMs.average === undefined ? {} : { rtime: Math.round(member.responseTimeMs.average) }),
    ...checkOf(member, monitor),
    addr:
      settings?.address.includes(':') === true
        ? `[${member.address}]:${member.port}`
        : `${member.address}:${member.port}`,
    ...(settings === undefined ? {} : { cookie: settings.cookieValue }),
    mode: 'http',
    connect: member.totalConnections,
  };
}

/** HAProxy's words (management.txt 9.1, `status`). A member that asks for a drain or a stop shows what its agent's words do there. */
export function statusOf(member: MemberStatistics): string {
  if (member.adminState === 'disabled' || member.asked === 'stop') return 'MAINT';
  if (member.health === 'down') return 'DOWN';
  if (member.adminState === 'draining' || member.asked === 'drain') return 'DRAIN';
  if (member.health === 'unmonitored') return 'no check';
  return member.health === 'limited' ? 'NOLB' : 'UP';
}

function isServing(member: MemberStatistics): boolean {
  return ['UP', 'NOLB', 'no check'].includes(statusOf(member));
}

/** Layers of the kinds of monitor in HAProxy's words: L4 a connection, L6 TLS, L7 an answer, PROC a program. */
function checkOf(member: MemberStatistics, monitor: MonitorSettings | undefined): Row {
  const { lastCheck } = member;
  if (lastCheck === undefined || monitor === undefined) return {};
  const layer =
    monitor.type.startsWith('tcp') && monitor.type !== 'tcp-send-expect' ? 'L4' : (layers[monitor.type] ?? 'L7');
  const code = /^HTTP (\d{3})/.exec(lastCheck.result)?.[1];
  const isConnection = /^(E[A-Z]+|no connection within .*)$/.test(lastCheck.result);
  const ending = lastCheck.isPassing
    ? 'OK'
    : lastCheck.result.includes(' within ')
      ? 'TOUT'
      : isConnection
        ? 'CON'
        : layer === 'PROC'
          ? 'ERR'
          : code === undefined
            ? 'RSP'
            : 'STS';
  return {
    check_status: `${isConnection ? 'L4' : layer}${ending}`,
    ...(code === undefined ? {} : { check_code: Number(code) }),
    check_duration: Math.round(lastCheck.durationMs),
    last_chk: lastCheck.result,
    check_desc: lastCheck.result,
    check_rise: monitor.rise,
    check_fall: monitor.fall,
  };
}

const layers: Readonly<Record<string, string>> = { 'tls-hello': 'L6', script: 'PROC', icmp: 'PROC' };

/** First words of HAProxy's `balance`; others keep the model's name. */
const keywords: Readonly<Record<string, string>> = {
  'round-robin': 'roundrobin',
  'static-round-robin': 'static-rr',
  'least-connections': 'leastconn',
  'first-available': 'first',
  random: 'random',
  'random-two-choices': 'random',
  'source-ip-hash': 'source',
  'uri-hash': 'uri',
  'query-param-hash': 'url_param',
  'header-hash': 'hdr',
};

function failures(errors: Readonly<Record<string, number>>): Row {
  return {
    econ: sum(errors, 'connect-error', 'connect-timeout'),
    eresp: sum(errors, 'reset-before-response', 'reset-in-response', 'response-timeout', 'bad-response'),
  };
}

function classes(responses: Readonly<Record<string, number>>): Row {
  return {
    hrsp_1xx: responses['1xx'] ?? 0,
    hrsp_2xx: responses['2xx'] ?? 0,
    hrsp_3xx: responses['3xx'] ?? 0,
    hrsp_4xx: responses['4xx'] ?? 0,
    hrsp_5xx: responses['5xx'] ?? 0,
    hrsp_other: 0,
  };
}

function sum(counts: Readonly<Record<string, number>>, ...names: readonly string[]): number {
  return names.reduce((total, name) => total + (counts[name] ?? 0), 0);
}

function secondsSince(iso: string): number {
  return Math.max(0, Math.floor((Date.now() - Date.parse(iso)) / 1000));
}
