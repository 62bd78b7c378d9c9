import { describe, expect, test } from 'vitest';
import type { Sample } from '../../../src-main/contract/metrics.ts';
import { Pace } from '../../../src-main/core/pace.ts';

function sampleAt(atMs: number, bytes: number, cpuPercent?: number): Sample {
  return {
    at: new Date(atMs).toISOString(),
    device: { vendor: 'f5' },
    ...(cpuPercent === undefined ? {} : { system: { cpuPercent } }),
    virtualServers: [],
    pools: [{ name: 'p', members: [{ name: 'm', bytesIn: String(bytes) }] }],
    errors: [],
  };
}

describe('the pace of polling an appliance', () => {
  test('falls to that of its counters once their rhythm is known, and is looked for anew after ten minutes', () => {
    const pace = new Pace(1000, true);
    let atMs = 0;
    // The agent counts anew every 10 s.
    for (; atMs < 45_000; atMs += 1000) {
      expect(pace.note(sampleAt(atMs, Math.floor(atMs / 10_000)))).toEqual({ everyMs: 1000 });
    }
    for (; atMs <= 55_000; atMs += 1000) pace.note(sampleAt(atMs, Math.floor(atMs / 10_000)));
    expect(pace.advice).toEqual({
      everyMs: 10_000,
      why: 'asked every 10 s instead of 1 s: its agent counts anew every 10 s',
    });
    for (; atMs < 700_000; atMs += 10_000) pace.note(sampleAt(atMs, Math.floor(atMs / 10_000)));
    expect(pace.advice).toEqual({ everyMs: 1000 });
  });

  test('is not slowed by an idle device, whose counters move now and then, nor by one that always moves', () => {
    for (const counter of [
      (at: number) => at,
      (at: number) => [0, 3, 4, 11, 19, 20, 41].filter((one) => one <= at).length,
    ]) {
      const pace = new Pace(1000, true);
      for (let at = 0; at < 120; at += 1) pace.note(sampleAt(at * 1000, counter(at)));
      expect(pace.advice).toEqual({ everyMs: 1000 });
    }
  });

  test('halves while its management CPU is busy, says so, and comes back', () => {
    const pace = new Pace(1000, true);
    expect(pace.note(sampleAt(0, 0, 50))).toEqual({ everyMs: 1000 });
    expect(pace.note(sampleAt(1000, 1, 85)).everyMs).toBe(2000);
    expect(pace.note(sampleAt(3000, 2, 92))).toEqual({
      everyMs: 4000,
      why: 'asked every 4 s instead of 1 s: its management CPU is at 92 %',
    });
    for (let at = 0; at < 9; at += 1) pace.note(sampleAt(5000 + at, 3 + at, 99));
    expect(pace.advice.everyMs).toBe(16_000);
    expect(pace.note(sampleAt(6000, 20, 70)).everyMs).toBe(16_000);
    for (let at = 0; at < 4; at += 1) pace.note(sampleAt(7000 + at, 30 + at, 20));
    expect(pace.advice).toEqual({ everyMs: 1000 });
  });

  test('does not mind the CPU of a machine that is watched for it', () => {
    const pace = new Pace(1000, false);
    expect(pace.note(sampleAt(0, 0, 99))).toEqual({ everyMs: 1000 });
  });
});
