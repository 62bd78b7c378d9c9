import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SteadyClock } from '../../../src-main/core/steady-clock.ts';

const start = Date.UTC(2026, 10, 27, 10);

/** A machine whose clocks a test owns. */
function machine() {
  const at = { wallMs: start, monotonicMs: 5000 };
  const jumps: number[] = [];
  const clock = new SteadyClock({
    wall: () => at.wallMs,
    monotonic: () => at.monotonicMs,
    onJump: (jumpMs) => jumps.push(jumpMs),
  });
  return {
    clock,
    jumps,
    pass: (ms: number) => {
      at.wallMs += ms;
      at.monotonicMs += ms;
      return clock.now();
    },
    set: (ms: number) => {
      at.wallMs += ms;
    },
    sleep: (ms: number) => {
      at.wallMs += ms;
    },
    wall: () => at.wallMs,
  };
}

test('a wall clock that is set back a little never makes time run back, and is caught up with', () => {
  const { clock, jumps, pass, set, wall } = machine();
  pass(1000);
  set(-4000);
  let before = clock.now();
  for (let second = 0; second < 400; second += 1) {
    const now = pass(1000);
    expect(now - before).toBeGreaterThanOrEqual(989);
    expect(now - before).toBeLessThanOrEqual(1000);
    before = now;
  }
  expect(clock.now()).toBe(wall());
  expect(jumps).toEqual([]);
});

test('one that is set far back or forward, or a sleep, is followed at once and counted once', () => {
  const { clock, jumps, pass, set, sleep, wall } = machine();
  pass(1000);
  set(-3_600_000);
  expect(pass(1000)).toBe(wall());
  sleep(8 * 3_600_000);
  expect(pass(1000)).toBe(wall());
  expect(pass(1000)).toBe(wall());
  expect(jumps).toEqual([-3_600_000, 8 * 3_600_000]);
  expect(clock.jumps).toBe(2);
});

test('between two jumps time never runs back, and passes within a hundredth as it does', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 100, max: 5000 }), fc.integer({ min: -7000, max: 2000 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (given) => {
      const { clock, pass, set } = machine();
      let [before, jumpsBefore] = [clock.now(), clock.jumps];
      for (const [ms, setMs] of given) {
        set(setMs);
        const now = pass(ms);
        if (clock.jumps === jumpsBefore) expect(Math.abs(now - before - ms)).toBeLessThanOrEqual(ms / 100 + 1);
        [before, jumpsBefore] = [now, clock.jumps];
      }
    }),
  );
});
