import { beforeEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../src-main/contract/errors.ts';
import { PollSchedule } from '../../../src-main/core/schedule.ts';
import { ManualClock } from '../../manual-clock.ts';

const start = 1_000_000;
let clock = new ManualClock(start);
let jumpedMs = 0;
let jumps: number[] = [];
let schedule: PollSchedule;

beforeEach(() => {
  clock = new ManualClock(start);
  jumpedMs = 0;
  jumps = [];
  schedule = new PollSchedule({
    clock: { now: () => clock.now() + jumpedMs, setTimer: clock.setTimer },
    chance: () => 0,
    onJump: (ms) => jumps.push(ms),
  });
});

/** Lets time pass in steps, with what promises have to do in between. */
async function pass(ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    clock.advance(Math.min(stepMs, ms - passed));
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
}
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(ms, resolve));
}
/** Starts a device and answers the times at which it was polled, from the start. */
function polled(
  device: string,
  intervalMs: number,
  work: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
) {
  const times: number[] = [];
  schedule.start(device, intervalMs, (signal) => {
    times.push(clock.now() - start);
    return work(signal);
  });
  return times;
}

test('polls come at whole intervals after the first, however long each takes', async () => {
  const times = polled('a', 1000, () => wait(370));
  await pass(4100);
  expect(times).toEqual([0, 1000, 2000, 3000, 4000]);
});

test('a poll that takes longer than its interval leaves beats out, is never doubled, and counts as late', async () => {
  let inFlight = 0;
  let most = 0;
  const times = polled('a', 1000, async () => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    await wait(2300);
    inFlight -= 1;
  });
  await pass(7000);
  expect([times, most]).toEqual([[0, 3000, 6000], 1]);
  expect(schedule.statistics()).toEqual({ p95Ms: 2300, late: 4 });
});

test('a device that hangs is aborted after its time-out and delays no other', async () => {
  const reasons: unknown[] = [];
  const hung = polled('hung', 1000, (signal) => {
    signal.addEventListener('abort', () => reasons.push(signal.reason));
    return new Promise(() => undefined);
  });
  const times = polled('a', 1000);
  await pass(30_000, 500);
  expect(times).toHaveLength(31);
  expect(hung).toEqual([0]);
  expect(reasons).toEqual([expect.objectContaining({ code: 'TIMED_OUT' })]);
});

test('devices are kept apart by chance, at most a quarter of an interval or 250 ms', () => {
  const apart = new PollSchedule({ clock, chance: () => 0.999 });
  apart.start('slow', 60_000, () => Promise.resolve());
  apart.start('fast', 200, () => Promise.resolve());
  expect([apart.nextPollAt('slow'), apart.nextPollAt('fast')]).toEqual([start + 249, start + 49]);
});

describe('after a failure', () => {
  function failing(code: 'TIMED_OUT' | 'AUTH_FAILED' | 'COMMAND_REJECTED'): () => Promise<void> {
    return () => Promise.reject(new AppError(code, 'x'));
  }

  test('that may pass the pause doubles up to a minute, in the rhythm of the device', async () => {
    const times = polled('a', 1000, failing('TIMED_OUT'));
    await pass(300_000, 500);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(pauses.slice(0, 8)).toEqual([2000, 4000, 8000, 16_000, 32_000, 61_000, 61_000, 61_000]);
  });

  test('one success brings the old rhythm back', async () => {
    let fails = 3;
    const times = polled('a', 1000, () => {
      fails -= 1;
      return fails >= 0 ? failing('TIMED_OUT')() : Promise.resolve();
    });
    await pass(17_000);
    expect(times).toEqual([0, 2000, 6000, 14_000, 15_000, 16_000, 17_000]);
  });

  test('of the sign-in nothing is tried again until somebody wakes it', async () => {
    const times = polled('a', 1000, failing('AUTH_FAILED'));
    await pass(600_000, 5000);
    expect([times, schedule.nextPollAt('a')]).toEqual([[0], undefined]);
    schedule.wake('a');
    await pass(1);
    expect(times).toEqual([0, 600_000]);
  });

  test("that is the device's own it is asked again after a minute", async () => {
    const times = polled('a', 1000, failing('COMMAND_REJECTED'));
    await pass(125_000, 500);
    expect(times).toEqual([0, 61_000, 122_000]);
  });
});

test('while paused nothing begins, and afterwards nothing is made up for', async () => {
  const times = polled('a', 1000);
  await pass(1500);
  schedule.pause();
  await pass(10_000);
  expect([times, schedule.nextPollAt('a')]).toEqual([[0, 1000], undefined]);
  schedule.resume();
  await pass(2000);
  expect(times).toEqual([0, 1000, 12_000, 13_000]);
});

test('a device that was stopped in the middle of a poll is told, and is not polled again', async () => {
  let reason: unknown;
  const times = polled('a', 1000, async (signal) => {
    signal.addEventListener('abort', () => {
      reason = signal.reason;
    });
    await wait(500);
  });
  await pass(100);
  schedule.stop('a');
  await pass(5000);
  expect(times).toEqual([0]);
  expect(reason).toMatchObject({ code: 'CANCELLED' });
});

test('started again, a device goes on in its new rhythm alone', async () => {
  const old = polled('a', 1000);
  await pass(2500);
  const renewed = polled('a', 500);
  await pass(1000);
  expect([old, renewed]).toEqual([
    [0, 1000, 2000],
    [2500, 3000, 3500],
  ]);
});

test.each([8 * 3_600_000, -3_600_000])(
  'a jump of the clock by %d ms is said once, and brings no burst of polls',
  async (jump) => {
    const devices = ['a', 'b', 'c'].map((device) => polled(device, 1000));
    await pass(2500);
    jumpedMs = jump;
    await pass(3600);
    expect(jumps).toEqual([jump]);
    for (const times of devices) {
      expect(times.slice(0, 3)).toEqual([0, 1000, 2000]);
      expect(times.length).toBe(7);
      const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1000);
    }
  },
);

test('the next poll is told while none is in flight', async () => {
  polled('a', 1000, () => wait(300));
  await pass(100);
  expect(schedule.nextPollAt('a')).toBeUndefined();
  await pass(400);
  expect(schedule.nextPollAt('a')).toBe(start + 1000);
});

test('statistics cover the last minute', async () => {
  let tookMs = 900;
  polled('a', 1000, () => wait(tookMs));
  await pass(10_000);
  expect(schedule.statistics().p95Ms).toBe(900);
  tookMs = 20;
  await pass(70_000);
  expect(schedule.statistics()).toEqual({ p95Ms: 50, late: 0 }); // the steps of this test are 50 ms
});

test('another pace holds from the poll on that asked for it, and back', async () => {
  const times = polled('a', 1000, () => {
    if (times.length === 3) schedule.pace('a', 4000);
    if (times.length === 5) schedule.pace('a', 1000);
    return Promise.resolve();
  });
  await pass(12_100);
  expect(times).toEqual([0, 1000, 2000, 6000, 10_000, 11_000, 12_000]);
});
