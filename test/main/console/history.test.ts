import { createHash } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Version } from '../../../src-main/contract/api.ts';
import { History } from '../../../src-main/console/history.ts';
import { openStore, type Store } from '../../../src-main/store/open.ts';
import { drivers } from '../../../src-main/vendors/registry.ts';
import type { DeviceReading } from '../../../src-main/vendors/vendor.ts';

const path = '/etc/haproxy/haproxy.cfg';
const start = Date.UTC(2026, 10, 27, 10);

function config(weight: number, secret: string, more = ''): string {
  return `global
    stats socket /run/admin.sock
userlist people
    user ops insecure-password ${secret}
backend p
    balance roundrobin
    server a 10.0.0.1:80 weight ${weight}
    server b 10.0.0.2:80 weight 1
${more}`;
}

function reading(text: string): DeviceReading {
  const bytes = Buffer.from(text);
  const fingerprint = createHash('sha256').update(bytes).digest('hex');
  const model = { virtualServers: [], pools: [], monitors: [], profiles: [], certificates: [], unmodelled: [] };
  const facts = {
    vendor: 'haproxy',
    label: '',
    capabilities: [],
    weightRange: { lowest: 0, highest: 256 },
    algorithms: [],
  };
  return { files: [{ path, bytes }], fingerprint, facts, model };
}

async function openHistory(): Promise<{ history: History; store: Store; at: { ms: number } }> {
  const store = await openStore(undefined);
  onTestFinished(() => store.close());
  const at = { ms: start };
  const driver = drivers.find(({ id }) => id === 'haproxy');
  if (!driver) throw new Error('the driver is not registered');
  const history = new History({
    versions: store.versions,
    now: () => new Date(at.ms),
    user: 'ada',
    pushes: () => [],
    driverOf: () => driver,
    mark: (marker) => store.mark(marker),
  });
  return { history, store, at };
}

async function newest(store: Store): Promise<Version> {
  const version = await store.versions.newest('lb');
  if (!version) throw new Error('there is no version');
  return version;
}

describe('versions', () => {
  test('are kept at each change that is seen, and not twice', async () => {
    const { history, store, at } = await openHistory();
    await Promise.all([1, 1, 3, 3].map((weight) => history.keep('lb', reading(config(weight, 'x')), 'seen')));
    at.ms += 86_400_000;
    await history.keep('lb', reading(config(4, 'x')), 'night');
    const versions = await store.versions.list('lb');
    expect(versions.map(({ why, who }) => [why, who])).toEqual([
      ['Changed outside of Steelyard, found by the nightly reading', undefined],
      ['Changed outside of Steelyard', undefined],
      ['First reading', 'ada'],
    ]);
    expect(await store.markers('lb', 0, at.ms)).toEqual([
      { atMs: start, label: 'changed outside' },
      { atMs: start + 86_400_000, label: 'changed outside' },
    ]);
  });

  test('are compared by the model and by the text', async () => {
    const { history, store } = await openHistory();
    await history.keep('lb', reading(config(1, 'x')), 'seen');
    const first = await newest(store);
    await history.keep('lb', reading(config(3, 'x', '    server c 10.0.0.3:80\n')), 'seen');
    const second = await newest(store);
    const diff = await history.diff('lb', second.id);
    expect(diff.against?.id).toBe(first.id);
    expect(diff.changes).toEqual(['weight of a in pool p 1 -> 3', 'member c in pool p added']);
    expect(diff.files).toHaveLength(1);
    expect(diff.files[0]?.hunks.join('\n')).toContain(
      '-    server a 10.0.0.1:80 weight 1\n+    server a 10.0.0.1:80 weight 3',
    );
    const back = await history.diff('lb', first.id, second.id);
    expect(back.changes).toEqual(['weight of a in pool p 3 -> 1', 'member c in pool p removed']);
    expect(await history.diff('lb', first.id)).toMatchObject({ changes: [], files: [] });
  });

  test('show no secret in any difference, only that there is another one', async () => {
    const { history, store } = await openHistory();
    await history.keep('lb', reading(config(1, 'alohomora')), 'seen');
    await history.keep('lb', reading(config(1, 'mellon')), 'seen');
    const diff = await history.diff('lb', (await newest(store)).id);
    expect(diff.changes).toEqual([`a secret in ${path} changed, which is not shown`]);
    await history.keep('lb', reading(config(2, 'caputdraconis')), 'seen');
    const both = await history.diff('lb', (await newest(store)).id);
    expect(both.changes).toEqual(['weight of a in pool p 1 -> 2', `a secret in ${path} changed, which is not shown`]);
    expect(JSON.stringify([diff, both])).not.toMatch(/alohomora|mellon|caputdraconis/);
  });
});
