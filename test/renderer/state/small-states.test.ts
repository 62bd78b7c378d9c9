import { describe, expect, test } from 'vitest';
import type { DeviceTick, Tick } from '../../../src-main/contract/api.ts';
import type { PushState } from '../../../src-main/contract/plan.ts';
import { needsTypedName, writeScope } from '../../../src-renderer/state/locks.ts';
import { Notices } from '../../../src-renderer/state/notices.svelte.ts';
import { changeOver, figuresOf } from '../../../src-renderer/state/overview-figures.ts';
import { chartedMembers, editBlock } from '../../../src-renderer/state/pool-rows.ts';
import { Preferences } from '../../../src-renderer/state/preferences.svelte.ts';
import { PushNews } from '../../../src-renderer/state/push-news.ts';
import { Trends } from '../../../src-renderer/state/trends.svelte.ts';
import { deviceState, fakeConnection, memberRow } from '../makers.ts';

function deviceTick(device: string, settings: Partial<DeviceTick> = {}): DeviceTick {
  return {
    device,
    freshness: 'fresh',
    health: 'up',
    members: { up: 2, down: 1, draining: 0, disabled: 0, total: 3 },
    pools: [],
    ...settings,
  };
}
function tick(atMs: number, devices: readonly DeviceTick[]): Tick {
  return { at: new Date(atMs).toISOString(), devices, pools: [], attention: [], polling: { p95Ms: 1, late: 0 } };
}

describe('locks', () => {
  test('one environment is named only where every device shares it', () => {
    const lab = deviceState('b', { spec: { name: 'b', address: 'x', environment: 'lab' } });
    expect(writeScope([deviceState('a')]).environment).toBe('production');
    expect(writeScope([deviceState('a'), lab]).environment).toBe('all');
  });

  test('the clock shows the first device that locks itself', () => {
    function until(minute: number): string {
      return `2026-11-22T10:${minute}:00.000Z`;
    }
    const scope = writeScope(
      [10, 30].map((minute) => deviceState(`d${minute}`, { lock: { isLocked: false, unlockedUntil: until(minute) } })),
    );
    expect(scope.endsAtMs).toBe(Date.parse(until(10)));
    expect(scope.isLocked).toBe(false);
  });

  test('production and locked devices need their name typed, an open lab does not', () => {
    const open = { lock: { isLocked: false } };
    expect(needsTypedName(deviceState('a', open))).toBe(true);
    expect(needsTypedName(deviceState('b', { ...open, spec: { name: 'b', address: 'x', environment: 'lab' } }))).toBe(
      false,
    );
    expect(needsTypedName(deviceState('c', { spec: { name: 'c', address: 'x', environment: 'staging' } }))).toBe(true);
  });

  test('a pool is not edited before it was read, nor while it is locked', () => {
    expect(editBlock(undefined)).toEqual({ kind: 'unread' });
    expect(editBlock(deviceState('a'))).toEqual({ kind: 'unread' });
  });
});

describe('key figures', () => {
  test('leave stale devices out of rates, but not out of the count of members', () => {
    const figures = figuresOf(
      tick(0, [
        deviceTick('a', { requestsPerSecond: 100 }),
        deviceTick('b', { freshness: 'stale', requestsPerSecond: 900 }),
      ]),
    );
    expect(figures.requestsPerSecond).toBe(100);
    expect(figures.members.total).toBe(6);
  });

  test('what no device tells is absent, not zero', () => {
    expect(figuresOf(tick(0, [deviceTick('a')]))).not.toHaveProperty('requestsPerSecond');
    expect(figuresOf(tick(0, [deviceTick('a')]))).not.toHaveProperty('highestP95');
  });

  test('off balance is the mean of the pools, each by its requests', () => {
    const pools = [
      { name: 'x', health: 'up', up: 1, total: 1, offBalance: 0.1, requestsPerSecond: 300 },
      { name: 'y', health: 'up', up: 1, total: 1, offBalance: 0.5, requestsPerSecond: 100 },
    ] as const;
    expect(figuresOf(tick(0, [deviceTick('a', { pools })])).offBalance).toBeCloseTo(0.2);
  });

  test('are compared with four minutes ago, and only once there is such a time', () => {
    const points = Array.from({ length: 260 }, (_, at) => ({ x: at * 1000, y: at < 100 ? 100 : 110 }));
    expect(changeOver(points)).toBeCloseTo(0.1);
    expect(changeOver(points.slice(-60))).toBeUndefined();
  });
});

describe('trends', () => {
  test('hold five minutes, sum fresh devices and leave a hole where one is stale', () => {
    const trends = new Trends();
    for (let second = 0; second < 400; second += 1) {
      trends.add(
        tick(second * 1000, [
          deviceTick('a', { requestsPerSecond: 10 }),
          deviceTick('b', { freshness: 'stale', requestsPerSecond: 5 }),
        ]),
      );
    }
    expect(trends.points('requestsPerSecond')).toHaveLength(300);
    expect(trends.points('requestsPerSecond').at(-1)?.y).toBe(10);
    expect(trends.points('requestsPerSecond', 'b').at(-1)?.y).toBeNull();
  });

  test('begin with what the history knows, no sample twice and no hole between', async () => {
    const base = 1_000_000;
    const trends = new Trends();
    const history = {
      metric: 'requestsPerSecond',
      resolutionMs: 1000,
      lines: [{ name: '', times: [base - 2000, base - 1000, base], values: [1, 2, 3] }],
      gaps: [],
      markers: [],
    };
    const filling = trends.fill(fakeConnection({ 'series.get': history }), ['a'], base + 400);
    for (const second of [0, 1000]) {
      const at = new Date(base + second).toISOString();
      trends.add(tick(base + second + 500, [deviceTick('a', { at, requestsPerSecond: 3 + second / 1000 })]));
    }
    await filling;
    const own = trends.points('requestsPerSecond', 'a');
    expect(own.map(({ x, y }) => [x - base, y])).toEqual([
      [-2000, 1],
      [-1000, 2],
      [0, 3],
      [1000, 4],
    ]);
    const sums = trends.points('requestsPerSecond');
    expect(sums.map(({ x, y }) => [x - base, y])).toEqual([
      [-2000, 1],
      [-1000, 2],
      [0, 3],
      [500, 3],
      [1500, 4],
    ]);
  });

  test('of percentiles the highest is told, never a sum', () => {
    const trends = new Trends();
    trends.add(tick(0, [deviceTick('a', { highestP95Ms: 100 }), deviceTick('b', { highestP95Ms: 250 })]));
    expect(trends.points('highestP95Ms')[0]?.y).toBe(250);
  });
});

test('a large pool charts its six most deviant members in the order of the pool', () => {
  const members = Array.from({ length: 12 }, (_, at) =>
    memberRow(`m${at}`, { askedShare: 0.08, measuredShare: 0.08 + (at % 4) / 100 }),
  );
  const charted = chartedMembers({ members });
  expect(charted).toHaveLength(6);
  expect(charted.slice(0, 3)).toEqual(['m2', 'm3', 'm6']);
});

test('the end of a push is told once, and only for one that was seen running', () => {
  const news = new PushNews();
  function push(id: string, phase: PushState['phase']): PushState {
    return { id, phase } as PushState; // what this test looks at
  }
  expect(news.ended([push('old', 'kept')])).toEqual([]);
  news.ended([push('p', 'waiting')]);
  expect(news.ended([push('p', 'kept')])).toHaveLength(1);
  expect(news.ended([push('p', 'kept')])).toHaveLength(0);
});

test('at most three toasts stand at a time', () => {
  const notices = new Notices();
  for (const title of ['1', '2', '3', '4']) notices.tell({ shape: 'up', title, detail: '' });
  expect(notices.toasts.map(({ title }) => title)).toEqual(['2', '3', '4']);
});

test('preferences that make no sense are left at their defaults', async () => {
  const preferences = new Preferences(
    fakeConnection({ 'settings.get': { 'ui.theme': 'pink', 'ui.density': 'comfortable', 'ui.letterKeys': 'off' } }),
  );
  await preferences.load();
  expect([preferences.theme, preferences.density, preferences.hasLetterKeys]).toEqual(['system', 'comfortable', false]);
});
