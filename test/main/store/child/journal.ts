import { join } from 'node:path';
import { keyFileSealer } from '../../../../src-main/store/key-sealer.ts';
import { openStore } from '../../../../src-main/store/open.ts';
import { plan } from '../plan-maker.ts';

/** Begins pushes and notes entries without end; each line on stdout was fulfilled before it was printed. */
const directory = process.argv[2] ?? '';
const store = await openStore(directory);
if (store.secrets.state().protection === 'memory')
  await store.secrets.protectWith(keyFileSealer(join(directory, 'key')));
const run = Date.now().toString(36);
for (let push = 0; ; push += 1) {
  const id = `${run}${push.toString(36).padStart(4, '0')}`;
  await store.journal.begin({ id, device: 'edge', startedAt: new Date().toISOString(), plan: plan(id) });
  process.stdout.write(`begun ${id}\n`);
  for (let place = 0; place < 5; place += 1) {
    await store.journal.note(id, { place });
    process.stdout.write(`noted ${id} ${place}\n`);
  }
  await store.versions.put({
    device: 'edge',
    at: new Date().toISOString(),
    fingerprint: id,
    files: [{ path: 'a', bytes: Buffer.from(id.repeat(1000)) }],
    who: 'test',
    why: 'kill',
  });
  process.stdout.write(`stored ${id}\n`);
  // A poll a minute later each time, so that each one closes the minute before and writes it.
  await store.samples.write({
    device: 'edge',
    atMs: Date.now() + push * 61_000,
    intervalMs: 1000,
    everyMs: 1000,
    rows: Array.from({ length: 50 }, (_, member) => ({
      pool: 'app',
      member: `m${member}`,
      values: { requestsPerSecond: push, currentConnections: member },
    })),
  });
  await store.journal.end(id, 'kept');
  process.stdout.write(`ended ${id}\n`);
}
