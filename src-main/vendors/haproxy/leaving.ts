import type { MemberLoad } from '../../contract/api.ts';
import { AppError } from '../../contract/errors.ts';
import type { CallOptions } from '../../transports/transport.ts';
import type { Instance } from './discover.ts';
import { type Host, isDenied } from './driver-host.ts';
import { parseInfo } from './runtime.ts';
import { parseStatCsv } from './stats-csv.ts';

type Process = MemberLoad['processes'][number];

/**
 * Connections on a member, counted in every process that still runs: after a reload the old ones keep theirs until they end
 * (management.txt 9.4: `show proc` and `@!PID COMMAND` of the master's socket). A process that cannot be asked is named in
 * `unknown`: then nobody can say that the member is empty.
 */
export async function countConnections(
  host: Host,
  instance: Instance | undefined,
  socket: string,
  [pool, member]: readonly [string, string],
  options: CallOptions,
): Promise<MemberLoad> {
  const master = instance?.args.masterSocket;
  const pids = master?.startsWith('/') === true ? await workersOf(host, master, options) : undefined;
  if (master !== undefined && pids !== undefined) {
    const processes: Process[] = [];
    for (const pid of pids) {
      const text = await host.ask(master, `@!${pid} show stat`, options);
      // It ended since: "Can't find the target PID matching the prefix '@!PID'."
      if (text.includes('# pxname')) processes.push({ id: String(pid), ...loadIn(text, pool, member) });
    }
    return { processes, unknown: [] };
  }
  const { info, end, text } = await answering(host, socket, options);
  const others = (instance?.workers ?? []).filter(({ pid }) => pid !== info.pid);
  return {
    processes: [{ id: String(info.pid), ...loadIn(text.slice(end), pool, member) }],
    unknown: others.map(
      ({ pid }) =>
        `process ${pid}, left by a reload, cannot be asked: HAProxy has no master socket (-S) for this account`,
    ),
  };
}

async function answering(host: Host, socket: string, options: CallOptions) {
  const text = await host.ask(socket, 'show info;show stat', options);
  return { ...parseInfo(text), text };
}

/** Undefined where the account may not use the master's socket. */
async function workersOf(host: Host, socket: string, options: CallOptions): Promise<readonly number[] | undefined> {
  try {
    const text = await host.ask(socket, 'show proc', options);
    return [...text.matchAll(/^(\d+)\s+worker\s/gm)].map(([, pid]) => Number(pid));
  } catch (error) {
    const isClosed = error instanceof AppError && ['NOT_FOUND', 'CAPABILITY_MISSING'].includes(error.code);
    if (isClosed || isDenied(error)) return undefined;
    throw error;
  }
}

/** A process that does not know the member holds none of it. */
function loadIn(text: string, pool: string, member: string): Pick<Process, 'connections'> {
  const row = parseStatCsv(text).rows.find((each) => each('pxname') === pool && each('svname') === member);
  return { connections: Number(row?.('scur') ?? 0) + Number(row?.('qcur') ?? 0) };
}
