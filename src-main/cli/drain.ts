import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../contract/errors.ts';
import type { Plan, PushState } from '../contract/plan.ts';
import type { Arguments } from './arguments.ts';
import { unlock } from './changes.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { followPush, sayPlan } from './push.ts';
import { type Session, withPatientConsole } from './session.ts';

const lookEveryMs = 500;
const confirmWithinMs = 60_000;

const drainOptions = {
  ...dataOption,
  yes: { what: 'unlocks this device for this change alone, without asking' },
} as const;

interface Place {
  readonly device: string;
  readonly pool: string;
  readonly member: string;
}

export const drain: Command = {
  name: 'drain',
  what: 'no new client for a member; with --wait until every process of the balancer says that it is empty',
  takes: 'DEVICE/POOL/MEMBER',
  options: {
    ...drainOptions,
    wait: { value: 'TIME', what: 'how long to wait until it is empty; fails where it is not by then' },
  },
  run: (given, tools) =>
    withPatientConsole(given, tools, async (session) => {
      const place = placeOf(given);
      const waitMs = given.durationMs('wait');
      const isDone = await become(session, place, 'draining', given, tools);
      if (!isDone || waitMs === undefined) return isDone ? 0 : 1;
      return (await untilEmpty(session, place, waitMs, tools)) ? 0 : 1;
    }),
};

export const resume: Command = {
  name: 'resume',
  what: 'puts a drained member back into rotation',
  takes: 'DEVICE/POOL/MEMBER',
  options: drainOptions,
  run: (given, tools) =>
    withPatientConsole(given, tools, async (session) =>
      (await become(session, placeOf(given), 'enabled', given, tools)) ? 0 : 1,
    ),
};

/** A pool's name may hold slashes; a member's only where it begins with one, as `/Common/w1:80` of `lb//Common/app//Common/w1:80`. */
function placeOf(given: Arguments): Place {
  const text = given.need(0, 'DEVICE/POOL/MEMBER');
  const [, device, pool, member] = /^([^/]+)\/(.+?)\/(\/.+)$/.exec(text) ?? /^([^/]+)\/(.+)\/([^/]+)$/.exec(text) ?? [];
  if (device !== undefined && pool !== undefined && member !== undefined) return { device, pool, member };
  throw new AppError('INPUT_INVALID', `"${text}" names no member. Write DEVICE/POOL/MEMBER.`);
}

/** The command is the decision: the push is kept as soon as it was verified. */
async function become(
  session: Session,
  { device, pool, member }: Place,
  adminState: 'draining' | 'enabled',
  given: Arguments,
  tools: CliTools,
): Promise<boolean> {
  const desired = { pools: [{ name: pool, members: [{ name: member, adminState }] }] };
  let made: Plan;
  try {
    made = await session.call('plan.make', { device, desired, why: `${adminState} by the command line` });
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'PLAN_INVALID' || !error.detail.includes('already')) throw error;
    tools.terminal.say(`${pool}/${member} of "${device}" is ${adminState} already.`);
    return true;
  }
  sayPlan(made, tools.terminal.say);
  const typed = await unlock(session, device, given, tools);
  const { id } = await session.call('push.start', { plan: made, confirmWithinMs, ...typed });
  const keeping = keepWhenReady(session, device, id);
  const end = await followPush(session, id, tools, given.text('data'));
  await keeping;
  return end.phase === 'kept';
}

async function keepWhenReady(session: Session, device: string, id: string): Promise<void> {
  for (;;) {
    const push = (await session.call('push.list', {})).find((one) => one.id === id);
    if (push?.phase === 'waiting') {
      await session.call('push.keep', { device });
      return;
    }
    if (push === undefined || !isUnderWay(push)) return;
    await sleep(100);
  }
}

function isUnderWay({ phase }: PushState): boolean {
  return phase === 'running' || phase === 'waiting';
}

/** Empty is said only when every process says so; one that cannot be asked makes it unknown for as long as it runs. */
async function untilEmpty(
  session: Session,
  { device, pool, member }: Place,
  waitMs: number,
  { terminal, interrupted }: CliTools,
): Promise<boolean> {
  const until = performance.now() + waitMs;
  let said = '';
  for (;;) {
    const { processes, unknown } = await session.call('members.load', { device, pool, member });
    const held = processes.filter(({ connections }) => connections > 0);
    if (held.length === 0 && unknown.length === 0) {
      terminal.say(`${pool}/${member} is empty: ${processes.length} processes say so.`);
      return true;
    }
    const words = [...held.map(({ id, connections }) => `${connections} in process ${id}`), ...unknown].join('; ');
    if (words !== said) terminal.say(`${pool}/${member} is not empty: ${words}`);
    said = words;
    if (performance.now() >= until || interrupted.aborted) return false;
    await sleep(lookEveryMs);
  }
}
