import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFileSealer } from '../../../src-main/store/key-sealer.ts';
import { openStore } from '../../../src-main/store/open.ts';
import { tempDirectory } from './temp-directory.ts';

const secretLine = 'user admin insecure-password swordfish-123';
const files = [{ path: '/etc/haproxy/haproxy.cfg', bytes: Buffer.from(`userlist u\n  ${secretLine}\n`) }];
const version = {
  device: 'lb',
  at: '2026-01-01T00:00:00.000Z',
  fingerprint: 'a'.repeat(64),
  files,
  who: 'w',
  why: 'y',
};

function allBytes(directory: string): string {
  return readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path).toString('latin1'))
    .join('');
}

test('the text of a stored configuration stands in no file, and comes back after a restart', async () => {
  const directory = await tempDirectory();
  const store = await openStore(directory);
  await store.secrets.protectWith(keyFileSealer(join(directory, 'key')));
  const { id } = await store.versions.put(version);
  expect(allBytes(directory)).not.toContain('swordfish');
  await store.close();
  expect(allBytes(directory)).not.toContain('swordfish');
  const again = await openStore(directory);
  const read = await again.versions.get('lb', id);
  expect(Buffer.from(read.files[0]?.bytes ?? []).toString()).toContain(secretLine);
  await again.close();
});

test('a passphrase takes the place of the key file, and what was sealed before still opens with it', async () => {
  const directory = await tempDirectory();
  const cost = { scryptCost: { n: 16, r: 1, p: 1 } };
  const store = await openStore(directory, cost);
  await store.secrets.protectWith(keyFileSealer(join(directory, 'key')));
  const { id } = await store.versions.put(version);
  await store.secrets.protect('correct horse');
  await store.close();
  expect(readdirSync(directory)).not.toContain('key');
  const again = await openStore(directory, cost);
  expect(again.secrets.state()).toEqual({ protection: 'passphrase', isLocked: true });
  await expect(again.versions.get('lb', id)).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  await again.secrets.unlock('correct horse');
  expect((await again.versions.get('lb', id)).files).toHaveLength(1);
  await again.close();
});
