import { AppError } from '../../contract/errors.ts';
import type { Counter, MemberSample, PoolSample, Sample, VirtualServerSample } from '../../contract/metrics.ts';
import type { AdminState, Health } from '../../contract/model.ts';
import { algorithmOfKeyword } from './stats-algorithm.ts';
import { epochOf, parseInfo, parseServersState, type ProcessInfo, type RunningServer, serverKey } from './runtime.ts';
import { parseStatCsv, type StatRow } from './stats-csv.ts';

/** One line, so one process answers all three, at one moment. */
export const pollCommand = 'show info;show stat;show servers state';

/** `type` column: 3 are listeners, which only `option socket-stats` tells apart. */
const rowTypes = { frontend: '0', backend: '1', server: '2' };

/** Makes a sample of the answer to `pollCommand`. Throws OUTPUT_UNPARSED with the first line that does not fit. */
export function parsePoll(text: string, at: Date): Sample {
  const { info, end } = parseInfo(text);
  const stat = parseStatCsv(text.slice(end));
  const running = new Map(
    parseServersState(text.slice(end + stat.end)).map((server) => [serverKey(server.pool, server.name), server]),
  );
  return {
    at: at.toISOString(),
    device: { vendor: 'haproxy', product: info.values.get('Name') ?? 'HAProxy', version: info.version },
    epoch: epochOf(info),
    system: systemOf(info),
    virtualServers: stat.rows.filter((row) => row('type') === rowTypes.frontend).map(virtualServerOf),
    pools: poolsOf(stat.rows, running, at),
    errors: oneProcessOfMany(info),
  };
}

function systemOf({ values }: ProcessInfo): Record<string, number> {
  const idle = numberIn(values.get('Idle_pct'), 'Idle_pct');
  const connections = numberIn(values.get('CurrConns'), 'CurrConns');
  const limit = numberIn(values.get('Maxconn'), 'Maxconn');
  return {
    ...(idle === undefined ? {} : { cpuPercent: 100 - idle }),
    ...(connections === undefined ? {} : { currentConnections: connections }),
    ...(limit === undefined ? {} : { maxConnections: limit }),
  };
}

/** `nbproc` (until 2.4): each process counts for itself and a socket speaks for one of them. */
function oneProcessOfMany({ values }: ProcessInfo): Sample['errors'] {
  const processes = Number(values.get('Nbproc') ?? '1');
  if (!(processes > 1)) return [];
  const which = `process ${values.get('Process_num') ?? '?'} of ${processes}`;
  const detail = `The statistics socket speaks for ${which} alone (nbproc ${processes}): these figures are a part of the whole. Use threads (nbthread) instead of processes.`;
  return [new AppError('CAPABILITY_MISSING', detail).toProblem()];
}

function poolsOf(rows: readonly StatRow[], running: ReadonlyMap<string, RunningServer>, at: Date): PoolSample[] {
  const members = new Map<string, MemberSample[]>();
  for (const row of rows.filter((one) => one('type') === rowTypes.server)) {
    const pool = row('pxname') ?? '';
    const ofPool = members.get(pool) ?? [];
    members.set(pool, ofPool);
    ofPool.push(memberOf(row, running.get(serverKey(pool, row('svname') ?? '')), at));
  }
  const backends = rows.filter((row) => row('type') === rowTypes.backend);
  return backends.map((row) => poolOf(row, members.get(row('pxname') ?? '') ?? []));
}

function poolOf(row: StatRow, members: readonly MemberSample[]): PoolSample {
  const algorithm = row('algo');
  return {
    name: row('pxname') ?? '',
    ...(algorithm === undefined ? {} : { algorithm: algorithmOfKeyword(algorithm) }),
    ...(members.length === 0 ? {} : { health: row('status')?.startsWith('UP') === true ? 'up' : 'down' }),
    ...present('currentConnections', gauge(row, 'scur')),
    ...present('queuedRequests', gauge(row, 'qcur')),
    members: [...members],
  };
}

function virtualServerOf(row: StatRow): VirtualServerSample {
  const responses = responsesOf(row);
  return {
    name: row('pxname') ?? '',
    ...present('protocol', row('mode')),
    ...frontendState(row('status') ?? ''),
    ...present('currentConnections', gauge(row, 'scur')),
    ...present('totalConnections', counter(row, 'conn_tot') ?? counter(row, 'stot')),
    ...present('requests', counter(row, 'req_tot')),
    ...present('bytesIn', counter(row, 'bin')),
    ...present('bytesOut', counter(row, 'bout')),
    ...present('responses', responses),
  };
}

/** OPEN, FULL (at its limit), STOP (`disable frontend` or `shutdown frontend`), WAITING (not bound yet). */
function frontendState(status: string): { health?: Health; adminState?: AdminState } {
  if (status === 'OPEN') return { health: 'up', adminState: 'enabled' };
  if (status === 'FULL') return { health: 'limited', adminState: 'enabled' };
  if (status === 'STOP') return { health: 'down', adminState: 'disabled' };
  return { health: 'unknown' };
}

/**
 * `bin` are bytes from the client, so towards the member; `bout` bytes back to the client. A server's sessions (`stot`) are
 * connections in TCP mode and, as each request is given to a server anew, requests in HTTP mode; releases that count both say `req_tot`.
 */
function memberOf(row: StatRow, running: RunningServer | undefined, at: Date): MemberSample {
  const responses = responsesOf(row);
  const weight = running?.weight ?? gauge(row, 'uweight') ?? gauge(row, 'weight');
  const { health, adminState } = memberState(row, running);
  // Without a request there is no average: HAProxy says 0.
  const average = counter(row, 'stot') === '0' ? undefined : gauge(row, 'rtime');
  const changed = gauge(row, 'lastchg');
  const requests = counter(row, 'req_tot') ?? (responses === undefined ? undefined : counter(row, 'stot'));
  return {
    name: row('svname') ?? '',
    ...addressOf(row('addr')),
    ...present('weight', weight),
    health,
    adminState,
    ...present('currentConnections', gauge(row, 'scur')),
    ...present('totalConnections', counter(row, 'stot')),
    ...present('queuedRequests', gauge(row, 'qcur')),
    ...present('requests', requests),
    ...present('responses', responses),
    errors: errorsOf(row),
    ...present('bytesIn', counter(row, 'bin')),
    ...present('bytesOut', counter(row, 'bout')),
    ...(average === undefined || responses === undefined
      ? {}
      : { responseTimeMs: { average, source: 'average of the last 1024 (rtime)' } }),
    ...present('lastCheck', lastCheckOf(row)),
    ...(health === 'down' && changed !== undefined ? { downSince: secondsBefore(at, changed) } : {}),
  };
}

/**
 * The word in `status` says what happens, not what was asked for: a server of weight 0 reads DRAIN, a drained one that fails its check
 * reads DOWN. What was asked for is the bit mask of `show servers state`, where there is one.
 */
function memberState(row: StatRow, running: RunningServer | undefined): { health: Health; adminState: AdminState } {
  const status = row('status') ?? '';
  const adminState = running?.adminState ?? statedAdminState(status, row);
  return { health: memberHealth(status, row, running), adminState };
}

function statedAdminState(status: string, row: StatRow): AdminState {
  if (status.startsWith('MAINT')) return status === 'MAINT (resolution)' ? 'enabled' : 'disabled';
  return status.startsWith('DRAIN') && row('uweight') !== '0' ? 'draining' : 'enabled';
}

function memberHealth(status: string, row: StatRow, running: RunningServer | undefined): Health {
  const [word = ''] = status.toUpperCase().split(' ');
  if (word === 'MAINT') return running?.isUnresolved === true || status.includes('resolution') ? 'down' : 'unknown';
  if (word === 'NO') return 'unmonitored';
  if (word === 'NOLB') return 'limited';
  if (word === 'DOWN') return 'down';
  const check = row('check_status');
  if (word === 'DRAIN') return check === undefined ? 'unmonitored' : 'up';
  if (word !== 'UP') return 'unknown';
  return check?.endsWith('INI') === true ? 'checking' : 'up';
}

/** `check_status` is prefixed with `* ` while the next check runs. `last_chk` is what the server said or why it could not be asked. */
function lastCheckOf(row: StatRow): { durationMs?: number; result?: string } | undefined {
  const status = row('check_status')?.replace(/^\* /, '');
  if (status === undefined) return undefined;
  const code = row('check_code');
  const words = [row('check_desc'), row('last_chk')].filter((text) => text !== undefined);
  const result = [code === undefined ? status : `${status} ${code}`, ...words].join(': ');
  return { ...present('durationMs', gauge(row, 'check_duration')), result };
}

/** Only HTTP mode fills these. */
function responsesOf(row: StatRow): Record<string, Counter> | undefined {
  const classes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
  const found = classes.map((name) => [name, counter(row, `hrsp_${name}`)] as const);
  const filled = found.filter((pair): pair is readonly [(typeof classes)[number], string] => pair[1] !== undefined);
  return filled.length === 0 ? undefined : Object.fromEntries(filled);
}

function errorsOf(row: StatRow): Record<string, Counter> {
  return {
    ...present('connect', counter(row, 'econ')),
    ...present('response', counter(row, 'eresp')),
    ...present('retry', counter(row, 'wretr')),
    ...present('redispatch', counter(row, 'wredis')),
  };
}

/** `addr` is `host:port`, `[v6]:port` or `unix`, and empty for a socket of level `user`. */
function addressOf(addr: string | undefined): { address?: string; port?: number } {
  const match = addr === undefined ? null : /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(addr);
  if (!match) return {};
  return { address: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}

function secondsBefore(at: Date, seconds: number): string {
  return new Date((Math.floor(at.getTime() / 1000) - seconds) * 1000).toISOString();
}

function counter(row: StatRow, column: string): Counter | undefined {
  const value = row(column);
  if (value === undefined) return undefined;
  if (!/^\d{1,20}$/.test(value)) throw notANumber(column, value, row);
  return value;
}

function gauge(row: StatRow, column: string): number | undefined {
  const value = row(column);
  if (value !== undefined && !/^-?\d{1,15}$/.test(value)) throw notANumber(column, value, row);
  return value === undefined ? undefined : Number(value);
}

function numberIn(value: string | undefined, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  throw new AppError('OUTPUT_UNPARSED', `The answer to "show info" has no number under ${name}.`, {
    raw: value.slice(0, 200),
  });
}

function notANumber(column: string, value: string, row: StatRow): AppError {
  const which = `${row('pxname') ?? ''}/${row('svname') ?? ''}`.slice(0, 200);
  return new AppError('OUTPUT_UNPARSED', `The answer to "show stat" has no number in column ${column} of ${which}.`, {
    raw: value.slice(0, 200),
  });
}

function present<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  // A computed key widens to string; it is K by construction.
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
