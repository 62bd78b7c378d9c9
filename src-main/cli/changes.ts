import { writeFile } from 'node:fs/promises';
import type { VersionDiff } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { desiredSchema } from '../contract/model.ts';
import { type Plan, planSchema, type PushState, withCountdown } from '../contract/plan.ts';
import type { Arguments } from './arguments.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { readDocument } from './documents.ts';
import { followPush, sayPlan } from './push.ts';
import { type Session, withConsole, withPatientConsole } from './session.ts';

const outOption = { out: { value: 'PLAN.json', what: 'write the plan here instead of stdout' } } as const;
export const pushOptions = {
  ...dataOption,
  yes: { what: 'unlocks this device for this plan alone, without asking' },
  'confirm-within': { value: 'TIME', what: 'time to keep the change before it goes back by itself; 60s unless told' },
} as const;

export const plan: Command = {
  name: 'plan',
  what: 'what a change will do: exact commands, their inverses, cost, every other object affected. Sends nothing',
  takes: 'DEVICE DESIRED.yaml',
  options: {
    ...dataOption,
    ...outOption,
    exact: { what: 'the file is the whole truth: what it does not name is deleted' },
    why: { value: 'TEXT', what: 'the reason, kept in the history' },
  },
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const desired = await readDocument(given.need(1, 'DESIRED.yaml'), desiredSchema);
    const why = given.text('why');
    const input = { device, desired, exact: given.has('exact'), ...(why === undefined ? {} : { why }) };
    const made = await withConsole(given, tools, ({ call }) => call('plan.make', input));
    return givePlan(made, given, tools);
  },
};

export const apply: Command = {
  name: 'apply',
  what: 'pushes a plan, verifies it, waits for "steelyard confirm DEVICE", else takes it back',
  takes: 'PLAN.json',
  options: pushOptions,
  run: async (given, tools) => {
    const made = await readDocument(given.need(0, 'PLAN.json'), planSchema);
    return withPatientConsole(given, tools, (session) => push(session, made, given, tools));
  },
};

export const confirm: Command = {
  name: 'confirm',
  what: 'keeps the change that waits on a device',
  takes: 'DEVICE',
  options: dataOption,
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    return withPatientConsole(given, tools, async (session) => {
      const { id } = await session.call('push.keep', { device });
      return (await report(await followPush(session, id, tools, given.text('data')), tools)) === 'kept' ? 0 : 1;
    });
  },
};

export const rollback: Command = {
  name: 'rollback',
  what: 'takes back the change that waits on a device, else brings a version of its history back (the one before, unless told)',
  takes: 'DEVICE [VERSION]',
  options: { ...pushOptions, ...outOption },
  run: (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const version = parseVersion(given.rest[1]);
    return withPatientConsole(given, tools, async (session) => {
      const waiting = version === undefined ? await findWaiting(session, device) : undefined;
      if (waiting !== undefined) {
        await session.call('push.revert', { device });
        return (await report(await followPush(session, waiting.id, tools, given.text('data')), tools)) === 'reverted'
          ? 0
          : 1;
      }
      const made = await session.call('history.plan', version === undefined ? { device } : { device, version });
      return given.text('out') === undefined ? push(session, made, given, tools) : givePlan(made, given, tools);
    });
  },
};

export const history: Command = {
  name: 'history',
  what: "the versions of a device's configuration as JSON; with a VERSION its files, or what it changed",
  takes: 'DEVICE [VERSION]',
  options: {
    ...dataOption,
    diff: {
      what: 'what the version changed (the newest, unless told), in the model and in the text; no secret is shown',
    },
    against: { value: 'VERSION', what: 'compare with this one instead of the one before' },
  },
  run: async (given, tools) => {
    const device = given.need(0, 'DEVICE');
    const version = parseVersion(given.rest[1]);
    const against = parseVersion(given.text('against'));
    const isDiff = given.has('diff') || against !== undefined;
    const answer = await withConsole(given, tools, async ({ call }): Promise<unknown> => {
      if (isDiff) return diffOf({ call }, device, version, against);
      return version === undefined ? call('history.list', { device }) : call('history.show', { device, version });
    });
    await tools.terminal.write(`${JSON.stringify(answer, null, 2)}\n`);
    return 0;
  },
};

async function diffOf(
  { call }: Pick<Session, 'call'>,
  device: string,
  version: number | undefined,
  against: number | undefined,
): Promise<VersionDiff> {
  const wanted = version ?? (await call('history.list', { device }))[0]?.id;
  if (wanted === undefined) throw new AppError('NOT_FOUND', `The history of "${device}" holds no version.`);
  return call('history.diff', { device, version: wanted, ...(against === undefined ? {} : { against }) });
}

/** Shows a plan, asks for what unlocks its device, sends it, and follows it to its end. */
export async function push(session: Session, plan: Plan, given: Arguments, tools: CliTools): Promise<number> {
  const confirmWithinMs = given.durationMs('confirm-within') ?? 60_000;
  const made = withCountdown(plan, confirmWithinMs);
  sayPlan(made, tools.terminal.say);
  const typed = await unlock(session, made.device, given, tools);
  const { id } = await session.call('push.start', { plan: made, confirmWithinMs, ...typed });
  const end = await followPush(session, id, tools, given.text('data'));
  if (end.problem?.code === 'PLAN_STALE') await sayOvertaken(session, end, tools.terminal.say);
  return (await report(end, tools)) === 'kept' ? 0 : 1;
}

/** What another hand changed since the plan was made. */
async function sayOvertaken(
  { call }: Session,
  { device, plan }: PushState,
  say: (text: string) => void,
): Promise<void> {
  const diff = await call('history.since', { device, fingerprint: plan.basedOn });
  if (diff === null) return;
  say(`Meanwhile another hand changed "${device}":`);
  for (const sentence of diff.changes) say(`  ${sentence}`);
  for (const { path, hunks } of diff.files) say(`  ${path}\n${hunks.join('\n').trimEnd().replace(/^/gm, '    ')}`);
}

/** `--yes`, or the device's name typed by a person, where the device is locked. */
export async function unlock(
  session: Session,
  device: string,
  given: Arguments,
  { terminal }: Pick<CliTools, 'terminal'>,
): Promise<{ typed?: string }> {
  if (given.has('yes')) return { typed: device };
  const state = (await session.call('devices.list', {})).find(({ spec }) => spec.name === device);
  if (state?.lock.isLocked === false) return {};
  if (!terminal.isInteractive) {
    throw new AppError('LOCKED', `Nothing was sent to "${device}". Read the plan, then give --yes.`);
  }
  return { typed: await terminal.ask(`"${device}" is locked. Type its name to send this plan: `) };
}

async function findWaiting(session: Session, device: string): Promise<PushState | undefined> {
  const pushes = await session.call('push.list', {});
  return pushes.find((state) => state.device === device && ['running', 'waiting', 'stuck'].includes(state.phase));
}

async function givePlan(made: Plan, given: Arguments, tools: CliTools): Promise<number> {
  sayPlan(made, tools.terminal.say);
  const text = `${JSON.stringify(made, null, 2)}\n`;
  const out = given.text('out');
  if (out === undefined) await tools.terminal.write(text);
  else await writeFile(out, text, { mode: 0o600 });
  return 0;
}

async function report(end: PushState, { terminal }: CliTools): Promise<PushState['phase']> {
  // The plan is what the caller came with: its id is enough.
  await terminal.write(`${JSON.stringify({ ...end, plan: end.plan.id }, null, 2)}\n`);
  return end.phase;
}

function parseVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new AppError('INPUT_INVALID', `"${text}" is no version: see "steelyard history".`);
  return Number(text);
}
