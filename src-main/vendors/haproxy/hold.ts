import type { CallOptions } from '../../transports/transport.ts';
import type { Host } from './driver-host.ts';
import { quote } from './driver-shell.ts';

/** Ways to run a script on the host that outlives the connection, the most independent first. */
export const holdWays = ['systemd-run', 'at', 'detached'] as const;
export type HoldWay = (typeof holdWays)[number];

/** The way that was tried and seen to work, with the shell text that starts a script by it; or why none does. */
export type Holder =
  | { readonly way: HoldWay; readonly why: string; readonly launch: (script: string) => string }
  | { readonly way: undefined; readonly why: string };

/** `systemd-run`'s own clean-up would take a HAProxy with it that the script has started (`-sf`), hence KillMode. */
function systemdText(script: string, unit: string): string {
  return `systemd-run --quiet --collect --unit=${quote(unit)} --property=KillMode=process /bin/sh ${quote(script)}`;
}

/**
 * `now`, as at(1) counts in minutes and by the clock: the script counts itself. Without atd a job would lie there until one comes, so
 * it is asked whether it lives (at itself only warns).
 */
function atText(script: string): string {
  const job = quote(`exec /bin/sh ${quote(script)} < /dev/null > /dev/null 2>&1`);
  return `{ [ -d "/proc/$(cat /run/atd.pid 2>/dev/null)/fd" ] || { echo 'atd does not run' >&2; false; }; } && printf '%s\\n' ${job} | at now`;
}

/** A session of its own: neither the end of the shell nor that of the connection reaches it. */
function detachedText(script: string): string {
  return `{ setsid /bin/sh ${quote(script)} < /dev/null > /dev/null 2>&1 & }`;
}

/** Where systemd-logind ends what a user leaves behind, a detached shell does not outlive the connection. */
const logindSpares = `{ [ ! -d /run/systemd/system ] || [ "$(busctl get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses)" = 'b false' ] || { echo 'systemd-logind ends what a user leaves behind (KillUserProcesses)' >&2; false; }; }`;

function launcher(way: HoldWay, unit: string): (script: string) => string {
  if (way === 'systemd-run') return (script) => systemdText(script, unit);
  return way === 'at' ? atText : detachedText;
}

/**
 * Tries each way on the host with a script that only leaves a mark, and takes the first whose mark is seen. `wanted` (the address's
 * `hold=`) names one way, or `none`. Nothing is left behind.
 */
export async function findHolder(
  host: Host,
  beside: string,
  unit: string,
  wanted: string | undefined,
  options: CallOptions,
): Promise<Holder> {
  if (wanted === 'none') return { way: undefined, why: 'the address says hold=none' };
  const ways = holdWays.filter((way) => wanted === undefined || way === wanted);
  if (ways.length === 0) {
    return { way: undefined, why: `the address says hold=${wanted ?? ''}, which is none of ${holdWays.join(', ')}` };
  }
  const { stdout } = await host.run(trialText(ways, beside, unit), options);
  const lines = stdout.toString().trim().split('\n');
  const found = ways.find((way) => lines.includes(`works ${way}`));
  const failed = lines.filter((line) => line.startsWith('no ')).map((line) => line.slice(3));
  const tried = failed.length === 0 ? '' : ` (${failed.join('; ')})`;
  if (found === undefined) return { way: undefined, why: `no timer on the host was seen to work${tried}` };
  return { way: found, why: `${found} was tried and seen to work${tried}`, launch: launcher(found, unit) };
}

/** Each way in a function of its own, tried in turn; what is said of a way that fails comes on one line. */
function trialText(ways: readonly HoldWay[], beside: string, unit: string): string {
  const [script, ran] = [`${beside}.try`, `${beside}.ran`];
  const functions = ways.map((way) => {
    const launch = launcher(way, `${unit}-try`)(script);
    return `${functionOf(way)}() { ${way === 'detached' ? `${logindSpares} && ` : ''}${launch}; }`;
  });
  const left = [script, ran].map(quote).join(' ');
  return [
    ...functions,
    `try() {
if a=$("$2" 2>&1); then
i=0; while [ "$i" -lt 30 ]; do [ ! -s ${quote(ran)} ] || { echo "works $1"; exit 0; }; i=$((i + 1)); sleep 0.1; done
a='it did not run'; fi
printf 'no %s: %s\\n' "$1" "$(printf '%s' "$a" | tr '\\n' ' ' | cut -c 1-160)"; }`,
    `trap 'rm -f -- ${left.replaceAll("'", String.raw`'\''`)}' EXIT`,
    `echo ${quote(`echo ran > ${quote(ran)}`)} > ${quote(script)} || exit 1`,
    ...ways.map((way) => `try ${way} ${functionOf(way)}`),
  ].join('\n');
}

function functionOf(way: HoldWay): string {
  return `by_${way.replace('-', '_')}`;
}
