import { describe, expect, test } from 'vitest';
import type { Series } from '../../../src-main/contract/metrics.ts';
import { AppError } from '../../../src-main/contract/errors.ts';
import { PoolSeries } from '../../../src-renderer/state/pool-series.svelte.ts';
import { fakeConnection, memberRow, poolRow } from '../makers.ts';

const base = Date.parse('2026-11-22T10:00:00.000Z');
const request = {
  metrics: ['requestsPerSecond'] as const,
  members: ['a'],
  fromMs: base - 60_000,
  toMs: base,
  maxPixels: 500,
};

function series(times: readonly number[], values: readonly (number | null)[], settings: Partial<Series> = {}): Series {
  return {
    metric: 'requestsPerSecond',
    resolutionMs: 1000,
    lines: [{ name: 'a', times, values }],
    gaps: [],
    markers: [],
    ...settings,
  };
}
function rowAt(ms: number, requestsPerSecond?: number) {
  return poolRow([memberRow('a', requestsPerSecond === undefined ? {} : { requestsPerSecond })], {
    at: new Date(base + ms).toISOString(),
  });
}
async function loaded(answer: Series) {
  const pool = new PoolSeries(fakeConnection({ 'series.get': answer }), 'hap-1', 'web');
  await pool.load(request);
  return pool;
}
function values(pool: PoolSeries) {
  return pool.points('requestsPerSecond', 'a').map(({ y }) => y);
}

describe('chart data of a pool', () => {
  test('ticks are appended to the history', async () => {
    const pool = await loaded(series([base - 1000, base], [5, 6]));
    pool.append(rowAt(1000, 7));
    expect(values(pool)).toEqual([5, 6, 7]);
  });

  test('a tick that says the same moment again adds nothing', async () => {
    const pool = await loaded(series([base], [6]));
    pool.append(rowAt(0, 9));
    pool.append(rowAt(1000, 7));
    pool.append(rowAt(1000, 8));
    expect(values(pool)).toEqual([6, 7]);
  });

  test('ticks that come while the history is read are kept, and none of them twice', async () => {
    const pool = new PoolSeries(
      fakeConnection({ 'series.get': series([base - 1000, base, base + 1000], [5, 6, 7]) }),
      'hap-1',
      'web',
    );
    const loading = pool.load(request);
    pool.append(rowAt(1000, 7));
    pool.append(rowAt(2000, 8));
    await loading;
    expect(values(pool)).toEqual([5, 6, 7, 8]);
  });

  test('a device as a whole is one line, to which a tick that repeats its last sample adds nothing', async () => {
    const answer = series([base - 1000, base], [5, 6], {
      lines: [{ name: '', times: [base - 1000, base], values: [5, 6] }],
    });
    const device = new PoolSeries(fakeConnection({ 'series.get': answer }), 'hap-1', '');
    await device.load({ ...request, members: [''] });
    const at = new Date(base + 1000).toISOString();
    const sample = { device: 'hap-1', freshness: 'fresh', at, health: 'up', pools: [] } as const;
    const members = { up: 1, down: 0, draining: 0, disabled: 0, total: 1 };
    for (let tick = 0; tick < 3; tick += 1) device.appendDevice({ ...sample, members, requestsPerSecond: 7 });
    expect(device.points('requestsPerSecond', '').map(({ y }) => y)).toEqual([5, 6, 7]);
  });

  test('a longer range is of a roll-up, asked for by its mean, to which ticks add nothing', async () => {
    const asked: unknown[] = [];
    const connection = fakeConnection({ 'series.get': series([base - 7_200_000, base - 60_000], [5, 6]) });
    const pool = new PoolSeries(
      {
        ...connection,
        call: (name, input) => {
          asked.push(input);
          return connection.call(name, input);
        },
      },
      'hap-1',
      'web',
    );
    await pool.load(request);
    pool.append(rowAt(1000, 7));
    await pool.load({ ...request, fromMs: base - 86_400_000 });
    pool.append(rowAt(2000, 8));
    expect(values(pool)).toEqual([5, 6]);
    expect(asked).toMatchObject([{ shape: 'mean' }, { shape: 'mean', fromMs: base - 86_400_000 }]);
  });

  test('no more is kept than the charts show and two minutes', async () => {
    const pool = await loaded(series([base], [6]));
    for (let second = 1; second <= 600; second += 1) pool.append(rowAt(second * 1000, second));
    const { length } = values(pool);
    expect(length).toBeGreaterThanOrEqual(60);
    expect(length).toBeLessThanOrEqual(181);
    expect(values(pool).at(-1)).toBe(600);
  });

  test('a rate that is not told is a gap, not zero', async () => {
    const pool = await loaded(series([base], [6]));
    pool.append(rowAt(1000));
    expect(values(pool)).toEqual([6, null]);
  });

  test('a silence of more than two and a half intervals breaks the line', async () => {
    const pool = await loaded(series([base], [6]));
    pool.append(rowAt(3000, 7));
    expect(values(pool)).toEqual([6, null, 7]);
    pool.append(rowAt(5000, 8));
    expect(values(pool)).toEqual([6, null, 7, 8]);
  });

  test('a gap that the history reports is never drawn across', async () => {
    const gaps = [{ fromMs: base - 20_000, toMs: base - 5000 }];
    const pool = await loaded(series([base - 21_000, base - 4000], [1, 2], { gaps }));
    expect(values(pool)).toEqual([1, null, 2]);
  });

  test('the time before the first sample is no gap', async () => {
    const gaps = [
      { fromMs: base - 60_000, toMs: base - 21_000 },
      { fromMs: base - 20_000, toMs: base - 5000 },
    ];
    const pool = await loaded(series([base - 21_000, base - 4000], [1, 2], { gaps }));
    expect(pool.gaps).toEqual(gaps.slice(1));
  });

  test('points that came live while the history was being read are kept behind it', async () => {
    const pool = await loaded(series([base], [6]));
    pool.append(rowAt(1000, 7));
    await pool.load(request);
    expect(values(pool)).toEqual([6, 7]);
  });

  test('a history that cannot be read is told, and live points go on', async () => {
    const pool = new PoolSeries(
      fakeConnection({
        'series.get': () => {
          throw new AppError('STORE_CORRUPT', 'The history is damaged.');
        },
      }),
      'hap-1',
      'web',
    );
    await pool.load(request);
    expect(pool.problem?.code).toBe('STORE_CORRUPT');
    expect(pool.isLoaded).toBe(true);
  });

  test('an answer that a newer request has overtaken is dropped', async () => {
    const answers: ((answer: Series) => void)[] = [];
    const connection = fakeConnection({ 'series.get': () => new Promise<Series>((resolve) => answers.push(resolve)) });
    const pool = new PoolSeries(connection, 'hap-1', 'web');
    const first = pool.load(request);
    const second = pool.load(request);
    await Promise.resolve();
    answers[1]?.(series([base], [2]));
    answers[0]?.(series([base], [1]));
    await Promise.all([first, second]);
    expect(values(pool)).toEqual([2]);
  });

  test('asks for fifty members at most, as the contract allows', async () => {
    const connection = fakeConnection({ 'series.get': series([], []) });
    const pool = new PoolSeries(connection, 'hap-1', 'web');
    await pool.load({ ...request, members: Array.from({ length: 80 }, (_, at) => `m${at}`) });
    expect(connection.sent[0]?.input).toMatchObject({ members: { length: 50 } });
  });
});
