import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PoolRow } from '../../../../src-main/contract/api.ts';
import { algorithmNames } from '../../../../src-main/contract/model.ts';
import { poolRow } from '../../../../src-main/core/shares/pool-row.ts';
import { RollingMinute } from '../../../../src-main/core/shares/rolling-minute.ts';
import { sampleRates } from '../../../../src-main/core/rates.ts';
import { sample } from '../samples.ts';
import { member, model, run } from './estate.ts';

function row(minute: RollingMinute): PoolRow {
  const pool = minute.pool('app');
  if (!pool) throw new Error('the sample has no such pool');
  return poolRow('edge', minute.sample?.at ?? '', pool);
}

test('a pool that another unit of its group serves names that unit', () => {
  const minute = new RollingMinute();
  const pools = [{ name: 'app', members: [member('a')], activeOn: '/Common/lb2' }];
  minute.add(sample(0, [], { pools }), undefined, undefined);
  expect(row(minute).activeOn).toBe('/Common/lb2');
  expect(row(run({ members: [[member('a'), 1]], seconds: 1 }))).not.toHaveProperty('activeOn');
});

describe('shares', () => {
  test('the measured share is over the last minute, the asked one is the weight over the weights in rotation', () => {
    const { members, offBalance } = row(
      run({
        members: [
          [member('a', { weight: 3 }), 60],
          [member('b'), 40],
        ],
        seconds: 60,
      }),
    );
    expect(
      members.map(({ askedShare, measuredShare, measuredCount }) => [askedShare, measuredShare, measuredCount]),
    ).toEqual([
      [0.75, 0.6, 3600],
      [0.25, 0.4, 2400],
    ]);
    expect(offBalance).toBeCloseTo(0.15, 9);
  });

  test('what was counted more than a minute ago is forgotten', () => {
    const minute = run({
      members: [
        [member('a'), 100],
        [member('b'), 0],
      ],
      seconds: 30,
    });
    let previous = minute.sample ?? sample(0, []);
    const counts = { a: 1000 + 30 * 100, b: 1000 };
    for (let second = 31; second <= 95; second += 1) {
      counts.b += 10;
      const members = [member('a', { requests: `${counts.a}` }), member('b', { requests: `${counts.b}` })];
      const next = sample(second, [], { pools: [{ name: 'app', algorithm: 'round-robin', members }] });
      minute.add(next, sampleRates(previous, next), undefined);
      previous = next;
    }
    expect(row(minute).members.map(({ measuredCount }) => measuredCount)).toEqual([0, 600]);
  });

  test('a member out of rotation has a measured share and no asked one', () => {
    const draining = member('b', { adminState: 'draining' });
    const { members, offBalance } = row(
      run({
        members: [
          [member('a'), 90],
          [draining, 10],
        ],
        seconds: 60,
      }),
    );
    expect(members[1]).toMatchObject({ isInRotation: false, measuredShare: 0.1 });
    expect(members[1]).not.toHaveProperty('askedShare');
    expect(offBalance).toBeCloseTo(0.05, 9);
  });

  test('a drain that the running process knows as weight 0 alone is still a drain, with its own weight', () => {
    const written = { name: 'b', address: '127.0.0.1', port: 80, weight: 5 };
    function rowOf(adminState: 'draining' | 'enabled', running: Parameters<typeof member>[1]): unknown {
      const configured = model({ members: [{ ...written, adminState }] });
      const [first] = row(run({ members: [[member('b', running), 0]], seconds: 1, configured })).members;
      return [first?.adminState, first?.weight];
    }
    expect(rowOf('draining', { weight: 0 })).toEqual(['draining', 5]);
    expect(rowOf('draining', { weight: 5 })).toEqual(['enabled', 5]);
    expect(rowOf('draining', { weight: 0, adminState: 'disabled' })).toEqual(['disabled', 0]);
    expect(rowOf('enabled', { weight: 0 })).toEqual(['enabled', 0]);
  });

  test('with no traffic or no second poll nothing is measured, and nothing reads as 0 that is not known', () => {
    for (const minute of [
      run({ members: [[member('a'), 0]], seconds: 60 }),
      run({ members: [[member('a'), 9]], seconds: 0 }),
    ]) {
      const { members, offBalance, worst } = row(minute);
      expect(members[0]).not.toHaveProperty('measuredShare');
      expect([offBalance, worst]).toEqual([undefined, undefined]);
    }
  });

  test('nothing is counted across a restart of the device', () => {
    const minute = run({
      members: [
        [member('a'), 100],
        [member('b'), 100],
      ],
      seconds: 5,
    });
    const before = minute.sample ?? sample(0, []);
    const pools = [{ name: 'app', members: [member('a', { requests: '9999999' }), member('b', { requests: '0' })] }];
    const next = sample(6, [], { epoch: 'process 2', pools });
    minute.add(next, sampleRates(before, next), undefined);
    expect(row(minute).members.map(({ measuredCount }) => measuredCount)).toEqual([500, 500]);
  });

  test('measured shares add up to 1 wherever there is traffic, and off balance lies between 0 and 1', () => {
    const members = fc.array(
      fc.tuple(fc.record({ weight: fc.nat(20), health: fc.constantFrom('up' as const, 'down' as const) }), fc.nat(50)),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(members, (given) => {
        const rows = row(
          run({ members: given.map(([more, rate], index) => [member(`m${index}`, more), rate]), seconds: 3 }),
        );
        const shares = rows.members.map(({ measuredShare }) => measuredShare);
        const hasTraffic = given.some(([, rate]) => rate > 0);
        if (hasTraffic) expect(shares.reduce((sum: number, share) => sum + (share ?? NaN), 0)).toBeCloseTo(1, 9);
        else expect(shares.every((share) => share === undefined)).toBe(true);
        expect(rows.offBalance ?? 0).toBeGreaterThanOrEqual(0);
        expect(rows.offBalance ?? 0).toBeLessThanOrEqual(1);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is compared', () => {
  const members = [
    [member('a', { currentConnections: 30 }), 50],
    [member('b', { currentConnections: 10 }), 50],
  ] as const;

  test.each([
    ['round-robin', 'requests', false, [0.5, 0.5]],
    ['least-connections', 'connections', false, [0.75, 0.25]],
    ['least-bandwidth', 'bytes', false, [0.5, 0.5]],
    ['source-ip-hash', 'requests', true, [0.5, 0.5]],
    ['least-response-time', 'requests', true, [0.5, 0.5]],
    ['first-available', 'none', false, [undefined, undefined]],
  ] as const)('for %s it is %s (reference: %s)', (algorithm, comparedBy, isReference, shares) => {
    const rows = row(run({ members, seconds: 10, algorithm, counters: ['requests', 'bytesOut'] }));
    expect([rows.comparedBy, rows.isReference]).toEqual([comparedBy, isReference]);
    expect(rows.members.map(({ measuredShare }) => measuredShare)).toEqual(shares);
    if (comparedBy === 'none') expect(rows.members.every(({ askedShare }) => askedShare === undefined)).toBe(true);
  });

  test('a pool without request counters is compared by new connections', () => {
    const rows = row(run({ members, seconds: 10, counters: ['totalConnections'] }));
    expect([rows.comparedBy, rows.members[0]?.measuredCount]).toEqual(['connections', 500]);
  });

  test.each(algorithmNames)('%s has an answer', (algorithm) => {
    expect(['requests', 'connections', 'bytes', 'none']).toContain(
      row(run({ members, seconds: 1, algorithm })).comparedBy,
    );
  });

  test('the configured algorithm counts where the device tells none, with its own word beside it', () => {
    const configured = model({ algorithm: { name: 'least-connections', native: 'leastconn' } });
    const rows = row(run({ members, seconds: 1, algorithm: '', configured }));
    expect([rows.algorithm, rows.native, rows.comparedBy]).toEqual(['least-connections', 'leastconn', 'connections']);
  });
});

describe('the worst deviation', () => {
  test('states what was counted and what the weight asks', () => {
    const { worst } = row(
      run({
        members: [
          [member('a'), 70],
          [member('b'), 30],
        ],
        seconds: 60,
      }),
    );
    expect(worst).toEqual({
      member: 'a',
      sentence: 'a took 70.0 % of 6,000 requests in the last 60 s; its weight asks for 50.0 %.',
    });
  });

  test('is not told at 3 points, however many requests there are', () => {
    expect(
      row(
        run({
          members: [
            [member('a'), 530],
            [member('b'), 470],
          ],
          seconds: 60,
        }),
      ).worst,
    ).toBeUndefined();
    expect(
      row(
        run({
          members: [
            [member('a'), 531],
            [member('b'), 469],
          ],
          seconds: 60,
        }),
      ).worst?.member,
    ).toBe('a');
  });

  test('is not told within two standard deviations, however far it looks', () => {
    // 4 of 6 requests: 17 points off, one deviation is 20.
    expect(
      row(
        run({
          members: [
            [member('a'), 4],
            [member('b'), 2],
          ],
          seconds: 1,
        }),
      ).worst,
    ).toBeUndefined();
  });

  test.each([
    [
      'persistence',
      { persistence: { method: 'cookie-insert' as const } },
      /Persistence \(cookie-insert\) keeps clients/,
    ],
    ['a hash', { algorithm: 'uri-hash' as const }, /uri-hash does not follow weights alone/],
  ])('names %s as what explains it', (_name, pool, expected) => {
    const configured = model(pool);
    const { worst } = row(
      run({
        members: [
          [member('a'), 70],
          [member('b'), 30],
        ],
        seconds: 60,
        configured,
        algorithm: '',
      }),
    );
    expect(worst?.sentence).toMatch(expected);
  });

  test('names a member at its limit', () => {
    const full = member('a', { health: 'limited' });
    expect(
      row(
        run({
          members: [
            [full, 20],
            [member('b'), 80],
          ],
          seconds: 60,
        }),
      ).worst?.sentence,
    ).toMatch(/a is at its connection limit\./);
  });

  test('names a change within the minute, and forgets it after one', () => {
    const minute = run({
      members: [
        [member('a'), 70],
        [member('b'), 30],
      ],
      seconds: 20,
    });
    const before = minute.sample ?? sample(0, []);
    function next(second: number) {
      const requests = `${3000 + second * 100}`;
      const members = [member('a', { requests, weight: 4 }), member('b', { requests: '2000' })];
      return sample(second, [], { pools: [{ name: 'app', algorithm: 'round-robin', members }] });
    }
    minute.add(next(21), sampleRates(before, next(21)), undefined);
    minute.add(next(33), sampleRates(next(21), next(33)), undefined);
    expect(row(minute).worst?.sentence).toMatch(/a got another weight 12 s ago, and the last minute still counts/);
    minute.add(next(82), sampleRates(next(33), next(82)), undefined);
    expect(row(minute).worst?.sentence).not.toMatch(/another weight/);
  });
});

test('health of a pool is that of its worst, without what is off by us', () => {
  const down = member('x', { health: 'down' });
  const off = member('y', { adminState: 'disabled', health: 'down' });
  function health(...members: ReturnType<typeof member>[]): PoolRow['health'] {
    return row(run({ members: members.map((one) => [one, 1]), seconds: 0 })).health;
  }
  expect(health(member('a'), off)).toBe('up');
  expect(health(member('a'), down)).toBe('degraded');
  expect(health(down, off)).toBe('down');
  expect(health(off, member('z', { adminState: 'draining' }))).toBe('off');
  expect(health(member('a', { health: 'checking' }))).toBe('unknown');
  expect(health(member('a', { health: 'unmonitored' }))).toBe('up');
});

test('a row carries rates, failures and the share of answers that were errors', () => {
  const minute = run({ members: [[member('a'), 0]], seconds: 0 });
  const before = minute.sample ?? sample(0, []);
  const counters = { requests: '1100', responses: { '5xx': '5' }, errors: { connect: '3' }, bytesOut: '900' };
  const started = { requests: '1000', responses: { '5xx': '0' }, errors: { connect: '1' }, bytesOut: '0' };
  const one = { ...before, pools: [{ name: 'app', members: [member('a', started)] }] };
  const two = sample(1, [], { pools: [{ name: 'app', members: [member('a', { ...counters, downSince: 'then' })] }] });
  minute.add(two, sampleRates(one, two), model({ members: [{ name: 'a', address: '10.0.0.1', port: 80 }] }));
  expect(row(minute).members[0]).toMatchObject({
    address: '10.0.0.1',
    port: 80,
    requestsPerSecond: 100,
    bytesOutPerSecond: 900,
    failuresPerSecond: 2,
    errorShare: 0.05,
    downSince: 'then',
  });
});
