import fc from 'fast-check';
import { expect, test } from 'vitest';
import { askedShares, rotationOf } from '../../../../src-main/core/shares/rotation.ts';
import { member, model } from './estate.ts';

function pool(more: Parameters<typeof model>[0]) {
  return model(more).pools[0];
}

test('draining, disabled, down and weightless members are out of rotation; unmonitored and unknown ones are in', () => {
  const members = [
    member('up'),
    member('draining', { adminState: 'draining' }),
    member('disabled', { adminState: 'disabled' }),
    member('down', { health: 'down' }),
    member('weightless', { weight: 0 }),
    member('limited', { health: 'limited' }),
    member('unmonitored', { health: 'unmonitored' }),
    member('unknown', { health: 'unknown' }),
    { name: 'bare' },
  ];
  expect([...rotationOf(members, undefined).keys()]).toEqual(['up', 'limited', 'unmonitored', 'unknown', 'bare']);
});

test('only the highest priority group that has members in service is in rotation', () => {
  const configured = pool({
    members: [
      { name: 'a', priority: 10 },
      { name: 'b', priority: 5 },
      { name: 'backup', priority: -1 },
    ],
  });
  expect([...rotationOf([member('a'), member('b'), member('backup')], configured).keys()]).toEqual(['a']);
  const aDown = [member('a', { health: 'down' }), member('b'), member('backup')];
  expect([...rotationOf(aDown, configured).keys()]).toEqual(['b']);
  const needsTwo = {
    ...pool({ members: configured?.members ?? [] }),
    name: 'app',
    minActiveMembers: 2,
    members: configured?.members ?? [],
  };
  expect([...rotationOf(aDown, needsTwo).keys()]).toEqual(['b', 'backup']);
});

test('a live weight wins over the configured one, and an algorithm that ignores weights asks for equal shares', () => {
  const members = [
    { name: 'a', weight: 2 },
    { name: 'b', weight: 2 },
  ];
  expect(rotationOf([member('a', { weight: 3 }), { name: 'b' }], pool({ members }))).toEqual(
    new Map([
      ['a', 3],
      ['b', 2],
    ]),
  );
  const unweighted = pool({ members, algorithm: { name: 'round-robin', weighted: false } });
  expect(rotationOf([member('a', { weight: 3 }), { name: 'b' }], unweighted)).toEqual(
    new Map([
      ['a', 1],
      ['b', 1],
    ]),
  );
});

test('asked shares add up to 1 wherever anyone is in rotation', () => {
  const any = fc.array(
    fc.record({
      weight: fc.nat(256),
      adminState: fc.constantFrom('enabled' as const, 'draining' as const, 'disabled' as const),
      health: fc.constantFrom('up' as const, 'down' as const, 'unmonitored' as const),
    }),
  );
  fc.assert(
    fc.property(any, (members) => {
      const shares = askedShares(
        rotationOf(
          members.map((one, index) => member(`m${index}`, one)),
          undefined,
        ),
      );
      const sum = [...shares.values()].reduce((total, share) => total + share, 0);
      if (shares.size > 0) expect(sum).toBeCloseTo(1, 9);
    }),
  );
});
