import { expect, test } from 'vitest';
import { Locks } from '../../../src-main/core/lock.ts';
import { ManualClock } from '../../manual-clock.ts';

function setUp() {
  const clock = new ManualClock(Date.UTC(2026, 10, 22, 10));
  let changes = 0;
  const locks = new Locks({ clock, onChange: () => (changes += 1) });
  return { clock, locks, changes: () => changes };
}

test('every device is locked but one of a lab', () => {
  const { locks } = setUp();
  const states = (['production', 'staging', 'other', 'lab'] as const).map((environment) =>
    locks.stateOf('a', environment),
  );
  expect(states.map(({ isLocked }) => isLocked)).toEqual([true, true, true, false]);
  expect(() => {
    locks.assertWritable('a', 'production');
  }).toThrow(
    expect.objectContaining({
      code: 'LOCKED',
      detail: expect.stringMatching(/Nothing was sent to "a"/) as string,
    }) as Error,
  );
  locks.assertWritable('a', 'lab');
});

test('an unlocking holds for its devices and its time, says its reason, and ends by itself', () => {
  const { clock, locks, changes } = setUp();
  locks.unlock(['a', 'b'], 'patch night', 15);
  expect(changes()).toBe(1);
  expect(locks.stateOf('a', 'production')).toEqual({
    isLocked: false,
    unlockedUntil: '2026-11-22T10:15:00.000Z',
    reason: 'patch night',
  });
  expect(locks.stateOf('c', 'production').isLocked).toBe(true);
  locks.assertWritable('b', 'production');
  clock.advance(15 * 60_000 - 1);
  expect(locks.stateOf('a', 'production').isLocked).toBe(false);
  clock.advance(1);
  expect(locks.stateOf('a', 'production')).toEqual({ isLocked: true });
  expect(changes()).toBe(3);
});

test('unlocking again extends, and the earlier end no longer counts', () => {
  const { clock, locks } = setUp();
  locks.unlock(['a'], 'one', 15);
  clock.advance(10 * 60_000);
  locks.unlock(['a'], 'two', 15);
  clock.advance(10 * 60_000);
  expect(locks.stateOf('a', 'production')).toMatchObject({ isLocked: false, reason: 'two' });
});

test('locking ends an unlocking at once; a lab may be locked too', () => {
  const { locks } = setUp();
  locks.unlock(['a'], 'x', 60);
  locks.lock(['a', 'lab']);
  expect([locks.stateOf('a', 'production').isLocked, locks.stateOf('lab', 'lab').isLocked]).toEqual([true, true]);
  locks.unlock(['lab'], 'y', 15);
  expect(locks.stateOf('lab', 'lab').isLocked).toBe(false);
});

test('sleep locks everything', () => {
  const { locks } = setUp();
  locks.unlock(['a', 'b'], 'x', 60);
  locks.lockAll();
  expect(['a', 'b'].map((device) => locks.stateOf(device, 'staging').isLocked)).toEqual([true, true]);
});

test('a device that left the inventory takes its unlocking with it', () => {
  const { locks } = setUp();
  locks.unlock(['a'], 'x', 60);
  locks.forget('a');
  expect(locks.stateOf('a', 'production').isLocked).toBe(true);
});

test('the typed name lets one plan through and unlocks nothing; another word does not', () => {
  const { locks } = setUp();
  locks.assertWritable('a', 'production', 'a');
  expect(locks.stateOf('a', 'production').isLocked).toBe(true);
  expect(() => {
    locks.assertWritable('a', 'production', 'A');
  }).toThrow(/What was typed is not its name/);
});

test('no reason, no unlocking', () => {
  const { locks } = setUp();
  expect(() => {
    locks.unlock(['a'], '  ', 15);
  }).toThrow(/needs a reason/);
  expect(locks.stateOf('a', 'production').isLocked).toBe(true);
});
