import { describe, expect, test } from 'vitest';
import { memberCondition, worstHealth } from '../../../src-renderer/format/condition.ts';
import {
  formatBitsPerSecond,
  formatBytes,
  formatCompact,
  formatNumber,
  formatPerSecond,
  formatShare,
  formatSigned,
  plural,
} from '../../../src-renderer/format/number.ts';
import { formatAge, formatCountdown, formatDuration } from '../../../src-renderer/format/time.ts';

describe('numbers', () => {
  test('what a device does not tell is a dash, never zero', () => {
    for (const shown of [
      formatNumber(undefined),
      formatCompact(undefined),
      formatShare(undefined),
      formatPerSecond(undefined).value,
    ]) {
      expect(shown).toBe('–');
    }
    expect(formatNumber(0)).toBe('0');
  });

  test('thousands are parted and minus is a minus sign', () => {
    expect(formatNumber(24_700)).toBe('24,700');
    expect(formatNumber(-1.25, 1)).toBe('−1.3');
    expect(formatNumber(-0.01, 1)).toBe('0.0');
    expect(formatSigned(-4.3)).toBe('−4.3');
    expect(formatSigned(6.2)).toBe('+6.2');
  });

  test('rates and bits have SI steps, bytes binary ones', () => {
    expect(formatPerSecond(24_700)).toEqual({ value: '25', unit: 'k/s' });
    expect(formatPerSecond(3042)).toEqual({ value: '3,042', unit: '/s' });
    expect(formatBitsPerSecond(125_000_000)).toEqual({ value: '1.0', unit: 'Gbit/s' });
    expect(formatBytes(18_342)).toBe('17.9 KiB');
  });

  test('a count agrees with its noun', () => {
    expect([plural(1, 'change'), plural(0, 'change'), plural(2, 'process', 'processes')]).toEqual([
      '1 change',
      '0 changes',
      '2 processes',
    ]);
  });
});

describe('times', () => {
  test('ages and countdowns are clocks, and never negative', () => {
    expect([
      formatAge(0),
      formatAge(-500),
      formatAge(130_000),
      formatAge(7_300_000),
      formatAge(3 * 86_400_000),
    ]).toEqual(['0 s', '0 s', '2:10', '2 h', '3 days']);
    expect([formatCountdown(24 * 60_000 + 10_000), formatCountdown(-1), formatCountdown(3_723_000)]).toEqual([
      '24:10',
      '0:00',
      '1:02:03',
    ]);
  });

  test('durations have the digits that they need', () => {
    expect([4, 410, 1000, 2700, 60_000, 1_800_000, 7_200_000].map(formatDuration)).toEqual([
      '4 ms',
      '0.4 s',
      '1 s',
      '2.7 s',
      '60 s',
      '30 min',
      '2 h',
    ]);
  });
});

describe('states', () => {
  test('what we did wins over health, but a draining member that fails is a fault', () => {
    expect(memberCondition({ adminState: 'disabled', health: 'down' }).shape).toBe('off');
    expect(memberCondition({ adminState: 'draining', health: 'up' }).shape).toBe('draining');
    expect(memberCondition({ adminState: 'draining', health: 'down' })).toEqual({
      shape: 'down',
      word: 'draining, down',
    });
    expect(memberCondition({ adminState: 'draining', health: 'up' }).word).toBe('draining');
    expect(memberCondition({ adminState: 'draining', health: 'up' }, true).word).toBe('draining, empty');
  });

  test('a roll-up is its worst child, and off only when all are off by us', () => {
    expect(worstHealth(['up', 'off', 'degraded'])).toBe('degraded');
    expect(worstHealth(['off', 'up'])).toBe('up');
    expect(worstHealth(['off', 'off'])).toBe('off');
    expect(worstHealth([])).toBe('unknown');
  });
});
