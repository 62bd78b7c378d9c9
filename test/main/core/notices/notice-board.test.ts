import { beforeEach, describe, expect, test } from 'vitest';
import type { Attention, DeviceTick, Tick } from '../../../../src-main/contract/api.ts';
import { type Notice, NoticeBoard } from '../../../../src-main/core/notices/notice-board.ts';
import { worstState } from '../../../../src-main/core/notices/worst-state.ts';

const rules = { holdMs: 2000, gapMs: 10_000, settleMs: 30_000 };

function device(name: string, freshness: DeviceTick['freshness'] = 'fresh'): DeviceTick {
  const members = { up: 0, down: 0, draining: 0, disabled: 0, total: 0 };
  return { device: name, freshness, health: 'up', members, pools: [] };
}
function tick(attention: readonly Attention[], devices: readonly DeviceTick[]): Tick {
  return { at: '', devices, pools: [], attention, polling: { p95Ms: 0, late: 0 } };
}
function down(name: string, member: string): Attention {
  return {
    severity: 'degraded',
    device: name,
    pool: 'app',
    member,
    sentence: `${member} of app is down; 1 of 2 serve.`,
  };
}
function stale(name: string): Attention {
  return { severity: 'stale', device: name, sentence: `${name} is not readable.` };
}

let board: NoticeBoard;
let atS: number;
/** Ticks once a second for so long; answers every message with its second. */
function pass(
  seconds: number,
  attention: readonly Attention[],
  devices: readonly DeviceTick[] = [device('lb'), device('own')],
  isCaused: (name: string) => boolean = () => false,
): { readonly atS: number; readonly notice: Notice }[] {
  return Array.from({ length: seconds }, () => {
    atS += 1;
    const notice = board.take(tick(attention, devices), atS * 1000, isCaused);
    return notice === undefined ? [] : [{ atS, notice }];
  }).flat();
}
beforeEach(() => {
  board = new NoticeBoard(rules);
  atS = 0;
});

describe('a message', () => {
  test('comes once for a fault that lasts, and once when it is over; a click opens the member', () => {
    pass(3, []);
    const told = pass(60, [down('lb', 'web1')]);
    expect(told.map((one) => one.atS)).toEqual([6]);
    expect(told[0]?.notice).toEqual({
      title: 'lb',
      body: 'web1 of app is down; 1 of 2 serve.',
      place: { screen: 'pool', device: 'lb', pool: 'app', member: 'web1' },
    });
    expect(pass(30, []).map(({ notice }) => notice.body)).toEqual(['lb / app / web1 is well again.']);
  });

  test('does not come for a fault that is over at once', () => {
    pass(3, []);
    expect([...pass(2, [down('lb', 'web1')]), ...pass(30, [])]).toEqual([]);
  });

  test('holds what happened together, and a flood makes one each so often', () => {
    pass(3, []);
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => down('lb', name));
    const told = pass(5, [...many, down('own', 'g')]);
    expect(told).toHaveLength(1);
    expect(told[0]?.notice.title).toBe('7 changes on 2 devices');
    expect(told[0]?.notice.body).toContain('And 3 more.');
    expect(told[0]?.notice.place).toEqual({ screen: 'overview' });
    board = new NoticeBoard(rules);
    pass(3, []);
    let count = 0;
    for (let round = 0; round < 100; round += 1) count += pass(3, round % 2 === 0 ? many : []).length;
    expect(count).toBeLessThanOrEqual(300 / 10 + 1);
  });

  test('is not about what was there at first', () => {
    pass(2, [], [device('lb', 'waiting')]);
    expect(pass(60, [down('lb', 'web1'), stale('own')])).toEqual([]);
  });

  test('is not about what a person causes, nor about its end', () => {
    pass(3, []);
    expect(pass(10, [down('lb', 'web1')], undefined, (name) => name === 'lb')).toEqual([]);
    expect(pass(30, [down('lb', 'web1')])).toEqual([]);
    expect(pass(30, [])).toEqual([]);
  });

  test('is not about a device that was taken out', () => {
    pass(3, []);
    expect(pass(10, [down('lb', 'web1')])).toHaveLength(1);
    expect(pass(30, [], [device('own')])).toEqual([]);
  });

  test('is not about sleep: a device that answers soon was never gone; one that does not, is told of later', () => {
    pass(3, []);
    board.wake(atS * 1000);
    const asleep = [device('lb', 'stale'), device('own', 'stale')];
    expect(pass(5, [stale('lb'), stale('own')], asleep)).toEqual([]);
    const half = [device('lb'), device('own', 'stale')];
    const told = pass(60, [stale('own')], half);
    expect(told.map(({ notice }) => notice.body)).toEqual(['own is not readable.']);
    expect(told[0]?.atS).toBeGreaterThan(3 + 30);
  });
});

test('the worst state of the estate is the one that a badge shows', () => {
  const all = [device('lb')];
  expect(worstState({ devices: [], attention: [] })).toBe('unknown');
  expect(worstState({ devices: all, attention: [] })).toBe('up');
  expect(worstState({ devices: all, attention: [stale('own')] })).toBe('stale');
  expect(worstState({ devices: all, attention: [stale('own'), down('lb', 'a')] })).toBe('degraded');
  expect(worstState({ devices: all, attention: [down('lb', 'a'), { ...down('lb', 'b'), severity: 'down' }] })).toBe(
    'down',
  );
});
