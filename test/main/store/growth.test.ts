import { expect, onTestFinished, test } from 'vitest';
import { seededChance } from '../../../src-main/engine/runtime/chance.ts';
import { openDatabase } from '../../../src-main/store/database.ts';
import { openSamples } from '../../../src-main/store/samples.ts';
import { sampleMigrations } from '../../../src-main/store/schema.ts';

const start = Date.UTC(2026, 10, 22, 10);
const members = 10;
/** A device of 1,000 servers is 100 such pools: each is stored by itself. */
const poolsOfADevice = 100;
const mostMegabytesPerHour = 60;

test('a device of 1,000 servers polled each second grows by at most 60 MB an hour', { timeout: 60_000 }, () => {
  const database = openDatabase(':memory:', { migrations: sampleMigrations, synchronous: 'NORMAL', isChecked: false });
  onTestFinished(() => {
    database.close();
  });
  const samples = openSamples(database);
  const chance = seededChance(7, 0);
  function count(mean: number): number {
    return Math.round(mean * (0.7 + 0.6 * chance()));
  }
  let atMs = start;
  for (let second = 0; second < 3600; second += 1) {
    const intervalMs = 995 + Math.floor(chance() * 11);
    atMs += intervalMs;
    const rows = Array.from({ length: members }, (_, member) => {
      const requests = count(10 + member * 12);
      const values = {
        requestsPerSecond: (requests * 1000) / intervalMs,
        connectionsPerSecond: (count(requests / 3) * 1000) / intervalMs,
        currentConnections: count(20),
        bytesInPerSecond: (count(requests * 700) * 1000) / intervalMs,
        bytesOutPerSecond: (count(requests * 18_000) * 1000) / intervalMs,
        responseTimeAverageMs: count(40),
        serverErrorsPerSecond: chance() < 0.02 ? 1000 / intervalMs : 0,
        failuresPerSecond: 0,
        queuedRequests: 0,
        weight: 1 + member,
        healthUp: 1,
        inRotation: 1,
      };
      return { pool: 'app', member: `m${member}`, values };
    });
    samples.write({ device: 'edge', atMs, intervalMs, everyMs: 1000, rows });
  }
  Array.from(samples.maintain(atMs + 60_000));
  // What SQLite lays beside each row (its id, its length) is a dozen bytes.
  const tables = ['block', 'rollup'].map((table) => `SELECT sum(length(data) + 12) AS bytes FROM ${table}`);
  const bytes = tables.reduce((sum, sql) => sum + Number(database.prepare(sql).get()?.['bytes']), 0);
  const megabytes = (bytes * poolsOfADevice) / 1e6;
  expect(megabytes).toBeGreaterThan(10);
  expect(megabytes).toBeLessThanOrEqual(mostMegabytesPerHour);
});
