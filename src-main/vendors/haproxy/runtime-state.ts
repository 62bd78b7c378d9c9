import type { RunningState } from './standing.ts';
import { parseInfo, parseServersState, type ProcessInfo, serverKey } from './runtime.ts';
import { parseStatCsv } from './stats-csv.ts';

/** What the process that answers says of itself and of the servers and pools that it runs. */
export interface RunningProcess extends RunningState {
  readonly info: ProcessInfo;
  /** Servers that follow the state of another (`track`), by the key of the one they follow. */
  readonly followers: ReadonlyMap<string, readonly string[]>;
}

/** Reads the answer to `pollCommand` for its states. Throws OUTPUT_UNPARSED. */
export function parseRunning(text: string): RunningProcess {
  const { info, end } = parseInfo(text);
  const stat = parseStatCsv(text.slice(end));
  const algorithms = new Map<string, string>();
  const followers = new Map<string, string[]>();
  for (const row of stat.rows) {
    const [pool, name, algorithm, tracked] = [row('pxname') ?? '', row('svname') ?? '', row('algo'), row('tracked')];
    if (algorithm !== undefined) algorithms.set(pool, algorithm);
    if (tracked !== undefined) followers.set(tracked, [...(followers.get(tracked) ?? []), serverKey(pool, name)]);
  }
  const servers = new Map(
    parseServersState(text.slice(end + stat.end)).map((server) => [serverKey(server.pool, server.name), server]),
  );
  return { info, servers, algorithms, followers };
}
