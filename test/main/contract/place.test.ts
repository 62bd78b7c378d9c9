import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeLink, placeSchema, readLink } from '../../../src-main/contract/place.ts';

const name = fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }).filter((text) => text.isWellFormed());

test('a link leads to the place that it was made of, whatever the names hold', () => {
  const place = fc.oneof(
    fc
      .constantFrom(...(['overview', 'change', 'devices', 'add', 'lab', 'settings'] as const))
      .map((screen) => ({ screen })),
    fc.record({ screen: fc.constantFrom('device', 'push', 'history'), device: name }),
    fc.record({ screen: fc.constant('pool'), device: name, pool: name }),
    fc.record({ screen: fc.constant('pool'), device: name, pool: name, member: name }),
    fc.record({ screen: fc.constant('virtual-server'), device: name, virtualServer: name }),
  );
  fc.assert(
    fc.property(place, (each) => {
      const known = placeSchema.parse(each);
      expect(readLink(placeLink(known))).toEqual(known);
    }),
  );
});

describe('a hostile link is refused in words', () => {
  test.each([
    ['https://evil.example/', 'none of ours'],
    ['steelyard:open/overview', 'none of ours'],
    ['steelyard://push/lb1', 'does nothing else'],
    ['steelyard://open@evil/overview', 'does nothing else'],
    ['steelyard://open/push/lb1?keep=1', 'more than a place'],
    ['steelyard://open/overview#/settings', 'more than a place'],
    ['steelyard://open/', 'no place'],
    ['steelyard://open/nowhere', 'no place'],
    ['steelyard://open/__proto__/x', 'no place'],
    ['steelyard://open/pool/only-a-device', 'no place'],
    ['steelyard://open/device/a/b', 'no place'],
    ['steelyard://open/pool/a/b/c/d', 'no place'],
    ['steelyard://open/overview/more', 'no place'],
    [`steelyard://open/device/${'x'.repeat(5000)}`, 'longer'],
    ['--inspect', 'none of ours'],
  ])('%s', (link, why) => {
    expect(() => readLink(link)).toThrow(why);
  });

  test('and draws nothing of its own in them', () => {
    expect(() => readLink('steelyard://\u202Eevil\n\u001b[31m')).toThrow('"steelyard://?evil??[31m"');
  });
});
