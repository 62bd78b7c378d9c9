import { expect, test } from 'vitest';
import { startNightly } from '../../../src-main/core/nightly.ts';
import { ManualClock } from '../../manual-clock.ts';

const hourMs = 3_600_000;
const noonInUtc = Date.UTC(2026, 10, 27, 12);

function start(zoneMs: number) {
  const clock = new ManualClock(noonInUtc);
  const nights: string[] = [];
  const end = startNightly({
    clock,
    zoneMs: () => zoneMs,
    work: () => nights.push(new Date(clock.now() + zoneMs).toISOString()),
  });
  return { clock, nights, end };
}

test('work is done at three in the morning local time, once a night, until it is ended', () => {
  const { clock, nights, end } = start(hourMs);
  clock.advance(72 * hourMs);
  expect(nights).toEqual(['2026-11-28T03:00:00.000Z', '2026-11-29T03:00:00.000Z', '2026-11-30T03:00:00.000Z']);
  end();
  clock.advance(48 * hourMs);
  expect(nights).toHaveLength(3);
});

test('a night that was slept through is made up for, several of them once; a clock set back brings none again', () => {
  const clock = new ManualClock(noonInUtc);
  let offMs = 0;
  let nights = 0;
  startNightly({
    clock: { now: () => clock.now() + offMs, setTimer: clock.setTimer },
    zoneMs: () => 0,
    work: () => (nights += 1),
  });
  offMs = 50 * hourMs;
  clock.advance(hourMs);
  expect(nights).toBe(1);
  offMs = 0;
  clock.advance(30 * hourMs);
  expect(nights).toBe(1);
});
