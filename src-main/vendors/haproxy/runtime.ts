import { AppError } from '../../contract/errors.ts';
import type { AdminState } from '../../contract/model.ts';

/** What `show info` says of the process that answered. */
export interface ProcessInfo {
  readonly version: string;
  readonly pid: number;
  readonly values: ReadonlyMap<string, string>;
}

/** A server as the running process holds it, by `show servers state`. */
export interface RunningServer {
  readonly pool: string;
  readonly name: string;
  readonly adminState: AdminState;
  /** True while only name resolution keeps it out. */
  readonly isUnresolved: boolean;
  readonly weight: number;
  /** The weight it was started with: under a static algorithm only this one and 0 can be set at run time. */
  readonly initialWeight: number;
  /** Where the check and the agent go, since 2.4; port 0 and address `-` = as the server itself. */
  readonly check?: { readonly port: number; readonly address: string };
  readonly agent?: { readonly port: number; readonly address: string };
}

/**
 * Bits of `srv_admin_state` (management.txt 9.3, "show servers state"). 0x04 says that the file had it `disabled` when the process
 * started; it stays (tried with 2.6) after `set server ... state ready`, when the server serves again.
 */
const maintenanceBits = 0x01 | 0x02;
const drainBits = 0x08 | 0x10;
const unresolvedBit = 0x20;

/** Reads `show info`: one `Name: value` a line, ended by an empty line. Throws OUTPUT_UNPARSED. */
export function parseInfo(text: string): { readonly info: ProcessInfo; readonly end: number } {
  const start = text.length - text.trimStart().length;
  const end = text.indexOf('\n\n', start);
  if (end < 0) throw unparsed('show info', 'was cut short: the empty line that ends it is missing', text);
  const values = new Map<string, string>();
  for (const line of text.slice(start, end).split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) throw unparsed('show info', 'has a line without a colon', line);
    values.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const pid = Number(values.get('Pid'));
  const version = values.get('Version');
  if (version === undefined || !Number.isInteger(pid)) {
    throw unparsed('show info', 'has no Version or no Pid', text.slice(start));
  }
  return { info: { version, pid, values }, end: end + 2 };
}

/** Names the process whose counters are read: a new process, or one with the same id started anew, counts from 0. */
export function epochOf({ pid, values }: ProcessInfo): string {
  const start = values.get('Start_time_sec'); // since 2.3
  return start === undefined ? String(pid) : `${pid}@${start}`;
}

/** Reads `show servers state`, format version 1; columns by the header's names. Throws OUTPUT_UNPARSED. */
export function parseServersState(text: string): readonly RunningServer[] {
  const start = text.length - text.trimStart().length;
  const end = text.indexOf('\n\n', start);
  if (end < 0) throw unparsed('show servers state', 'was cut short: the empty line that ends it is missing', text);
  const [version, header, ...rows] = text.slice(start, end).split('\n');
  if (version !== '1') throw unparsed('show servers state', 'is not of format version 1', version ?? '');
  const columns = (header ?? '').replace(/^# /, '').split(' ');
  const at = {
    pool: columns.indexOf('be_name'),
    name: columns.indexOf('srv_name'),
    admin: columns.indexOf('srv_admin_state'),
    weight: columns.indexOf('srv_uweight'),
    initial: columns.indexOf('srv_iweight'),
  };
  if (Object.values(at).includes(-1)) throw unparsed('show servers state', 'lacks a column', header ?? '');
  return rows
    .filter((row) => !row.startsWith('#'))
    .map((row) => ({ ...serverOf(row, at), ...placesOf(row.split(' '), columns) }));
}

function placesOf(fields: readonly string[], columns: readonly string[]): Pick<RunningServer, 'check' | 'agent'> {
  const [check, agent] = ['srv_check', 'srv_agent'].map((stem) => {
    const address = fields[columns.indexOf(`${stem}_addr`)];
    const port = Number(fields[columns.indexOf(`${stem}_port`)]);
    return address === undefined || !Number.isInteger(port) ? undefined : { address, port };
  });
  return { ...(check === undefined ? {} : { check }), ...(agent === undefined ? {} : { agent }) };
}

function serverOf(row: string, at: Record<'pool' | 'name' | 'admin' | 'weight' | 'initial', number>): RunningServer {
  const fields = row.split(' ');
  const [admin, weight, initialWeight] = [fields[at.admin], fields[at.weight], fields[at.initial]].map(Number);
  const [pool, name] = [fields[at.pool], fields[at.name]];
  const isWhole = [admin, weight, initialWeight].every((value) => Number.isInteger(value));
  if (!isWhole || admin === undefined || weight === undefined || initialWeight === undefined || !pool || !name) {
    throw unparsed('show servers state', 'has a row that does not fit', row);
  }
  const isUnresolved = (admin & unresolvedBit) !== 0;
  return { pool, name, adminState: adminStateOf(admin), isUnresolved, weight, initialWeight };
}

function adminStateOf(mask: number): AdminState {
  if ((mask & maintenanceBits) !== 0) return 'disabled';
  return (mask & drainBits) === 0 ? 'enabled' : 'draining';
}

/** The words of `set server B/S state` for an admin state. */
export const stateWords: Readonly<Record<AdminState, string>> = {
  enabled: 'ready',
  draining: 'drain',
  disabled: 'maint',
};

/** How a server is named in a map of running servers; neither name can hold a slash or a blank in HAProxy. */
export function serverKey(pool: string, server: string): string {
  return `${pool}/${server}`;
}

function unparsed(command: string, what: string, line: string): AppError {
  const first = (line.split('\n').find((part) => part !== '') ?? '').slice(0, 200);
  return new AppError(
    'OUTPUT_UNPARSED',
    `The answer to "${command}" ${what}. Its first line that does not fit stands beside.`,
    {
      raw: first,
    },
  );
}
