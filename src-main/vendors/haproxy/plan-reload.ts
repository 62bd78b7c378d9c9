import type { Command } from '../../contract/plan.ts';
import { type Reload, reloadUnitText } from './discover-reload.ts';
import { environmentFrom } from './discover-environment.ts';
import type { Instance } from './discover.ts';
import { type Host, socatCommand } from './driver-host.ts';
import { quote } from './driver-shell.ts';

export interface ReloadPlan {
  readonly reload: Exclude<Reload, { way: 'none' }>;
  readonly instance: Instance;
  /** Left beside the configuration just before the reload is asked for: the revert reloads only where it stands. */
  readonly mark: string;
  readonly environment: readonly string[];
  /** A socket with `expose-fd listeners`: the new process takes the listening sockets over from it. */
  readonly listenersFrom: string | undefined;
}

const waitSeconds = 30;
const goesOn = 'the old one still works, on the old configuration';

/**
 * Commands that bring the file into force: note who works now, ask for the reload, wait for somebody new. A master forks its new
 * worker some time after it was asked, and keeps the old one where the new file cannot be brought into force. `isBack`: to the old file.
 */
export function reloadCommands(host: Host, plan: ReloadPlan, isBack = false): readonly Command[] {
  const { reload } = plan;
  if (reload.way === 'master-socket') {
    const text = 'reload';
    return [
      shell(host, noteWorkers(plan)),
      // 2.6 ends the connection without a word; since 2.7 it says how the reload went.
      {
        kind: 'socket',
        socket: reload.socket,
        text: `${text}\n`,
        shown: socatCommand(reload.socket, text),
        expect: String.raw`^(?![\s\S]*Success=0)[\s\S]*$`,
        otherwise: `HAProxy could not start on the file: ${goesOn}`,
      },
      shell(host, awaitWorker(plan, isBack)),
    ];
  }
  return [noteWorkers(plan), requestText(plan), awaitWorker(plan)]
    .filter((text) => text !== '')
    .map((text) => shell(host, text));
}

/** The same for the way back; nothing happens where no reload was asked for, as far as the account can see to that. */
export function reloadBackCommands(host: Host, plan: ReloadPlan): readonly Command[] {
  if (plan.reload.way === 'master-socket' && !plan.reload.canSignal) return reloadCommands(host, plan, true);
  const texts = [noteWorkers(plan), requestText(plan), awaitWorker(plan, true)].filter((text) => text !== '');
  const lines = [`[ -L ${quote(plan.mark)} ] || exit 0`, ...goneText(plan), texts.join(' &&\n')];
  return [shell(host, `( ${lines.join('\n')} )`)];
}

/** A master that has ended is not reloaded: whoever comes after it reads the file that stands there, and is asked what it runs. */
function goneText({ reload }: ReloadPlan): readonly string[] {
  if (reload.way !== 'signal' && reload.way !== 'master-socket') return [];
  return [`grep -q '^haproxy' /proc/${reload.master}/comm 2>/dev/null || exit 0`];
}

function requestText({ reload, ...plan }: ReloadPlan): string {
  if (reload.way === 'systemd')
    return reload.isBySudo ? `sudo -n ${reloadUnitText(reload.unit)}` : `systemctl reload ${quote(reload.unit)}`;
  if (reload.way === 'init') return `${quote(reload.script)} reload`;
  if (reload.way === 'replace') return replaceText(reload.pidFile, plan);
  return `grep -q '^haproxy' /proc/${reload.master}/comm && kill -USR2 ${reload.master}`;
}

/** A second start that tells the running processes to finish (management.txt 4, `-sf`; `-x` takes the listeners over). */
function replaceText(
  pidFile: string | undefined,
  { instance, environment, listenersFrom }: Omit<ReloadPlan, 'reload'>,
): string {
  const { root, args, exe } = instance;
  const pids = pidFile === undefined ? runningText(instance) : `cat ${quote(pidFile)}`;
  const words = [exe, ...args.forStart, ...(args.isDaemon ? [] : ['-D'])].map(quote).join(' ');
  const listeners = listenersFrom === undefined ? '' : ` -x ${quote(listenersFrom)}`;
  const first = `p=$(${pids}) && [ -n "$p" ]`;
  const enter = root.directory === undefined ? '' : `cd -- ${quote(root.directory)} && `;
  const take = environmentFrom('${p%%[!0-9]*}', environment);
  return `( ${first} && ${take === '' ? '' : `${take} && `}${enter}${words}${listeners} -sf $p )`;
}

/** Processes started with these arguments, where no pid file names them. */
function runningText({ args }: Instance): string {
  const found = quote(` ${args.forStart.join(' ')} `);
  return `for d in /proc/[0-9]*; do IFS= read -r c < "$d/comm" || continue; case $c in haproxy*) ;; *) continue ;; esac
case "$(tr '\\000' ' ' < "$d/cmdline")" in *${found}*) echo "\${d#/proc/}" ;; esac; done 2>/dev/null`;
}

function masterOf(reload: ReloadPlan['reload']): number | undefined {
  return reload.way === 'init' || reload.way === 'replace' ? undefined : reload.master;
}

function workersText(master: number): string {
  return `cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (haproxy.*) [A-Z] ${master} .*/\\1/p'`;
}

/**
 * How many reloads of the master have failed in a row, as it counts them itself since 2.5 ("[failed: 1]" of `show proc`; its owner sees
 * the same in its environment): the old worker goes on then, and no new one will come. Says nothing where it cannot be asked.
 */
function failuresText(reload: ReloadPlan['reload'], master: number): string {
  if (reload.way === 'master-socket') {
    return `${socatCommand(reload.socket, 'show proc')} 2>/dev/null | sed -n 's/^${master} .*\\[failed: \\([0-9]*\\)\\].*/\\1/p'`;
  }
  const environment = `{ tr '\\000' '\\n' < /proc/${master}/environ; } 2>/dev/null`;
  return `${environment} | sed -n 's/^HAPROXY_PROCESSES=|type=m;[^|]*failedreloads=\\([0-9]*\\).*/\\1/p'`;
}

/** The note is the target of a symbolic link, which lies in the inode: it can be made where the disk is full. */
function noteWorkers({ reload, mark }: ReloadPlan): string {
  const master = masterOf(reload);
  if (master === undefined) return `ln -sfn -- asked ${quote(mark)}`;
  return `( f=$(${failuresText(reload, master)}); ln -sfn -- "\${f:-0} $(${workersText(master)} | tr '\\n' ' ')" ${quote(mark)} )`;
}

/** Without a master the new process has started, or failed to, when its parent returns. */
function awaitWorker({ reload, mark }: ReloadPlan, isBack = false): string {
  const master = masterOf(reload);
  if (master === undefined) return '';
  // On the way back whoever comes after it is asked what it runs; on the way there it is what the change did.
  const ended = isBack ? 'exit 0' : `{ echo 'HAProxy has ended upon the reload.' >&2; exit 1; }`;
  const late = `echo 'No new worker came within ${waitSeconds} s: ${goesOn}.' >&2; exit 1`;
  const failed = `echo "HAProxy could not start on the file (its master counts \${f} failed reloads, its log says why): ${goesOn}." >&2; exit 1`;
  return `( n="$(readlink -- ${quote(mark)}) "; i=0; while [ "$i" -lt ${waitSeconds * 10} ]; do
for p in $(${workersText(master)}); do case "$n" in *" $p "*) ;; *) exit 0 ;; esac; done
[ -d /proc/${master} ] || ${ended}
f=$(${failuresText(reload, master)}); [ "\${f:-0}" -le "\${n%% *}" ] || { ${failed}; }
i=$((i + 1)); sleep 0.1; done; ${late} )`;
}

export function shell(host: Host, script: string, timeoutMs?: number): Command {
  const text = host.asSent(script);
  return { kind: 'shell', text, shown: text, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}
