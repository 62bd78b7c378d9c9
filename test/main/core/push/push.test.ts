import { beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import type { Command, Plan, PushState, Step } from '../../../../src-main/contract/plan.ts';
import { Push, type PushTools } from '../../../../src-main/core/push/push.ts';
import type {
  JournalEntry,
  PoolHealth,
  PushJournal,
  PushRecord,
  PushTarget,
} from '../../../../src-main/core/push/target.ts';
import { ManualClock } from '../../../manual-clock.ts';

const oldHash = 'a'.repeat(64);
const newHash = 'b'.repeat(64);

function shell(text: string): Command {
  return { kind: 'shell', text, shown: text };
}
function step(id: string, stage: Step['stage'], isHarmless: boolean, ...commands: string[]): Step {
  return { id, stage, title: id, commands: commands.map(shell), isHarmless };
}
const plan: Plan = {
  version: 1,
  id: 'plan123',
  device: 'lb1',
  vendor: 'haproxy',
  createdAt: '2026-01-01T00:00:00.000Z',
  basedOn: oldHash,
  resultsIn: newHash,
  desired: {},
  changes: [],
  cost: 'runtime',
  losses: [],
  affects: [],
  hunks: [],
  steps: [
    step('back-up', 'backup', true, 'cp file old'),
    step('candidate', 'candidate', true, 'write new'),
    step('check', 'check', true, 'check new'),
    step('send', 'send', false, 'mv new file', 'runtime new'),
  ],
  revert: [step('restore', 'send', false, 'restore file', 'runtime old'), step('clean', 'keep', true, 'rm leftovers')],
  keep: [step('tidy', 'keep', true, 'rm leftovers')],
  verifies: [],
  warnings: [],
  driver: {},
};

/** A device of two facts, the file and the running state, that obeys the commands above and can fail at any of them. */
class Device implements PushTarget {
  file = 'old';
  running = 'old';
  leftovers = new Set<string>();
  readonly sent: string[] = [];
  failAt = -1;
  failWith: 'refuse' | 'cut-before' | 'cut-after' = 'refuse';
  isLinkDown = false;
  isUnplaced = false;
  refuses: ReadonlySet<string> = new Set();
  onSend: (text: string) => void = () => undefined;
  healthNow: readonly PoolHealth[] = [];

  health(): Promise<readonly PoolHealth[]> {
    return Promise.resolve(this.healthNow);
  }

  fingerprint(): Promise<string> {
    this.#assertLink();
    return Promise.resolve(this.file === 'old' ? oldHash : this.file === 'new' ? newHash : 'c'.repeat(64));
  }

  send(command: Command): Promise<string> {
    this.#assertLink();
    const failure = this.sent.length === this.failAt ? this.failWith : undefined;
    this.sent.push(command.shown);
    this.onSend(command.shown);
    if (failure === 'refuse' || this.refuses.has(command.shown))
      return Promise.reject(new AppError('COMMAND_REJECTED', 'no', { raw: 'unknown keyword' }));
    if (failure === 'cut-before') return Promise.reject(this.#cut());
    this.#obey(command.shown);
    if (failure === 'cut-after') return Promise.reject(this.#cut());
    return Promise.resolve('');
  }

  standing(_plan: Plan, wanted: 'old' | 'new'): ReturnType<PushTarget['standing']> {
    this.#assertLink();
    const file = this.file === 'old' || this.file === 'new' ? this.file : 'foreign';
    const differences = [
      ...(file === wanted ? [] : [`file is ${file}`]),
      ...(this.running === wanted ? [] : [`running is ${this.running}`]),
    ];
    return Promise.resolve({ file, differences, isUnplaced: this.isUnplaced });
  }

  #obey(text: string): void {
    if (text === 'cp file old') this.leftovers.add('old');
    if (text === 'write new') this.leftovers.add('new');
    if (text === 'mv new file') this.file = 'new';
    if (text === 'runtime new') this.running = 'new';
    if (text === 'restore file') this.file = 'old';
    if (text === 'runtime old') this.running = 'old';
    if (text === 'rm leftovers') this.leftovers.clear();
  }

  #cut(): AppError {
    this.isLinkDown = true;
    return new AppError('SESSION_CLOSED', 'the link was cut');
  }

  #assertLink(): void {
    if (this.isLinkDown) throw new AppError('UNREACHABLE', 'no link');
  }
}

class Journal implements PushJournal {
  readonly entries: JournalEntry[] = [];
  outcome: string | undefined;
  /** From this entry on nothing more can be written. */
  fullFrom = Number.POSITIVE_INFINITY;
  #begun: Omit<PushRecord, 'entries'> | undefined;
  /** Called after each entry is on disk: where a console can be killed. */
  onNote: (count: number) => void = () => undefined;

  begin(push: Omit<PushRecord, 'entries'>): Promise<void> {
    this.#begun = push;
    return Promise.resolve();
  }

  note(_id: string, entry: JournalEntry): Promise<void> {
    if (this.entries.length + 1 >= this.fullFrom) return Promise.reject(new AppError('INTERNAL', 'the disk is full'));
    this.entries.push(entry);
    this.onNote(this.entries.length);
    return Promise.resolve();
  }

  end(_id: string, outcome: 'kept' | 'reverted' | 'refused'): Promise<void> {
    this.outcome = outcome;
    return Promise.resolve();
  }

  record(): PushRecord {
    if (!this.#begun) throw new Error('nothing was begun');
    return { ...this.#begun, entries: [...this.entries] };
  }
}

let device: Device;
let journal: Journal;
let clock: ManualClock;
let states: PushState[];
function tools(): PushTools {
  return { clock, journal, target: device, onChange: (state) => states.push(state) };
}

beforeEach(() => {
  device = new Device();
  journal = new Journal();
  clock = new ManualClock(1_700_000_000_000);
  states = [];
});

function phase(): string | undefined {
  return states.at(-1)?.phase;
}

/** Lets promises run until the push waits for time or a decision; steps time only when told. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

describe('a push', () => {
  test('sends the commands of the plan in order and nothing else, then waits to be kept', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    expect(phase()).toBe('waiting');
    expect(device.sent).toEqual(['cp file old', 'write new', 'check new', 'mv new file', 'runtime new']);
    push.keep();
    await expect(push.ended).resolves.toMatchObject({ phase: 'kept' });
    expect(device).toMatchObject({ file: 'new', running: 'new' });
    expect(device.leftovers.size).toBe(0);
    expect(journal.outcome).toBe('kept');
  });

  test('goes back by itself when nobody keeps it in time, and not a moment before', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    clock.advance(59_999);
    await settle();
    expect(phase()).toBe('waiting');
    clock.advance(1);
    await expect(push.ended).resolves.toMatchObject({ phase: 'reverted' });
    expect(device).toMatchObject({ file: 'old', running: 'old' });
  });

  test.each([
    ['forwards', 7_200_000],
    ['back', -7_200_000],
  ])(
    'while whose countdown the wall clock is set %s: it ends in its own time, and says that by the new clock',
    async (_, jump) => {
      let setBy = 0;
      const wall: PushTools['clock'] = {
        now: () => clock.now() + setBy,
        monotonic: clock.now,
        setTimer: clock.setTimer,
      };
      device.onSend = (text) => {
        clock.advance(250);
        if (text === 'check new') setBy = jump;
      };
      const push = await Push.start(plan, 60_000, { ...tools(), clock: wall });
      await settle();
      expect(
        states
          .at(-1)
          ?.steps.slice(0, 4)
          .map(({ durationMs }) => durationMs),
      ).toEqual([250, 250, 250, 500]);
      setBy = 0;
      clock.advance(1000);
      await settle();
      expect(states.at(-1)).toMatchObject({
        phase: 'waiting',
        revertsAt: new Date(clock.now() + 59_000).toISOString(),
      });
      clock.advance(58_999);
      await settle();
      expect(phase()).toBe('waiting');
      clock.advance(1);
      await expect(push.ended).resolves.toMatchObject({ phase: 'reverted' });
    },
  );

  test('to a device that changed since is refused before anything is sent', async () => {
    device.file = 'elsewhere';
    const push = await Push.start(plan, 60_000, tools());
    const end = await push.ended;
    expect(end.phase).toBe('refused');
    expect(end.problem?.code).toBe('PLAN_STALE');
    expect(device.sent).toEqual([]);
  });

  test('that the device refuses at its check changes nothing and carries the own words of the device', async () => {
    device.failAt = 2;
    const push = await Push.start(plan, 60_000, tools());
    const end = await push.ended;
    expect(end.phase).toBe('refused');
    expect(end.problem).toMatchObject({ code: 'COMMAND_REJECTED', raw: 'unknown keyword' });
    expect(device).toMatchObject({ file: 'old', running: 'old' });
    expect(end.steps.map((state) => state.state)).toEqual(['done', 'done', 'failed', 'pending', 'pending']);
  });

  test('taken back by hand ends reverted', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    push.revert();
    await expect(push.ended).resolves.toMatchObject({ phase: 'reverted' });
    expect(device).toMatchObject({ file: 'old', running: 'old' });
    expect(() => {
      push.keep();
    }).toThrow(/nothing to keep/);
  });

  test('kept while the link is down is not kept: it goes back when the link is there again', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    device.isLinkDown = true;
    push.keep();
    await settle();
    expect(phase()).toBe('reverting');
    device.isLinkDown = false;
    clock.advance(30_000);
    await expect(push.ended).resolves.toMatchObject({ phase: 'reverted' });
  });

  test('leaves a configuration alone that another hand changed meanwhile, and says so', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    device.file = 'elsewhere';
    push.revert();
    const end = await push.ended;
    expect(end).toMatchObject({ phase: 'stuck', problem: { code: 'PLAN_STALE' } });
    expect(device.sent).not.toContain('restore file');
    expect(journal.outcome).toBeUndefined();
    // The person compares, and wants what stands there.
    const before = device.sent.length;
    push.keep();
    await settle();
    expect(states.at(-1)).toMatchObject({ phase: 'kept' });
    expect(device.sent.slice(before)).toEqual(['rm leftovers']);
    expect([device.file, journal.outcome]).toEqual(['elsewhere', 'kept']);
  });

  test('stopped before anything was changed removes what it left and sends nothing else', async () => {
    device.failAt = 1;
    const push = await Push.start(plan, 60_000, tools());
    await expect(push.ended).resolves.toMatchObject({ phase: 'refused' });
    expect(device.sent).toEqual(['cp file old', 'write new', 'rm leftovers']);
  });

  test('whose file another hand changed before it was put in place steps aside', async () => {
    device.failAt = 3;
    device.isUnplaced = true;
    const push = await Push.start(plan, 60_000, tools());
    device.onSend = (text) => {
      if (text === 'check new') device.file = 'elsewhere';
    };
    await expect(push.ended).resolves.toMatchObject({ phase: 'refused', problem: { raw: 'unknown keyword' } });
    expect([device.file, device.leftovers.size, journal.outcome]).toEqual(['elsewhere', 0, 'refused']);
  });

  test.each([1, 2, 3, 4, 5])('goes back though the journal takes nothing from entry %i on', async (entry) => {
    journal.fullFrom = entry;
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    for (let second = 0; second < 10; second++) {
      clock.advance(1000);
      await settle();
    }
    const end = await push.ended;
    expect(['refused', 'reverted']).toContain(end.phase);
    expect(end.problem?.detail).toContain('the disk is full');
    expect(device).toMatchObject({ file: 'old', running: 'old' });
    expect(device.leftovers.size).toBe(0);
  });

  test('that cannot be taken back says what stopped the way back and why it was taken', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    device.refuses = new Set(['restore file']);
    clock.advance(60_000);
    for (let second = 0; second < 10; second++) {
      await settle();
      clock.advance(1000);
    }
    const end = await push.ended;
    expect(end.phase).toBe('stuck');
    expect(end.problem?.detail).toMatch(/no .*It was to go back because: Nobody kept/);
  });
});

describe('the members of a pool', () => {
  function healthOf(serving: number, failing: readonly string[]) {
    return [{ pool: 'app', serving, failing }];
  }

  test('that all fail their checks after the change take it back at once, with their names', async () => {
    device.healthNow = healthOf(2, []);
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    expect(phase()).toBe('waiting');
    device.healthNow = healthOf(0, ['a: L7STS 503', 'b: L4CON']);
    clock.advance(1000);
    const end = await push.ended;
    expect(end).toMatchObject({ phase: 'reverted', problem: { code: 'APPLY_PARTIAL' } });
    expect(end.problem?.detail).toContain(
      '"app" passes its checks after the change (a: L7STS 503; b: L4CON); before it 2',
    );
  });

  test.each([
    ['failed before it too', healthOf(0, ['a']), healthOf(0, ['a'])],
    ['are out of rotation by a wish', healthOf(2, []), healthOf(0, [])],
    ['serve but for one', healthOf(2, []), healthOf(1, ['a'])],
  ])('that %s leave it waiting', async (_, before, after) => {
    device.healthNow = before;
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    device.healthNow = after;
    for (let second = 0; second < 5; second++) {
      clock.advance(1000);
      await settle();
    }
    expect(phase()).toBe('waiting');
    push.stop();
  });
});

const commandCount = plan.steps.flatMap((each) => each.commands).length;
describe.each(['refuse', 'cut-before', 'cut-after'] as const)('where a command fails (%s)', (failWith) => {
  test.each(Array.from({ length: commandCount }, (_, index) => index))(
    'at command %i the device ends as it was',
    async (at) => {
      device.failAt = at;
      device.failWith = failWith;
      const push = await Push.start(plan, 60_000, tools());
      await settle();
      for (let second = 0; second < 20; second++) {
        clock.advance(1000);
        await settle();
      }
      device.isLinkDown = false;
      clock.advance(30_000);
      const end = await push.ended;
      expect(['refused', 'reverted']).toContain(end.phase);
      expect(device).toMatchObject({ file: 'old', running: 'old' });
      expect(device.leftovers.size).toBe(0);
      expect(journal.outcome).toBe(end.phase);
    },
  );
});

describe('a console that is killed', () => {
  test.each([1, 2, 3, 4, 5])('after journal entry %i leaves a device that the next start puts back', async (entry) => {
    const stopped: { push?: Push } = {};
    journal.onNote = (count) => {
      if (count === entry) stopped.push?.stop();
    };
    stopped.push = await Push.start(plan, 60_000, tools());
    await settle();
    stopped.push.stop();
    await settle();
    journal.onNote = () => undefined;
    const resumed = Push.resume(journal.record(), tools());
    await resumed.ended;
    expect(device).toMatchObject({ file: 'old', running: 'old' });
    expect(['refused', 'reverted']).toContain(journal.outcome);
  });

  test('after keep was said keeps on keeping at the next start', async () => {
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    journal.onNote = () => {
      if (journal.entries.at(-1)?.kind === 'keep') push.stop();
    };
    push.keep();
    await settle();
    const resumed = Push.resume(journal.record(), tools());
    await expect(resumed.ended).resolves.toMatchObject({ phase: 'kept' });
    expect(device).toMatchObject({ file: 'new', running: 'new' });
    expect(device.leftovers.size).toBe(0);
  });

  test('has every step in its journal before the first command of it is sent', async () => {
    const seen: string[] = [];
    journal.onNote = () => {
      seen.push(`${String(device.sent.length)} sent before ${JSON.stringify(journal.entries.at(-1))}`);
    };
    const push = await Push.start(plan, 60_000, tools());
    await settle();
    push.stop();
    expect(seen.map((line) => line.split(' ')[0])).toEqual(['0', '1', '2', '3', '5']);
  });
});
