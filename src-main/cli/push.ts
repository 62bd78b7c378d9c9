import type { Command as DeviceCommand, Plan, PushState, StepState } from '../contract/plan.ts';
import type { CliTools } from './command.ts';
import type { Session } from './session.ts';

/** Events may be lost with a slow pipe: this often the list is looked at as well. */
const lookEveryMs = 1000;
const ends: readonly PushState['phase'][] = ['kept', 'reverted', 'refused', 'stuck'];

/** Shows everything that a plan will send, before anything is sent. */
export function sayPlan(plan: Plan, say: (message: string) => void): void {
  say(`Plan ${plan.id} for "${plan.device}", cost: ${plan.cost}`);
  for (const { action, subject, key, prior, desired } of plan.changes) {
    const what = key === undefined ? '' : ` ${key}: ${inWords(prior)} -> ${inWords(desired)}`;
    say(`  ${action} ${subject.kind} ${subject.path.join('/')}${what}`);
  }
  for (const { file, text } of plan.hunks) say(`  ${file}\n${text.trimEnd().replace(/^/gm, '    ')}`);
  plan.losses.forEach((loss) => {
    say(`  lost by it: ${loss}`);
  });
  plan.affects.forEach(({ kind, name, why }) => {
    say(`  also touches ${kind} ${name}: ${why}`);
  });
  plan.warnings.forEach((warning) => {
    say(`  warning: ${warning}`);
  });
  for (const { title, lacking } of plan.steps) {
    if (lacking !== undefined) say(`  not here: ${title}: ${lacking}`);
  }
  sayCommands(
    'sends',
    plan.steps.flatMap(({ commands }) => commands),
    say,
  );
  sayCommands('checks with', plan.verifies, say);
  sayCommands(
    'when kept, sends',
    plan.keep.flatMap(({ commands }) => commands),
    say,
  );
  sayCommands(
    'if taken back, sends',
    plan.revert.flatMap(({ commands }) => commands),
    say,
  );
}

/**
 * Follows a push to its end, saying each step as it goes. Interrupted, it has the change taken back as soon as it waits, and follows
 * that: a person who leaves has not kept it.
 */
export async function followPush(
  session: Session,
  id: string,
  tools: CliTools,
  dataDir: string | undefined,
): Promise<PushState> {
  const sayNew = openProgress(tools.terminal.say, dataDir);
  const ended = Promise.withResolvers<PushState>();
  let isTakenBack = false;
  let isWarned = false;

  function hear(state: PushState): void {
    if (state.id !== id) return;
    sayNew(state);
    if (ends.includes(state.phase)) ended.resolve(state);
    if (state.phase !== 'waiting' || !tools.interrupted.aborted || isTakenBack) return;
    isTakenBack = true;
    session.call('push.revert', { device: state.device }).catch(ended.reject);
  }
  async function look(): Promise<void> {
    (await session.call('push.list', {})).forEach(hear);
  }

  const stopEvents = session.onEvent((name, data) => {
    if (name === 'push') hear(data as PushState); // the name says what it is
  });
  function warn(): void {
    if (isWarned) return;
    isWarned = true;
    tools.terminal.say(
      'Interrupted: the change goes back. A second interrupt ends at once, and leaves that to the next command.',
    );
  }
  function lookNow(): void {
    if (tools.interrupted.aborted) warn();
    look().catch(ended.reject);
  }
  const looking = setInterval(lookNow, lookEveryMs);
  tools.interrupted.addEventListener('abort', lookNow);
  try {
    await look();
    return await ended.promise;
  } finally {
    clearInterval(looking);
    tools.interrupted.removeEventListener('abort', lookNow);
    stopEvents();
  }
}

function inWords(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}

function sayCommands(what: string, commands: readonly DeviceCommand[], say: (message: string) => void): void {
  if (commands.length === 0) return;
  say(`  ${what}:`);
  for (const { shown } of commands) say(shown.replace(/^/gm, '    '));
}

/** Says each step once as it ends, and each phase as it begins. */
function openProgress(say: (message: string) => void, dataDir: string | undefined): (state: PushState) => void {
  const said = new Set<string>();
  function sayOnce(key: string, message: string): void {
    if (said.has(key)) return;
    said.add(key);
    say(message);
  }
  return (state) => {
    for (const [way, steps] of [
      ['', state.steps],
      ['back: ', state.revertSteps],
    ] as const) {
      for (const step of steps) {
        if (step.state !== 'pending' && step.state !== 'running')
          sayOnce(`${way}${step.id}`, `${way}${describe(step)}`);
      }
    }
    sayOnce(state.phase, phaseWords(state, dataDir));
  };
}

function describe({ title, state, durationMs, problem }: StepState): string {
  const time = durationMs === undefined ? '' : ` (${Math.round(durationMs)} ms)`;
  const why = problem === undefined ? '' : `: ${problem.code}: ${problem.detail}`;
  return `${state.padEnd(8)}${title}${time}${why}`;
}

function phaseWords({ phase, device, revertsAt, problem }: PushState, dataDir: string | undefined): string {
  if (phase === 'waiting') {
    const until = revertsAt === undefined ? 'in time' : `before ${clockTime(revertsAt)}`;
    const data = dataDir === undefined ? '' : ` --data ${dataDir}`;
    return `Sent and verified. Keep it ${until}, else it goes back by itself:\n    steelyard confirm ${device}${data}`;
  }
  return problem === undefined ? `Push: ${phase}` : `Push: ${phase}: ${problem.code}: ${problem.detail}`;
}

/** The hour of this machine's own clock, as 14:05:09. */
function clockTime(at: string): string {
  return new Date(at).toLocaleTimeString('en-GB');
}
