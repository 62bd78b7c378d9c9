import { AppError } from '../../contract/errors.ts';
import type { Plan } from '../../contract/plan.ts';
import type { HostSession } from '../../transports/transport.ts';
import type { DriverTools } from '../vendor.ts';
import { findCertificateStanding } from './certificates/standing.ts';
import type { Instance } from './discover.ts';
import type { Host } from './driver-host.ts';
import { quote } from './driver-shell.ts';
import { parseRunning, type RunningProcess } from './runtime-state.ts';
import { pollCommand } from './stats.ts';
import { differencesOf, readExpectation, recordOf, textOf } from './standing.ts';

export interface StandingContext {
  readonly host: Host;
  readonly tools: DriverTools;
  readonly handshake?: HostSession['handshake'];
  readonly instance: () => Promise<Instance | undefined>;
  readonly signal: AbortSignal;
}
export interface Standing {
  readonly file: 'old' | 'new' | 'foreign';
  readonly isUnplaced?: boolean;
  readonly differences: readonly string[];
}

/**
 * A new process may need this long until it answers; one that runs already does what it is told before it says so. What was slept is
 * counted, not what the clock says: it may jump.
 */
const patienceMs = { reload: 20_000, other: 1_000 };
const pauseMs = 100;
/** Nothing comes of waiting for it. */
const nothingRuns =
  'no HAProxy runs with this configuration any more: start it, it reads the file that stands there now';

/**
 * Where the device stands against a plan. While the file is not the wanted one there is nothing to wait for; once it is, the running
 * process gets time to follow, as a reload counts only when a new process answers.
 */
export async function findStanding(context: StandingContext, plan: Plan, wanted: 'old' | 'new'): Promise<Standing> {
  const { host, signal } = context;
  if (plan.driver['kind'] === 'certificate') return findCertificateStanding(context, plan, wanted);
  const file = await findFile(host, plan, signal);
  if (file !== wanted)
    return {
      file,
      ...(file === 'foreign' && (await isUnplaced(host, plan, signal)) ? { isUnplaced: true } : {}),
      differences: [`the file is ${file === 'foreign' ? 'neither the old nor the new one' : `the ${file} one`}`],
    };
  const patience = plan.cost === 'reload' ? patienceMs.reload : patienceMs.other;
  for (let sleptMs = 0; ; sleptMs += pauseMs) {
    const differences = await runningDifferences(context, plan, wanted);
    const isOver = differences.length === 0 || differences.includes(nothingRuns) || sleptMs >= patience;
    if (isOver) return { file, differences };
    await context.tools.sleep(pauseMs, signal);
  }
}

async function findFile(host: Host, plan: Plan, signal: AbortSignal): Promise<Standing['file']> {
  const { file, before, after } = plan.driver;
  const { code, stdout } = await host.run(`sha256sum -- ${quote(textOf(file))}`, { signal });
  const hash = code === 0 ? stdout.toString().slice(0, 64) : '';
  return hash === textOf(before) ? 'old' : hash === textOf(after) ? 'new' : 'foreign';
}

/** The rename that puts the new file in place takes it from where it was written. */
async function isUnplaced(host: Host, { driver }: Plan, signal: AbortSignal): Promise<boolean> {
  const candidate = driver['candidate'];
  if (typeof candidate !== 'string') return false; // a plan of an older version
  return (await host.run(`[ -e ${quote(candidate)} ]`, { signal })).code === 0;
}

async function runningDifferences(
  context: StandingContext,
  plan: Plan,
  wanted: 'old' | 'new',
): Promise<readonly string[]> {
  const { host, signal } = context;
  const { driver } = plan;
  const socket = textOf(driver['socket']);
  let running: RunningProcess;
  try {
    running = parseRunning(await host.ask(socket, pollCommand, { signal }));
  } catch (error) {
    // Between two processes the socket may be gone, or end before its answer does.
    const isBetween = error instanceof AppError && ['NOT_FOUND', 'OUTPUT_UNPARSED'].includes(error.code);
    if (!isBetween) throw error;
    return [(await context.instance()) === undefined ? nothingRuns : `nobody answers at ${socket} (${error.detail})`];
  }
  const expected = readExpectation(recordOf(driver)[wanted === 'new' ? 'becomes' : 'was']);
  const differences = differencesOf(expected, running);
  if (differences.length > 0 || plan.cost !== 'reload') return differences;
  return processDifferences(running.info.pid, driver['pid'], wanted, await context.instance());
}

/** The newest process has to answer; only where nobody asked for a reload yet may it be the one that the plan was made with. */
function processDifferences(
  pid: number,
  oldPid: unknown,
  wanted: 'old' | 'new',
  instance: Instance | undefined,
): readonly string[] {
  if (pid === oldPid) {
    return wanted === 'old' ? [] : [`process ${pid} still answers, which read the old file`];
  }
  const newest = instance?.workers[0]?.pid;
  if (newest === undefined || newest === pid) return [];
  return [`process ${pid} still answers, not the newest one (${newest})`];
}
