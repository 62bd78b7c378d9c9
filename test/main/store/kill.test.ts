import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { killed, startChild } from './child/start.ts';
import { openTestStore, tempDirectory } from './temp-directory.ts';

/** STEELYARD_SOAK multiplies; the soak run sets it. */
const kills = 3 * Number(process.env['STEELYARD_SOAK'] ?? 1);

interface Promised {
  begun: boolean;
  noted: number;
  stored: boolean;
  ended: boolean;
}

/** Runs the writer until it has said `lines` lines, kills it at that instant, and answers what it had been promised by then. */
async function writeAndKill(directory: string, lines: number): Promise<Map<string, Promised>> {
  const child = startChild('journal', directory);
  const said: string[] = [];
  if (!child.stdout) throw new Error('no stdout');
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    if (said.length === lines) await killed(child);
  }
  const promised = new Map<string, Promised>();
  for (const [word = '', id = ''] of said.map((line) => line.split(' '))) {
    const push = promised.get(id) ?? { begun: false, noted: 0, stored: false, ended: false };
    promised.set(id, push);
    if (word === 'noted') push.noted += 1;
    if (word === 'begun' || word === 'stored' || word === 'ended') push[word] = true;
  }
  return promised;
}

test(
  `what the journal promised before a kill -9 is there after it, in order and whole (${kills} kills)`,
  async () => {
    const directory = await tempDirectory();
    for (let kill = 0; kill < kills; kill += 1) {
      const promised = await writeAndKill(directory, 1 + Math.floor(Math.random() * 60));
      const store = await openTestStore(directory);
      const pushes = new Map((await store.journal.list(100_000)).map((push) => [push.id, push]));
      const versions = new Set((await store.versions.list('edge')).map(({ fingerprint }) => fingerprint));
      for (const [id, { noted, stored, ended }] of promised) {
        const push = pushes.get(id);
        expect(push?.plan.id).toBe(id);
        expect(push?.entries.length).toBeGreaterThanOrEqual(noted);
        expect(push?.entries).toEqual(push?.entries.map((_, place) => ({ place })));
        if (stored) expect(versions.has(id)).toBe(true);
        if (ended) expect(push?.outcome).toBe('kept');
      }
      // Only the push that the kill met can be open.
      const open = await store.journal.open();
      expect(open.length).toBeLessThanOrEqual(1);
      for (const { id } of open) await store.journal.end(id, 'reverted');
      for (const { id } of await store.versions.list('edge')) await store.versions.get('edge', id);
      const span = { fromMs: 0, toMs: Date.now() + 10 * 86_400_000, maxPixels: 100 };
      const series = await store.samples.series({ device: 'edge', pool: 'app', metric: 'requestsPerSecond', ...span });
      if (versions.size > 60) expect(series.lines).not.toEqual([]);
      expect(store.damagedFiles()).toEqual([]);
      await store.close();
    }
  },
  30_000 + kills * 15_000,
);
