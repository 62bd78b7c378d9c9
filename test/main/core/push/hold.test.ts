import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import {
  type Command,
  deviceRevertedWords,
  type Plan,
  type PushState,
  type Step,
  withCountdown,
} from '../../../../src-main/contract/plan.ts';
import { Push } from '../../../../src-main/core/push/push.ts';
import type { JournalEntry, PushRecord } from '../../../../src-main/core/push/target.ts';
import { ManualClock } from '../../../manual-clock.ts';

function shell(text: string): Command {
  return { kind: 'shell', text, shown: text };
}
function step(id: string, stage: Step['stage'], command: string, more: Partial<Step> = {}): Step {
  return { id, stage, title: id, commands: [shell(command)], isHarmless: stage !== 'send', ...more };
}
const plan: Plan = {
  version: 1,
  id: 'plan123',
  device: 'lb1',
  vendor: 'haproxy',
  createdAt: '2026-01-01T00:00:00.000Z',
  basedOn: 'a'.repeat(64),
  resultsIn: 'b'.repeat(64),
  desired: {},
  changes: [],
  cost: 'runtime',
  losses: [],
  affects: [],
  hunks: [],
  hold: { isHeld: true, way: 'at', why: 'tried', withinMs: 60_000 },
  steps: [
    step('arm', 'hold', 'seconds=60; arm', { isTimed: true }),
    step('send', 'send', 'send seconds=60'),
    step('countdown', 'watch', 'seconds=60; count', { isTimed: true }),
  ],
  revert: [step('hold-off', 'hold', 'take'), step('restore', 'send', 'restore')],
  keep: [step('release', 'keep', 'release'), step('tidy', 'keep', 'tidy')],
  verifies: [],
  warnings: [],
  driver: {},
};

/** A device that holds a timer; `fire` is its time. */
function openDevice() {
  const device = {
    file: 'old',
    timer: 'none' as 'none' | 'armed' | 'back',
    sent: [] as string[],
    verified: 0,
    fire: () => {
      device.timer = 'back';
      device.file = 'old';
    },
    fingerprint: () => Promise.resolve('a'.repeat(64)),
    standing: (_plan: Plan, wanted: 'old' | 'new') => {
      device.verified = device.sent.length;
      const file = device.file === 'new' ? ('new' as const) : ('old' as const);
      return Promise.resolve({ file, differences: file === wanted ? [] : [`file is ${file}`] });
    },
    send: ({ shown }: Command) => {
      device.sent.push(shown);
      if (shown.includes('arm')) device.timer = 'armed';
      if (shown.startsWith('send')) device.file = 'new';
      if (shown === 'restore') device.file = 'old';
      const words = device.timer === 'back' ? `${deviceRevertedWords} at noon.` : '';
      if (words !== '' && shown === 'release') {
        return Promise.reject(new AppError('COMMAND_REJECTED', 'no', { raw: words }));
      }
      return Promise.resolve(shown === 'take' ? words : '');
    },
  };
  return device;
}
function open(made: Plan = plan) {
  const device = openDevice();
  const entries: JournalEntry[] = [];
  const states: PushState[] = [];
  const clock = new ManualClock(1_700_000_000_000);
  const outcomes: string[] = [];
  const tools = {
    clock,
    journal: {
      begin: () => Promise.resolve(),
      note: (_id: string, entry: JournalEntry) => {
        entries.push(entry);
        return Promise.resolve();
      },
      end: (_id: string, outcome: string) => {
        outcomes.push(outcome);
        return Promise.resolve();
      },
    },
    target: device,
    onChange: (state: PushState) => states.push(state),
  };
  return { device, entries, states, clock, outcomes, tools, start: () => Push.start(made, 60_000, tools) };
}
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

describe('a push whose revert the device holds', () => {
  test('arms it before the first change, and begins its countdown after the change was verified', async () => {
    const { device, start } = open();
    await start();
    await settle();
    expect(device.sent).toEqual(['seconds=60; arm', 'send seconds=60', 'seconds=60; count']);
    expect(device.verified).toBe(2);
  });

  test('knows that the device went back by itself, and writes it down', async () => {
    const { device, start, clock, entries, outcomes } = open();
    const push = await start();
    await settle();
    device.fire();
    clock.advance(60_000);
    expect(await push.ended).toMatchObject({ phase: 'reverted', revertedBy: 'device' });
    expect(entries).toContainEqual({ kind: 'device-reverted', said: `${deviceRevertedWords} at noon.` });
    expect(outcomes).toEqual(['reverted']);
  });

  test('one that the console took back says so', async () => {
    const { start } = open();
    const push = await start();
    await settle();
    push.revert();
    expect(await push.ended).toMatchObject({ phase: 'reverted', revertedBy: 'console' });
  });

  test('kept too late, as the device goes back at that moment, it ends reverted and not kept', async () => {
    const { device, start, outcomes } = open();
    const push = await start();
    await settle();
    const standing = device.standing;
    device.standing = (made, wanted) => {
      const answer = standing(made, wanted);
      device.fire();
      device.standing = standing;
      return answer;
    };
    push.keep();
    const end = await push.ended;
    expect(end).toMatchObject({ phase: 'reverted', revertedBy: 'device', problem: { code: 'CANCELLED' } });
    expect(device.sent.slice(3)).toEqual(['release', 'take', 'restore']);
    expect(outcomes).toEqual(['reverted']);
  });

  test('a console that starts again where keeping was decided asks the device who was first', async () => {
    for (const [isFirst, phase] of [
      [true, 'reverted'],
      [false, 'kept'],
    ] as const) {
      const { device, tools } = open();
      Object.assign(device, { file: 'new', timer: 'armed' });
      if (isFirst) device.fire();
      const entries = [{ kind: 'step', list: 'push', step: 'send', stage: 'send' }, { kind: 'keep' }] as const;
      const record: PushRecord = { id: plan.id, device: plan.device, startedAt: plan.createdAt, plan, entries };
      expect(await Push.resume(record, tools).ended).toMatchObject({ phase });
    }
  });

  test('a stage that the device lacks is shown as lacking, and nothing is sent for it', async () => {
    const lacking = { ...step('arm', 'hold', ''), commands: [], lacking: 'no timer' };
    const { device, start, states } = open({ ...plan, steps: [lacking, step('send', 'send', 'send')] });
    await start();
    await settle();
    expect(device.sent).toEqual(['send']);
    expect(states.at(-1)).toMatchObject({
      phase: 'waiting',
      steps: [{ id: 'arm', state: 'lacking', answer: 'no timer' }, {}, {}, {}],
    });
  });

  test('another countdown changes the seconds of the timed steps, and nothing else', () => {
    const other = withCountdown(plan, 90_000);
    const shown = other.steps.map((each) => each.commands.map((command) => command.shown).join());
    expect(shown).toEqual(['seconds=90; arm', 'send seconds=60', 'seconds=90; count']);
    expect(other).toEqual({ ...plan, hold: { ...plan.hold, withinMs: 90_000 }, steps: other.steps });
    expect(withCountdown(other, 60_000)).toEqual(plan);
  });
});
