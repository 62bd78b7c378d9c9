import { expect, test } from 'vitest';
import type { EngineStatistics } from '../../../src-main/engine/supervisor/stats.ts';
import { fromZero, look, nothingSeen } from '../../../src-main/simulate/carrier-counters.ts';

interface Row {
  readonly current?: number;
  readonly requests?: number;
  readonly health?: 'up' | 'down';
}

/** Statistics of pools by their members; one member may stand in several. */
function statisticsOf(...pools: readonly Readonly<Record<string, Row>>[]): EngineStatistics {
  const told = pools.map((members) => ({
    members: Object.entries(members).map(([name, { current = 0, requests = 0, health = 'up' }]) => ({
      ...{ name, address: '127.0.0.1', port: 80, health, currentConnections: current, requests },
      ...{ totalConnections: requests, bytesIn: requests * 10, bytesOut: requests * 100 },
      ...(health === 'down' && { downSince: '2024-02-03T12:00:00.000Z' }),
    })),
  }));
  // Only what is looked at.
  return { at: '2024-02-03T12:00:05.000Z', virtualServers: [], pools: told } as unknown as EngineStatistics;
}

test('a member of two pools counts in both, and keeps the most that it had open', () => {
  const first = look(nothingSeen, statisticsOf({ a: { current: 3, requests: 5 } }, { a: { current: 1, requests: 2 } }));
  const seen = look(first, statisticsOf({ a: { current: 1, requests: 6 } }, { a: { requests: 2 } }));
  expect(seen.counters.get('a')).toMatchObject({
    current: 1,
    most: 4,
    total: 8,
    requests: 8,
    bitsIn: 640,
    bitsOut: 6400,
  });
});

test('counters begin at 0 when they are reset, and when what was gone comes back', () => {
  const reset = fromZero(look(nothingSeen, statisticsOf({ a: { requests: 5 } })));
  expect(reset.counters.get('a')?.requests).toBe(0);
  const after = look(reset, statisticsOf({ a: { requests: 7 } }));
  expect(after.counters.get('a')?.requests).toBe(2);
  const gone = look(after, statisticsOf({}));
  expect(gone.counters.get('a')).toBeUndefined();
  expect(look(gone, statisticsOf({ a: { requests: 7 } })).counters.get('a')?.requests).toBe(0);
  expect(look(look(gone, statisticsOf({})), statisticsOf({ a: { requests: 9 } })).counters.get('a')?.requests).toBe(2);
});

test('a member that fails is known by its name and by its address', () => {
  const { failed, failedAt } = look(nothingSeen, statisticsOf({ a: { health: 'down' } }));
  const since = new Date('2024-02-03T12:00:00.000Z');
  expect([failed.get('a'), failedAt.get('127.0.0.1:80')]).toEqual([since, since]);
  expect(look(nothingSeen, statisticsOf({ a: {} })).failed.size).toBe(0);
});
