import { AppError } from '../../contract/errors.ts';
import type { CallOptions } from '../../transports/transport.ts';
import { absolutePath, configPaths, type Site } from './discover-site.ts';
import type { GlobalFacts } from './cfg/facts.ts';
import type { Instance } from './discover.ts';
import { type Host, isDenied } from './driver-host.ts';
import { quote } from './driver-shell.ts';

/** How this host brings a changed file into force while old connections are kept. */
export type Reload =
  | { readonly way: 'systemd'; readonly unit: string; readonly master: number | undefined; readonly isBySudo: boolean }
  | { readonly way: 'init'; readonly script: string }
  | { readonly way: 'master-socket'; readonly socket: string; readonly master: number; readonly canSignal: boolean }
  | { readonly way: 'signal'; readonly master: number }
  | { readonly way: 'replace'; readonly pidFile: string | undefined }
  | { readonly way: 'none'; readonly why: string };

const initScript = '/etc/init.d/haproxy';
const initPidFiles = ['/run/haproxy.pid', '/var/run/haproxy.pid'];

/**
 * The host's own way first: a unit that systemd keeps it in, then the init script that manages its pid file, then the master
 * (its socket, else a signal), and without a master another start with `-sf`.
 */
export async function findReload(
  host: Host,
  site: Site,
  config: Pick<GlobalFacts, 'isDaemon' | 'pidFile'>,
  options: CallOptions,
): Promise<Reload> {
  const { instance, discovery } = site;
  if (instance === undefined) return { way: 'none', why: `no HAProxy runs with ${site.paths.join(' ')}` };
  const { root, hasMaster, args } = instance;
  const mayManage = discovery.account === 0;
  const master = hasMaster ? root.pid : undefined;
  if (root.unit !== undefined && (await isKeptByUnit(host, root.unit, root.pid, options))) {
    const isBySudo = !mayManage && (await maySudo(host, reloadUnitText(root.unit), options));
    if (mayManage || isBySudo) return { way: 'systemd', unit: root.unit, master, isBySudo };
  }
  if (mayManage && !hasMaster && (await isKeptByInitScript(host, instance, options))) {
    return { way: 'init', script: initScript };
  }
  const canSignal = mayManage || discovery.account === root.user;
  if (master !== undefined) {
    const socket = args.masterSocket;
    if (socket?.startsWith('/') === true && (await canReloadBySocket(host, socket, options))) {
      return { way: 'master-socket', socket, master, canSignal };
    }
    return canSignal ? { way: 'signal', master } : { way: 'none', why: mayNotSignal(root.pid) };
  }
  if (!args.isDaemon && !config.isDaemon) {
    const why = `process ${root.pid} runs in the foreground without a master: whoever started it would take a reload for its end. Start it with -W (master-worker)`;
    return { way: 'none', why };
  }
  if (!canSignal) return { way: 'none', why: mayNotSignal(root.pid) };
  const pidFile = args.pidFile ?? config.pidFile;
  return { way: 'replace', pidFile: pidFile === undefined ? undefined : absolutePath(pidFile, root.directory) };
}

/** As sudoers names it: one command, whole path, no wildcard. */
export function reloadUnitText(unit: string): string {
  return `/usr/bin/systemctl reload ${quote(unit)}`;
}

/** Whether sudo would run exactly this without a password; nothing is run. */
async function maySudo(host: Host, command: string, options: CallOptions): Promise<boolean> {
  return (await host.run(`sudo -n -l ${command} > /dev/null 2>&1`, options)).code === 0;
}

function mayNotSignal(pid: number): string {
  return `the account may not signal process ${pid}, whose owner is another: give it the master's socket (-S PATH,mode,660,group,G, and the account in G) or the line of sudoers for systemctl reload, or let the address say sudo=1`;
}

/** The control group alone proves nothing: what is started by hand in a session of sshd stands in ssh.service. */
async function isKeptByUnit(host: Host, unit: string, pid: number, options: CallOptions): Promise<boolean> {
  const script = `systemctl show -p ActiveState -p MainPID -p CanReload -- ${quote(unit)}`;
  const { code, stdout } = await host.run(script, options);
  const lines = stdout.toString().trim().split('\n');
  return code === 0 && ['ActiveState=active', `MainPID=${pid}`, 'CanReload=yes'].every((line) => lines.includes(line));
}

/** Debian's script (and those made after it) keeps /var/run/haproxy.pid and reloads with `-sf`. */
async function isKeptByInitScript(host: Host, instance: Instance, options: CallOptions): Promise<boolean> {
  const isItsProcess = initPidFiles.includes(instance.args.pidFile ?? '') && instance.args.files.length === 1;
  if (!isItsProcess) return false;
  const [config = ''] = configPaths(instance);
  const script = `[ -x ${initScript} ] && grep -q ' reload' ${initScript} && [ ${quote(config)} = /etc/haproxy/haproxy.cfg ]`;
  return (await host.run(script, options)).code === 0;
}

/** The master's socket may be limited to reading (`-S PATH,level,user`), or closed to this account. */
async function canReloadBySocket(host: Host, socket: string, options: CallOptions): Promise<boolean> {
  try {
    const level = await host.ask(socket, 'show cli level', options);
    return ['admin', 'operator'].includes(level.trim());
  } catch (error) {
    const isClosed = error instanceof AppError && ['NOT_FOUND', 'CAPABILITY_MISSING'].includes(error.code);
    if (isClosed || isDenied(error)) return false;
    throw error;
  }
}
