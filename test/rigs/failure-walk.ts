import { createHash } from 'node:crypto';
import { appendFileSync, chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan, PushState } from '../../src-main/contract/plan.ts';
import { type CalledConsole, endPhases } from './console-calls.ts';
import type { Site } from './haproxy-site.ts';

/** Something that goes wrong on the device or in the console's own directory as a step of a push begins. */
export interface Fault {
  /** Takes effect before this returns: the step is written down then and nothing of it is sent. */
  readonly strike: (site: Site) => void;
  /** Takes away what is wrong, as a person would who reads what the window says. */
  readonly mend: (site: Site) => void;
}

export const faults = {
  'the disk of the device full': {
    strike: (site) => site.haproxy.disk?.fill(),
    mend: (site) => site.haproxy.disk?.free(),
  },
  'the right to write lost': {
    strike: (site) => {
      chmodSync(site.haproxy.directory, 0o755);
    },
    mend: (site) => {
      chmodSync(site.haproxy.directory, 0o2775);
    },
  },
  "another hand's change": {
    strike: (site) => {
      appendFileSync(site.haproxy.configFile, anotherHand);
    },
    mend: () => undefined,
  },
  'the disk of the console full': {
    strike: (site) => {
      emptyLog(site);
      site.dataDisk?.fill();
    },
    mend: (site) => site.dataDisk?.free(),
  },
} as const satisfies Readonly<Record<string, Fault>>;
export type FaultName = keyof typeof faults;
const anotherHand = '# another hand\n';

/** SQLite writes over what its log holds already, which takes no space: without a log the next entry needs some. */
function emptyLog(site: Site): void {
  const path = join(site.dataDir, 'steelyard.db');
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    for (let turn = 0; turn < 200 && statSync(`${path}-wal`).size > 0; turn += 1) {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    }
  } finally {
    database.close();
  }
}

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

/** What a device holds, in its own words. */
export interface Held {
  readonly file: string;
  /** Name, wished admin state and weights of each server, from `show servers state`, and the pool's algorithm. */
  readonly running: readonly string[];
  /** Files that a push left beside the configuration. */
  readonly leftovers: readonly string[];
  /** Processes that run a plan's revert. */
  readonly timers: readonly string[];
}

export async function heldBy(site: Site): Promise<Held> {
  return {
    file: site.haproxy.readConfig(),
    running: [...serversIn(await site.haproxy.ask('show servers state app')), await algorithmOf(site)],
    leftovers: readdirSync(dirname(site.haproxy.configFile)).filter((name) => name.includes('steelyard-')),
    timers: timersOf(site),
  };
}

export interface Walk {
  /** The state in which the push ended, or came to need a person, first. */
  readonly first: PushState;
  /** Every content that the file had as a state of the push was told. */
  readonly files: ReadonlySet<string>;
  readonly hasStruck: boolean;
}

/** Pushes a plan, lets a fault strike as the step begins (`waiting`: as the countdown begins), and waits until the push goes no further. */
export async function walkInto(
  site: Site,
  called: CalledConsole,
  plan: Plan,
  stepId: string,
  fault: Fault,
): Promise<Walk> {
  const files = new Set<string>();
  let hasStruck = false;
  called.onPush = (state) => {
    files.add(site.haproxy.readConfig());
    const isThere =
      stepId === 'waiting'
        ? state.phase === 'waiting'
        : state.steps.some((step) => step.id === stepId && step.state === 'running');
    if (hasStruck || !isThere) return;
    hasStruck = true;
    fault.strike(site);
  };
  await called.call('push.start', { plan, confirmWithinMs: 600_000, typed: plan.device });
  let first = await called.pushIn(plan.id, ['waiting', ...endPhases]);
  if (first.phase === 'waiting') {
    await called.call('push.revert', { device: plan.device });
    first = await called.pushIn(plan.id, endPhases);
  }
  called.onPush = () => undefined;
  return { first, files, hasStruck };
}

/**
 * Walks one plan into one fault and says what of the promises did not hold; nothing when all did: at every instant the file is wholly one
 * of its versions, the end is wholly the old state (or what another hand wrote), nothing that the push made is left, window and journal
 * name the same end, and the window says why.
 */
export async function judgeWalk(
  site: Site,
  called: CalledConsole,
  plan: Plan,
  stepId: string,
  name: FaultName,
): Promise<readonly string[]> {
  const before = await heldBy(site);
  const { first, files, hasStruck } = await walkInto(site, called, plan, stepId, faults[name]);
  const found: string[] = [];
  function demand(isTrue: boolean, sentence: string): void {
    if (!isTrue) found.push(`${name} at ${stepId}: ${sentence}`);
  }
  demand(hasStruck, 'the push never came there');
  const isWhole = [...files]
    .map((file) => file.replace(anotherHand, ''))
    .every((file) => file === before.file || isNew(file, plan));
  demand(isWhole, 'the file was something else for a while');
  const said = [first.problem?.detail, first.problem?.raw].join(' ');
  const words: Readonly<Record<FaultName, RegExp>> = {
    'the disk of the device full': /No space left|I\/O error|disk is full|^ $/,
    'the right to write lost': /Permission denied|^ $/,
    "another hand's change": /FAILED|has changed since|another hand/,
    'the disk of the console full': /the disk is full/,
  };
  demand(words[name].test(said), `the window said ${said}`);
  faults[name].mend(site);
  if (name === "another hand's change") {
    await judgeForeign(site, called, plan, before, first, demand);
    return found;
  }
  let last = first;
  if (first.phase === 'stuck') {
    demand(name === 'the right to write lost', `it needs a person: ${said}`);
    const ended = new Promise<PushState>((resolve) => {
      called.onPush = (state) => {
        if (state.id === plan.id && ['reverted', 'refused'].includes(state.phase)) resolve(state);
      };
    });
    await called.call('push.revert', { device: plan.device });
    last = await ended;
  }
  const isTouched = ['replace', 'reload', 'countdown', 'waiting'].includes(stepId);
  demand(['refused', 'reverted'].includes(last.phase), `it ended ${last.phase}`);
  demand(isTouched || last.phase === 'refused', `it ended ${last.phase}, though nothing had been changed`);
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

/** Before the new file is in place the push steps aside; afterwards a person decides, and what stands there stays. */
async function judgeForeign(
  site: Site,
  called: CalledConsole,
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

/** For the next walk: the old file, and a process that runs it. */
async function putBack(site: Site, before: Held): Promise<void> {
  const now = await heldBy(site);
  for (const name of now.leftovers) rmSync(join(site.haproxy.directory, name));
  writeFileSync(site.haproxy.configFile, before.file);
  if (JSON.stringify(now.running) === JSON.stringify(before.running)) return;
  site.haproxy.reload();
  for (let turn = 0; turn < 300; turn += 1) {
    const held = await heldBy(site).catch(() => undefined); // between two processes nobody answers
    if (JSON.stringify(held?.running) === JSON.stringify(before.running)) return;
    await sleep(50);
  }
  throw new Error('the old file could not be brought into force again');
}

function isNew(file: string, plan: Plan): boolean {
  return createHash('sha256').update(file).digest('hex') === plan.driver['after'];
}

/** How the journal says that a push ended; null while it is open. */
function outcomeOf(site: Site, pushId: string): string | null | undefined {
  const database = new DatabaseSync(join(site.dataDir, 'steelyard.db'), { readOnly: true });
  try {
    const row = database.prepare('SELECT outcome FROM push WHERE id = ?').get(pushId);
    const outcome = row?.['outcome'];
    return typeof outcome === 'string' ? outcome : row === undefined ? undefined : null;
  } finally {
    database.close();
  }
}

function serversIn(answer: string): string[] {
  const [, header = '', ...rows] = answer.trim().split('\n');
  const columns = header.replace(/^# /, '').split(' ');
  const wanted = ['be_name', 'srv_name', 'srv_admin_state', 'srv_uweight', 'srv_iweight'];
  return rows.map((row) => wanted.map((column) => row.split(' ')[columns.indexOf(column)]).join(' '));
}

async function algorithmOf(site: Site): Promise<string> {
  const rows = (await site.haproxy.ask('show stat')).split('\n').map((line) => line.split(','));
  const column = rows[0]?.indexOf('algo') ?? -1;
  return rows.find((row) => row[0] === 'app' && row[1] === 'BACKEND')?.[column] ?? '';
}

function timersOf(site: Site): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.some((word) => word.startsWith(site.haproxy.configFile) && word.endsWith('.hold'));
    } catch {
      return false; // it ended meanwhile
    }
  });
}
