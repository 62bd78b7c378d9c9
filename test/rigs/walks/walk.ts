import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Plan, PushState } from '../../../src-main/contract/plan.ts';
import { endPhases } from '../console-calls.ts';
import { clockFrom } from '../faketime.ts';
import { killAt } from '../killed-console.ts';
import { anotherHand, type Fault, type FaultName, faults } from './faults.ts';
import { type Held, heldBy, outcomeOf, putBack } from './held.ts';
import { countdownMs, isTrueLeft, type Walk, walkInto } from './walk-into.ts';
import { jumpFile, type Walker } from './walker.ts';

const run = promisify(execFile);

/** The steps of a plan that reloads, and the wait for Keep. */
export const walkSteps = [
  'fingerprint',
  'backup',
  'candidate',
  'check',
  'hold-script',
  'hold',
  'replace',
  'reload',
  'countdown',
  'waiting',
] as const;

/** Beginning with these the device may be another than before. */
const touching: ReadonlySet<string> = new Set(['replace', 'reload', 'countdown', 'waiting']);
/** No step takes as long; one that a clock was set in seems to. */
const longestStepMs = 120_000;

/**
 * Walks one plan into one fault and says what of the promises did not hold; nothing when all did: at every instant the file is wholly one
 * of its versions, the end is wholly the old state (or what another hand wrote), nothing that the push made is left, no timer of it runs,
 * window and journal name the same end, the window says why, and what it says of times is true.
 */
export async function judgeWalk(walker: Walker, stepId: string, name: FaultName): Promise<readonly string[]> {
  const { site } = walker;
  const fault: Fault = faults[name];
  const before = await heldBy(site);
  const plan = await walker.plan(fault);
  const { first, files, hasStruck, leftMs } = await walkBy(walker, fault, plan, stepId);
  const found: string[] = [];
  function demand(isTrue: boolean, sentence: string): void {
    if (!isTrue) found.push(`${name} at ${stepId}: ${sentence}`);
  }
  demand(hasStruck, 'the push never came there');
  const isWhole = files
    .map((file) => file.replace(anotherHand, ''))
    .every((file) => file === before.file || isNew(file, plan));
  demand(isWhole, 'the file was something else for a while');
  const said = [first.problem?.detail, first.problem?.raw].join(' ');
  demand(fault.says.test(said), `the window said ${said}`);
  demand(
    leftMs === undefined || isTrueLeft(leftMs),
    `the window said that ${leftMs ?? ''} ms of the countdown were left`,
  );
  const times = [...first.steps, ...first.revertSteps].map(({ durationMs = 0 }) => durationMs);
  demand(
    times.every((ms) => ms >= 0 && ms < longestStepMs),
    `the window said that steps took ${times.join(', ')} ms`,
  );
  await fault.mend(walker);
  if (name === "another hand's change") {
    await judgeForeign(walker, plan, before, first, demand);
    return found;
  }
  const last = first.phase === 'stuck' ? await revertAgain(walker, plan) : first;
  demand(first.phase !== 'stuck' || fault.mayStick === true, `it needs a person: ${said}`);
  demand(['refused', 'reverted'].includes(last.phase), `it ended ${last.phase}`);
  demand(
    touching.has(stepId) || last.phase === 'refused' || hasGoneOn(fault),
    `it ended ${last.phase}, though nothing had been changed`,
  );
  const held = await heldBy(site);
  demand(JSON.stringify(held) === JSON.stringify(before), `the device holds ${JSON.stringify(held)}`);
  // Where the console could write nothing, the journal learns of the end before the next push.
  const outcome = outcomeOf(site, plan.id);
  demand(
    outcome === last.phase || (name === 'the disk of the console full' && outcome === null),
    `journal: ${outcome}`,
  );
  return found;
}

/** What strikes does not stop the step at which it strikes: it is felt later, or never. */
function hasGoneOn({ needsPort, console: own, says, endsByItself }: Fault): boolean {
  return (
    needsPort === true || typeof own === 'object' || (endsByItself === true && own === undefined) || says.test(' ')
  );
}

/** In this console, or by one in a process of its own, after which this one looks. */
async function walkBy(walker: Walker, fault: Fault, plan: Plan, stepId: string): Promise<Walk> {
  const { site, called } = walker;
  function readConfig(): string {
    return site.haproxy.readConfig();
  }
  if (fault.console === undefined) {
    return walkInto(called, plan, stepId, {
      strike: () => {
        fault.strike(walker);
      },
      readConfig,
      endsByItself: fault.endsByItself === true,
    });
  }
  await called.console.close();
  if (fault.console !== 'killed') {
    const walk = await walkByClock(walker, plan, stepId, fault.console.jump);
    await walker.reopen();
    return walk;
  }
  await killAt(site.dataDir, plan, stepId, countdownMs);
  const files = [readConfig()];
  await walker.reopen();
  files.push(readConfig());
  const first = await walker.called.pushIn(plan.id, endPhases);
  return { first, files: [...files, readConfig()], hasStruck: true };
}

async function walkByClock(walker: Walker, plan: Plan, stepId: string, jump: string): Promise<Walk> {
  const { site } = walker;
  const [planFile, file] = [join(site.dataDir, 'plan.json'), jumpFile(walker)];
  writeFileSync(planFile, JSON.stringify(plan));
  writeFileSync(file, '+0');
  const entry = fileURLToPath(new URL('clocked.entry.ts', import.meta.url));
  const words = [entry, site.dataDir, planFile, stepId, site.haproxy.configFile, file, jump];
  const { stdout } = await run(process.execPath, words, {
    env: { ...process.env, ...clockFrom(file) },
    timeout: 120_000,
    maxBuffer: 64_000_000,
  });
  return JSON.parse(stdout) as Walk; // the entry's own
}

/** A person reads what the window says, mends it, and asks again. */
async function revertAgain({ called }: Walker, plan: Plan): Promise<PushState> {
  const ended = new Promise<PushState>((resolve) => {
    called.onPush = (state) => {
      if (state.id === plan.id && ['reverted', 'refused'].includes(state.phase)) resolve(state);
    };
  });
  await called.call('push.revert', { device: plan.device });
  return ended;
}

/** Before the new file is in place the push steps aside; afterwards a person decides, and what stands there stays. */
async function judgeForeign(
  { site, called }: Walker,
  plan: Plan,
  before: Held,
  first: PushState,
  demand: (isTrue: boolean, sentence: string) => void,
): Promise<void> {
  const held = await heldBy(site);
  demand(held.file.endsWith(anotherHand), 'the change of the other hand is gone');
  if (first.phase === 'refused') {
    demand(held.file === `${before.file}${anotherHand}`, 'the file is not as the other hand left it');
    demand(JSON.stringify(held.running) === JSON.stringify(before.running), 'the running process was changed');
    demand(
      [...held.leftovers, ...held.timers].length === 0,
      `left are ${held.leftovers.join(' ')} ${held.timers.join(' ')}`,
    );
  } else {
    demand(first.phase === 'stuck' && first.problem?.code === 'PLAN_STALE', `it ended ${first.phase}`);
    await called.call('push.keep', { device: plan.device });
    await called.pushIn(plan.id, ['kept']);
    const after = await heldBy(site);
    demand(after.file === held.file, 'leaving it changed the file');
    demand(after.timers.length === 0, 'its timer is left');
    demand(
      after.leftovers.every((name) => name.endsWith('.old')),
      `left are ${after.leftovers.join(' ')}`,
    );
  }
  const outcome = outcomeOf(site, plan.id);
  demand(outcome === (first.phase === 'refused' ? 'refused' : 'kept'), `journal: ${outcome}`);
  await putBack(site, before);
}

function isNew(file: string, plan: Plan): boolean {
  return createHash('sha256').update(file).digest('hex') === plan.driver['after'];
}
