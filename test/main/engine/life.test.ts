import { describe, expect, it, vi } from 'vitest';
import { firstTrack, nextTrack } from '../../../src-main/engine/monitors/member-health.ts';
import { bucketCount, bucketOf, bucketValueMs, percentileMs } from '../../../src-main/contract/histogram.ts';
import { RecentTimes } from '../../../src-main/engine/runtime/recent-times.ts';
import { Timed, TimerWheel } from '../../../src-main/engine/sockets/timer-wheel.ts';
import { seeded } from './candidates.ts';

const pass = { isPassing: true, result: '' };
const fail = { isPassing: false, result: '' };

describe('the health of a member', () => {
  function walk(verdicts: string): string[] {
    let track = firstTrack;
    return verdicts.split('').map((verdict) => {
      track = nextTrack(track, verdict === '+' ? pass : fail, { rise: 2, fall: 3 });
      return track.health;
    });
  }

  it('falls after three failures in a row and rises after two passes', () => {
    expect(walk('+--+---+-++').join(' ')).toBe('up up up up up up down down down down up');
  });

  it('is not down at the start before `fall` checks have failed', () => {
    expect(walk('---')).toEqual(['checking', 'checking', 'down']);
  });
});

describe('the histogram', () => {
  it('puts every duration into a bucket whose value is within 3.2 % of it', () => {
    for (let micros = 1; micros < 4_000_000_000; micros = Math.ceil(micros * 1.0007)) {
      const value = bucketValueMs(bucketOf(micros / 1000)) * 1000;
      expect(Math.abs(value - micros) / micros).toBeLessThan(0.032);
    }
  });

  it('gives percentiles of what was counted, and none of nothing', () => {
    const counts = new Float64Array(bucketCount);
    expect(percentileMs(counts, 50)).toBeUndefined();
    for (let ms = 1; ms <= 100; ms++) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1;
    expect(percentileMs(counts, 50)).toBeCloseTo(50, -1);
    expect(percentileMs(counts, 99)).toBeGreaterThan(95);
  });
});

describe('recent response times', () => {
  function median(times: RecentTimes, nowMs: number): number | undefined {
    return percentileMs(times.read(nowMs).histogram, 50);
  }

  it('forget a slow burst once a minute has passed over it', () => {
    const times = new RecentTimes();
    for (let each = 0; each < 1000; each++) times.record(900, 1_234_567);
    times.record(2, 1_260_000);
    expect(median(times, 1_279_999)).toBeGreaterThan(870);
    times.record(2, 1_290_001);
    expect(median(times, 1_290_001)).toBeCloseTo(2, 1);
    expect(times.read(1_290_001).sumMs).toBe(4);
  });

  it('keep nothing over a long silence, and count again after it', () => {
    const times = new RecentTimes();
    for (let part = 0; part < 12; part++) times.record(50, part * 10_000);
    expect(times.read(119_999).sumMs).toBe(300);
    expect(median(times, 500_000)).toBeUndefined();
    times.record(1, 500_001);
    expect(times.read(500_002)).toMatchObject({ sumMs: 1 });
  });

  it('count by bucket from the beginning, however long ago', () => {
    const times = new RecentTimes();
    for (let part = 0; part < 12; part++) times.record(50, part * 10_000);
    expect(times.read(900_000).counts[bucketOf(50)]).toBe(12);
  });

  it('add up over workers to what one worker would have counted', () => {
    const [one, two, both] = [new RecentTimes(), new RecentTimes(), new RecentTimes()];
    for (let each = 1; each <= 200; each++) {
      (each % 3 === 0 ? one : two).record(each, each * 100);
      both.record(each, each * 100);
    }
    const [first, second] = [one.read(20_000).histogram, two.read(20_000).histogram];
    expect(first.map((count, bucket) => count + (second[bucket] ?? 0))).toEqual(both.read(20_000).histogram);
  });
});

class Alarm extends Timed {
  firedAtMs = -1;
  readonly #wheel: TimerWheel;

  constructor(wheel: TimerWheel) {
    super();
    this.#wheel = wheel;
  }

  override onDeadline(): void {
    this.firedAtMs = this.#wheel.nowMs;
  }
}

describe('the timer wheel', () => {
  it('fires each deadline once, never early, at most two slots late, whatever is armed, moved and disarmed', () => {
    let now = 0;
    const wheel = new TimerWheel(() => now);
    const chance = seeded(5);
    const alarms = Array.from({ length: 300 }, () => ({ alarm: new Alarm(wheel), dueMs: -1 }));
    const wrong: string[] = [];
    for (let step = 0; step < 4000; step++) {
      now += chance() * 40;
      wheel.turn();
      for (const each of alarms) {
        const lateMs = (each.alarm.firedAtMs >= 0 ? each.alarm.firedAtMs : now) - each.dueMs;
        if (each.alarm.firedAtMs >= 0) {
          if (each.dueMs < 0 || lateMs < 0) wrong.push(`fired ${lateMs} ms after ${each.dueMs}`);
          each.dueMs = each.alarm.firedAtMs = -1;
        }
        if (each.dueMs >= 0 && lateMs > 170) wrong.push(`not fired ${lateMs} ms after ${each.dueMs}`);
      }
      const chosen = alarms[Math.floor(chance() * alarms.length)];
      if (chosen === undefined) continue;
      if (chance() < 0.2) {
        wheel.disarm(chosen.alarm);
        chosen.dueMs = -1;
      } else {
        const delayMs = 1 + chance() * (chance() < 0.1 ? 200_000 : 5000);
        wheel.arm(chosen.alarm, delayMs);
        chosen.dueMs = wheel.nowMs + delayMs;
      }
    }
    expect(wrong).toEqual([]);
  });

  it('wakes nobody while nothing is armed, and meets a deadline that comes after a long sleep', () => {
    vi.useFakeTimers();
    try {
      const wheel = new TimerWheel(() => Date.now());
      wheel.start();
      expect(vi.getTimerCount()).toBe(0);
      vi.advanceTimersByTime(200_000);
      expect(wheel.nowMs).toBe(200_000);
      const alarm = new Alarm(wheel);
      wheel.arm(alarm, 1000);
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(999);
      expect(alarm.firedAtMs).toBe(-1);
      vi.advanceTimersByTime(130);
      expect(alarm.firedAtMs).toBeGreaterThanOrEqual(201_000);
      expect(vi.getTimerCount()).toBe(0);
      // One that is disarmed lets it sleep too, and the next is met again.
      wheel.arm(alarm, 5000);
      wheel.disarm(alarm);
      vi.advanceTimersByTime(64);
      expect(vi.getTimerCount()).toBe(0);
      wheel.arm(alarm, 10);
      vi.advanceTimersByTime(128);
      expect([alarm.slot, vi.getTimerCount()]).toEqual([-1, 0]);
      wheel.stop();
    } finally {
      vi.useRealTimers();
    }
  });

  it('fires what was armed before it was started', () => {
    vi.useFakeTimers();
    try {
      const wheel = new TimerWheel(() => Date.now());
      const alarm = new Alarm(wheel);
      wheel.arm(alarm, 500);
      vi.advanceTimersByTime(2000);
      wheel.start();
      vi.advanceTimersByTime(64);
      expect(alarm.firedAtMs).toBeGreaterThanOrEqual(2000);
      wheel.stop();
    } finally {
      vi.useRealTimers();
    }
  });
});
