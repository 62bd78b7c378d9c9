import { expect, test } from 'vitest';
import type { DeviceEvent, TrapState } from '../../../src-main/contract/events.ts';
import { eventsText } from '../../../src-renderer/messages/events.ts';
import { DeviceEvents } from '../../../src-renderer/state/device-events.svelte.ts';
import { fakeConnection } from '../makers.ts';

const traps: TrapState = {
  wanted: '0.0.0.0:1162',
  listen: '0.0.0.0:1162',
  engineId: '8000',
  users: [],
  hasCommunity: true,
  received: 5,
  taken: 2,
  dropped: 0,
  refused: { community: 3, user: 0, digest: 0, time: 0, unreadable: 0 },
};
function event(id: number, device: string): DeviceEvent {
  const at = '2026-11-22T10:00:00.000Z';
  return { id, at, kind: 'trap', device, name: 'linkDown', severity: 'bad', sentence: '', objects: [], values: [] };
}

test('events of a device are read once, then taken as they come, each once and no other device’s', async () => {
  const connection = fakeConnection({ 'events.list': [event(1, 'lb')], 'traps.get': traps });
  const events = new DeviceEvents(connection, 'lb');
  events.follow();
  await expect.poll(() => events.list.length).toBe(1);
  expect(connection.sent[0]).toEqual({ name: 'events.list', input: { device: 'lb', limit: 100 } });
  const latest = [event(3, 'lb'), event(2, 'other'), event(1, 'lb')];
  connection.tell('events', { traps: { ...traps, taken: 4 }, latest });
  connection.tell('events', { traps: { ...traps, taken: 5 }, latest });
  expect(events.list.map(({ id }) => id)).toEqual([3, 1]);
  expect(events.traps?.taken).toBe(5);
});

test('what was refused is told by its reason, and what was not is not told', () => {
  expect(eventsText.refused(traps)).toEqual(['3 of a wrong community']);
});
