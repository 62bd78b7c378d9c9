import type { CallOptions } from '../../transports/transport.ts';
import { AppError } from '../../contract/errors.ts';
import { parseArguments, type Arguments } from './discover-arguments.ts';
import type { Host } from './driver-host.ts';

/** A process that runs HAProxy. What the account may not see of it is absent. */
export interface HaproxyProcess {
  readonly pid: number;
  readonly parent: number;
  readonly user: number;
  /** Clock ticks since boot: orders processes by age. */
  readonly startTicks: number;
  readonly exe?: string;
  readonly directory?: string;
  readonly words: readonly string[];
  /** The service that systemd keeps it in, by its control group. */
  readonly unit?: string;
  readonly isEnvironmentReadable: boolean;
}

/** HAProxy as it runs: a master with its workers, or one process without a master. */
export interface Instance {
  /** The master, or the process itself. */
  readonly root: HaproxyProcess;
  readonly hasMaster: boolean;
  /** Newest first; older ones finish their connections. */
  readonly workers: readonly HaproxyProcess[];
  readonly args: Arguments;
  readonly exe: string;
}

/** What runs on the host, who we are there, and which programs it has. */
export interface Discovery {
  readonly account: number;
  readonly programs: Readonly<Record<string, string>>;
  readonly instances: readonly Instance[];
}

/**
 * One look at /proc. Values that may hold anything (paths, arguments) come as hex, so that no name can pass for another line. The
 * process's own name is enough to find it: links to the executable are for the owner and root alone.
 */
const lookScript = `hex() { od -An -v -tx1 | tr -d ' \\n'; }
printf 'account %s\\n' "$(id -u)"
for p in haproxy socat systemctl; do
  if w=$(command -v "$p"); then printf 'program %s %s\\n' "$p" "$(printf %s "$w" | hex)"; fi
done
for d in /proc/[0-9]*; do
  IFS= read -r c < "$d/comm" || continue
  case $c in haproxy*) ;; *) continue ;; esac
  printf 'pid %s\\n' "\${d#/proc/}"
  printf 'stat %s\\n' "$(hex < "$d/stat")"
  printf 'status %s\\n' "$(hex < "$d/status")"
  printf 'cmdline %s\\n' "$(hex < "$d/cmdline")"
  printf 'cgroup %s\\n' "$(hex < "$d/cgroup")"
  printf 'exe %s\\n' "$(readlink -n "$d/exe" | hex)"
  printf 'cwd %s\\n' "$(readlink -n "$d/cwd" | hex)"
  head -c 1 "$d/environ" > /dev/null && printf 'environ 1\\n'
done 2>/dev/null
:`;

/** Looks for running HAProxies. Throws OUTPUT_UNPARSED where the host is not one that this can look at (no Linux, no POSIX shell). */
export async function discover(host: Host, options: CallOptions): Promise<Discovery> {
  const text = (await host.output(lookScript, options)).toString('latin1');
  const account = /^account (\d+)$/m.exec(text)?.[1];
  if (account === undefined) {
    throw new AppError(
      'OUTPUT_UNPARSED',
      'The host did not answer the look at its processes; Linux with a POSIX shell is needed.',
      {
        raw: text.slice(0, 200),
      },
    );
  }
  const [head = '', ...records] = text.split(/^pid /m);
  const programs = Object.fromEntries(
    [...head.matchAll(/^program (\S+) ([0-9a-f]*)$/gm)].map(([, name = '', hex = '']) => [name, fromHex(hex)]),
  );
  const processes = records.map(readProcess).filter((one) => one !== undefined);
  return { account: Number(account), programs, instances: instancesOf(processes, programs) };
}

/** Undefined for a process that ended while it was looked at, or that is on its way to become HAProxy. */
function readProcess(record: string): HaproxyProcess | undefined {
  function value(key: string): string {
    return fromHex(new RegExp(`^${key} ([0-9a-f]*)$`, 'm').exec(record)?.[1] ?? '');
  }
  const pid = Number(/^\d+/.exec(record)?.[0]);
  // proc(5): pid (comm) state ppid ... starttime is field 22; comm may hold blanks and brackets.
  const stat = value('stat')
    .replace(/^.*\) /s, '')
    .split(' ');
  const words = value('cmdline').split('\0').slice(0, -1);
  const [state, parent, startTicks] = [stat[0], stat[1], stat[19]];
  if (parent === undefined || startTicks === undefined || state === 'Z' || words.length === 0) return undefined;
  const user = /^Uid:\s+(\d+)/m.exec(value('status'))?.[1];
  const exe = value('exe').replace(/ \(deleted\)$/, '');
  const directory = value('cwd');
  const unit = /([^/\n]+\.service)$/m.exec(value('cgroup'))?.[1];
  return {
    pid,
    parent: Number(parent),
    user: Number(user ?? -1),
    startTicks: Number(startTicks),
    ...(exe === '' ? {} : { exe }),
    ...(directory === '' ? {} : { directory }),
    words,
    ...(unit === undefined ? {} : { unit }),
    isEnvironmentReadable: /^environ 1$/m.test(record),
  };
}

/**
 * Workers are children of a master; a process whose parent is no HAProxy is a root of its own. Without a master a reload leaves the
 * old process beside the new one until its connections end: the same files, so one instance, of which the newest process is the one.
 */
function instancesOf(processes: readonly HaproxyProcess[], programs: Readonly<Record<string, string>>): Instance[] {
  const pids = new Set(processes.map((one) => one.pid));
  const instances = new Map<string, Instance>();
  for (const root of processes.filter((one) => !pids.has(one.parent)).toSorted(newestFirst)) {
    const args = parseArguments(root.words.slice(1));
    const children = processes.filter((one) => one.parent === root.pid);
    const hasMaster = args.isMaster || children.length > 0;
    const key = hasMaster ? String(root.pid) : [root.directory ?? '', ...args.files].join('\0');
    const same = instances.get(key);
    const workers = hasMaster ? children.toSorted(newestFirst) : [...(same?.workers ?? []), root];
    const first = root.words[0] ?? '';
    const exe = root.exe ?? (first.startsWith('/') ? first : (programs['haproxy'] ?? 'haproxy'));
    instances.set(key, same === undefined ? { root, hasMaster, workers, args, exe } : { ...same, workers });
  }
  return [...instances.values()];
}

function newestFirst(a: HaproxyProcess, b: HaproxyProcess): number {
  return b.startTicks - a.startTicks || b.pid - a.pid;
}

function fromHex(hex: string): string {
  return Buffer.from(hex, 'hex').toString();
}
