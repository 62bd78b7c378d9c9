import type { DatabaseSync } from 'node:sqlite';
import { integer, text } from './database.ts';

/** Small numbers for pools and members, given once and kept. */
export interface SampleNames {
  readonly poolId: (device: string, pool: string) => number;
  readonly memberId: (poolId: number, member: string) => number;
  /** Absent where nothing of that pool was ever stored. */
  readonly findPool: (device: string, pool: string) => number | undefined;
  readonly poolIds: (device: string) => readonly number[];
  /** Names by id. */
  readonly members: (poolId: number) => ReadonlyMap<number, string>;
}

export function sampleNames(database: DatabaseSync): SampleNames {
  const pools = new Map<string, number>();
  const members = new Map<string, number>();
  const findPool = database.prepare('SELECT id FROM pool WHERE device = ? AND name = ?');
  const addPool = database.prepare('INSERT INTO pool (device, name) VALUES (?, ?) RETURNING id');
  const findMember = database.prepare('SELECT id FROM member WHERE pool = ? AND name = ?');
  const addMember = database.prepare('INSERT INTO member (pool, name) VALUES (?, ?) RETURNING id');
  const listPools = database.prepare('SELECT id FROM pool WHERE device = ?');
  const listMembers = database.prepare('SELECT id, name FROM member WHERE pool = ?');

  return {
    poolId: (device, pool) =>
      remember(pools, JSON.stringify([device, pool]), () => findPool.get(device, pool) ?? addPool.get(device, pool)),
    memberId: (poolId, member) =>
      remember(members, `${poolId} ${member}`, () => findMember.get(poolId, member) ?? addMember.get(poolId, member)),
    findPool: (device, pool) => {
      const row = findPool.get(device, pool);
      return row && integer(row, 'id');
    },
    poolIds: (device) => listPools.all(device).map((row) => integer(row, 'id')),
    members: (poolId) => new Map(listMembers.all(poolId).map((row) => [integer(row, 'id'), text(row, 'name')])),
  };
}

function remember(known: Map<string, number>, key: string, find: () => Record<string, unknown> | undefined): number {
  const id = known.get(key) ?? Number(find()?.['id']);
  known.set(key, id);
  return id;
}
