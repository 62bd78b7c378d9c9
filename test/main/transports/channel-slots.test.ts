import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChannelSlots } from '../../../src-main/transports/channel-slots.ts';

test('slots are granted up to the limit, then in the order of asking', () => {
  const slots = new ChannelSlots(2);
  const order: string[] = [];
  const [first] = ['a', 'b', 'c', 'd'].map((name) => slots.take(() => order.push(name)));
  expect(order).toEqual(['a', 'b']);
  first?.();
  expect(order).toEqual(['a', 'b', 'c']);
});

test('who asks for the front goes before those who wait', () => {
  const slots = new ChannelSlots(1);
  const order: string[] = [];
  const leave = slots.take(() => order.push('a'));
  slots.take(() => order.push('b'));
  slots.take(() => order.push('again'), 'front');
  leave();
  expect(order).toEqual(['a', 'again']);
});

test('a limit is lowered for good, and never to none', () => {
  const slots = new ChannelSlots(4);
  slots.lowerTo(0);
  slots.lowerTo(9);
  let granted = 0;
  for (let index = 0; index < 4; index += 1) slots.take(() => (granted += 1));
  expect(granted).toBe(1);
});

test('whatever the order of asking and leaving, the limit holds, and a free slot is never kept from one who waits', () => {
  const step = fc.oneof(fc.constant('take' as const), fc.nat({ max: 20 }));
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }),
      (limit, steps) => {
        const slots = new ChannelSlots(limit);
        const people: { isGranted: boolean; hasLeft: boolean; leave: () => void }[] = [];
        for (const each of steps) {
          const person =
            each === 'take'
              ? { isGranted: false, hasLeft: false, leave: () => undefined }
              : people[each % people.length];
          if (person === undefined) continue;
          if (each === 'take') {
            people.push(person);
            person.leave = slots.take(() => {
              person.isGranted = true;
            });
          } else {
            person.leave();
            person.leave(); // twice does no harm
            person.hasLeft = true;
          }
          const here = people.filter((one) => !one.hasLeft);
          const inside = here.filter((one) => one.isGranted).length;
          expect(inside).toBe(Math.min(limit, here.length));
        }
      },
    ),
  );
});
