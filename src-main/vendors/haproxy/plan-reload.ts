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

/**
 * Commands that bring the file into force: note who works now, ask for the reload, wait for somebody new. A master forks its new
 * worker some time after it was asked, and keeps the old one where the new file cannot be brought into force.
 */
export function reloadCommands(host: Host, plan: ReloadPlan): readonly Command[] {
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
      },
      shell(host, awaitWorker(plan)),
    ];
  }
  return [noteWorkers(plan), requestText(plan), awaitWorker(plan)]
    .filter((text) => text !== '')
    .map((text) => shell(host, text));
}

/** The same for the way back; nothing happens where no reload was asked for, as far as the account can see to that. */
export function reloadBackCommands(host: Host, plan: ReloadPlan): readonly Command[] {
  if (plan.reload.way === 'master-socket' && !plan.reload.canSignal) return reloadCommands(host, plan);
  const texts = [noteWorkers(plan), requestText(plan), awaitWorker(plan)].filter((text) => text !== '');
  return [shell(host, `( [ -e ${quote(plan.mark)} ] || exit 0\n${texts.join(' &&\n')} )`)];
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

function noteWorkers({ reload, mark }: ReloadPlan): string {
  const master = masterOf(reload);
  return master === undefined ? `: > ${quote(mark)}` : `${workersText(master)} > ${quote(mark)}`;
}

/** Without a master the new process has started, or failed to, when its parent returns. */
function awaitWorker({ reload, mark }: ReloadPlan): string {
  const master = masterOf(reload);
  if (master === undefined) return '';
  const failed = `echo 'No new worker came within ${waitSeconds} s: the old one still works, on the old configuration.' >&2; exit 1`;
  return `( i=0; while [ "$i" -lt ${waitSeconds * 10} ]; do
for p in $(${workersText(master)}); do grep -qx "$p" ${quote(mark)} || exit 0; done
i=$((i + 1)); sleep 0.1; done; ${failed} )`;
}

export function shell(host: Host, script: string, timeoutMs?: number): Command {
  const text = host.asSent(script);
  return { kind: 'shell', text, shown: text, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}
