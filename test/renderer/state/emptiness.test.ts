import { expect, test } from 'vitest';
import type { MemberLoad } from '../../../src-main/contract/api.ts';
import { Emptiness } from '../../../src-renderer/state/emptiness.svelte.ts';
import { fakeConnection, memberRow, poolRow } from '../makers.ts';

const quiet = poolRow([memberRow('a', { adminState: 'draining', currentConnections: 0 }), memberRow('b')]);
const held = poolRow([memberRow('a', { adminState: 'draining', currentConnections: 1 }), memberRow('b')]);
const nothing: MemberLoad = { processes: [{ id: '7', connections: 0 }], unknown: [] };

test.each([
  ['an old process holds a connection', { ...nothing, processes: [...nothing.processes, { id: '6', connections: 1 }] }],
  ['a process cannot be asked', { ...nothing, unknown: ['process 6 cannot be asked'] }],
  ['no process answers', { processes: [], unknown: [] }],
])('a drained member is not empty where %s', async (_why, load) => {
  const emptiness = new Emptiness(fakeConnection({ 'members.load': load }));
  await emptiness.look(quiet);
  expect([...emptiness.members]).toEqual([]);
});

test('it is empty when all say so, asked now and then, and no longer at once when its row says otherwise', async () => {
  let nowMs = 0;
  const connection = fakeConnection({ 'members.load': nothing });
  const emptiness = new Emptiness(connection, () => nowMs);
  await emptiness.look(held);
  expect(connection.sent).toEqual([]);
  await emptiness.look(quiet);
  expect(connection.sent.map(({ input }) => input)).toEqual([{ device: quiet.device, pool: quiet.name, member: 'a' }]);
  expect([...emptiness.members]).toEqual(['a']);
  await emptiness.look(quiet);
  expect(connection.sent).toHaveLength(1);
  nowMs = 3000;
  const asking = emptiness.look(quiet);
  await emptiness.look(held);
  expect([...emptiness.members]).toEqual([]);
  await asking;
  expect([...emptiness.members]).toEqual([]);
  expect(connection.sent).toHaveLength(2);
});

test('of another pool nothing is known yet, and a call that fails tells nothing', async () => {
  const emptiness = new Emptiness(fakeConnection({ 'members.load': nothing }));
  await emptiness.look(quiet);
  const other = new Emptiness(fakeConnection());
  await other.look(quiet);
  expect([...other.members]).toEqual([]);
  const asking = emptiness.look({ ...quiet, name: 'other' });
  expect([...emptiness.members]).toEqual([]);
  await asking;
  expect([...emptiness.members]).toEqual(['a']);
});
