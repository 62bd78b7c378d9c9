import { deviceRevertedWords } from '../../contract/plan.ts';
import { printfFormat, quote } from './driver-shell.ts';

/**
 * The revert as a shell script beside the configuration, and who may run it. One file says whose turn it is, by its name, so each turn
 * is one rename and has one winner:
 *
 * | name        | means                                                                       |
 * | ----------- | --------------------------------------------------------------------------- |
 * | `.hold`     | armed; it goes back when the time in `.until` has come                      |
 * | `.kept`     | the console kept the change: the script ends without doing anything         |
 * | `.taken`    | the console takes it back; where it does not come to an end, the script does |
 * | `.fired`    | the script takes it back                                                    |
 * | `.back`     | it has                                                                      |
 * | `.failed`   | it could not; `.why` holds what was said                                    |
 *
 * Time is that of /proc/uptime (proc(5)): seconds since the start of the machine, which no clock change touches.
 */
export interface HoldFiles {
  /** What the names above are appended to. */
  readonly beside: string;
}

/** How long a console that takes the change back has for it before the script does it instead. */
const graceSeconds = 30;
/** While the change is being sent, the time left is at least this. */
const leastSeconds = 45;
const tries = 5;
const leftovers = ['hold', 'kept', 'taken', 'fired', 'back', 'failed', 'until', 'pid', 'why', 'when', 'try', 'ran'];

/** The script: waits until its time has come or somebody takes it away, then runs `back`, commands that may be run twice. */
export function holdScript({ beside }: HoldFiles, back: readonly string[]): string {
  return `#!/bin/sh
# Takes the change back at the time in .until, unless it was kept before.
b=${quote(beside)}
echo $$ > "$b.pid"
grace=
while :; do
  read -r up rest < /proc/uptime; up=\${up%%.*}
  read -r until < "$b.until" || until=0
  if [ -e "$b.hold" ]; then turn=hold
  elif [ -e "$b.taken" ]; then turn=taken; until=\${grace:=$((up + ${graceSeconds}))}
  else exit 0; fi
  if [ "$up" -ge "$until" ]; then mv -T "$b.$turn" "$b.fired" && break
  else sleep 0.3; fi
done
back() {
${back.join(' &&\n')}
}
i=0
while [ "$i" -lt ${tries} ]; do
  if back > "$b.why" 2>&1; then date -u +%Y-%m-%dT%H:%M:%SZ > "$b.when"; mv -T "$b.fired" "$b.back"; exit 0; fi
  i=$((i + 1)); sleep 1
done
mv -T "$b.fired" "$b.failed"
`;
}

export function writeScriptText({ beside }: HoldFiles, script: string): string {
  return `printf ${printfFormat(Buffer.from(script))} > ${quote(`${beside}.hold`)}`;
}

/** Sets the time, starts the script by `launch`, and waits until it is seen to run. */
export function armText(files: HoldFiles, seconds: number, launch: string): string {
  const late = `echo 'The timer was not seen to start within 5 s.' >&2; exit 1`;
  return `( seconds=${seconds}; [ "$seconds" -ge ${leastSeconds} ] || seconds=${leastSeconds}
${setTime(files)}
${launch} || exit 1
i=0; until ${isRunning(files)}; do [ "$i" -lt 50 ] || { ${late}; }; i=$((i + 1)); sleep 0.1; done )`;
}

/** Gives the whole countdown from now on, and a second more, so that the console's own revert comes first. */
export function countdownText(files: HoldFiles, seconds: number): string {
  const gone = `echo '${deviceRevertedWords}: sending and verifying took longer than the time it had.' >&2; exit 1`;
  return `( seconds=${seconds}
${setTime(files)}
${isRunning(files)} && [ -e ${quote(`${files.beside}.hold`)} ] || { ${gone}; } )`;
}

function setTime({ beside }: HoldFiles): string {
  const until = quote(`${beside}.until`);
  const next = quote(`${beside}.try`);
  return `read -r up rest < /proc/uptime && echo $((\${up%%.*} + seconds + 2)) > ${next} && mv -T ${next} ${until} || exit 1`;
}

/**
 * The decision to keep: whoever renames first has won. It may be sent again, and after all else was cleaned up. Then the script is ended,
 * and seen to have ended.
 */
export function releaseText(files: HoldFiles): string {
  const { beside } = files;
  const [hold, kept, fired, back, failed] = ['hold', 'kept', 'fired', 'back', 'failed'].map((name) =>
    quote(`${beside}.${name}`),
  );
  return `( mv -T ${hold} ${kept} 2>/dev/null
if [ -e ${fired} ] || [ -e ${back} ] || [ -e ${failed} ]; then echo '${deviceRevertedWords} before it was told to keep it.' >&2; exit 1; fi
${endText(files)} )`;
}

/** The console takes the change back: the script stands by, and where it is at it already, it is let finish. */
export function takeText(files: HoldFiles): string {
  const { beside } = files;
  const [hold, taken, fired, back, when] = ['hold', 'taken', 'fired', 'back', 'when'].map((name) =>
    quote(`${beside}.${name}`),
  );
  const busy = `echo 'The device takes the change back by itself and has not come to an end yet.' >&2; exit 1`;
  return `( mv -T ${hold} ${taken} 2>/dev/null
i=0; while [ -e ${fired} ] && ${isRunning(files)}; do [ "$i" -lt 450 ] || { ${busy}; }; i=$((i + 1)); sleep 0.1; done
if [ -e ${back} ]; then echo "${deviceRevertedWords} at $(cat ${when})."; fi )`;
}

/** Removes the script and what it wrote, and sees that it no longer runs. */
export function removeText(files: HoldFiles): string {
  const names = leftovers.filter((name) => name !== 'pid').map((name) => quote(`${files.beside}.${name}`));
  return `rm -f -- ${names.join(' ')} && ( ${endText(files)} ) && rm -f -- ${quote(`${files.beside}.pid`)}`;
}

function endText(files: HoldFiles): string {
  const still = `echo 'The timer still runs.' >&2; exit 1`;
  return `i=0; while ${isRunning(files)}; do kill "$p"; [ "$i" -lt 100 ] || { ${still}; }; i=$((i + 1)); sleep 0.1; done`;
}

/** Leaves the process id in `p`. An id that belongs to something else by now does not count. */
function isRunning({ beside }: HoldFiles): string {
  const script = quote(`${beside}.hold`);
  return `{ p=$(cat ${quote(`${beside}.pid`)}) && [ -n "$p" ] && grep -qsF -e ${script} "/proc/$p/cmdline"; } 2>/dev/null`;
}
