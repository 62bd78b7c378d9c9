import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type KeySealer, keyFileSealer } from '../../../src-main/store/key-sealer.ts';
import { openTestStore, tempDirectory } from './temp-directory.ts';

const password = 'S3cret-of-the-edge-router';
const passphrase = 'correct horse battery';

async function filesHold(directory: string, text: string): Promise<string[]> {
  const names = await readdir(directory);
  const files = await Promise.all(names.map(async (name) => [name, await readFile(join(directory, name))] as const));
  return files.filter(([, bytes]) => bytes.includes(text)).map(([name]) => name);
}

test('with nothing chosen secrets are kept until the process ends, and never on the disk', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await first.secrets.put('edge/password', password);
  expect(await first.secrets.get('edge/password')).toBe(password);
  expect(first.secrets.state()).toEqual({ protection: 'memory', isLocked: false });
  await first.close();
  const second = await openTestStore(directory);
  expect(await second.secrets.get('edge/password')).toBeUndefined();
});

test('a passphrase seals what was in memory and what comes later; the next process is locked until it is given', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await first.secrets.put('edge/password', password);
  await first.secrets.protect(passphrase);
  await first.secrets.put('edge/key', 'second');
  await first.close();
  const { secrets } = await openTestStore(directory);
  expect(secrets.state()).toEqual({ protection: 'passphrase', isLocked: true });
  await expect(secrets.get('edge/password')).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  await expect(secrets.put('x', 'y')).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  await expect(secrets.protect('another one')).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  await secrets.unlock(passphrase);
  expect([await secrets.get('edge/password'), await secrets.get('edge/key')]).toEqual([password, 'second']);
});

test('a secret put while the passphrase is being applied is sealed too', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await Promise.all([first.secrets.protect(passphrase), first.secrets.put('edge/password', password)]);
  await first.close();
  const { secrets } = await openTestStore(directory);
  await secrets.unlock(passphrase);
  expect(await secrets.get('edge/password')).toBe(password);
});

test('a wrong passphrase is told from no other wrong one and names no secret', async () => {
  const { secrets } = await openTestStore();
  await secrets.put('edge/password', password);
  await secrets.protect(passphrase);
  const answers = await Promise.all(
    ['', 'correct horse batterz', `${passphrase} `].map((wrong) => secrets.unlock(wrong).catch(String)),
  );
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatch(/The secrets are locked/);
  expect(answers[0]).not.toMatch(/horse|S3cret/);
});

test('a changed passphrase opens, the old one no longer', async () => {
  const { secrets } = await openTestStore();
  await secrets.put('a', password);
  await secrets.protect(passphrase);
  await secrets.protect('a new one');
  await expect(secrets.unlock(passphrase)).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
  await secrets.unlock('a new one');
  expect(await secrets.get('a')).toBe(password);
});

test('neither a secret nor the passphrase stands in any file, while open and after', async () => {
  const directory = await tempDirectory();
  const { secrets, close } = await openTestStore(directory);
  await secrets.put('edge/password', password);
  await secrets.protect(passphrase);
  await secrets.put('edge/password', `${password}-2`);
  await secrets.put('gone', password);
  await secrets.remove('gone');
  expect(await filesHold(directory, 'edge/password')).not.toEqual([]);
  expect([await filesHold(directory, password), await filesHold(directory, passphrase)]).toEqual([[], []]);
  await close();
  expect([await filesHold(directory, password), await filesHold(directory, passphrase)]).toEqual([[], []]);
});

test('sealed bytes moved under another name, or changed, do not open', async () => {
  const directory = await tempDirectory();
  const first = await openTestStore(directory);
  await first.secrets.protect(passphrase);
  await first.secrets.put('edge', password);
  await first.secrets.put('lab', 'known to the thief');
  await first.close();
  const database = new DatabaseSync(join(directory, 'steelyard.db'));
  database.exec("UPDATE secret SET sealed = (SELECT sealed FROM secret WHERE name = 'lab') WHERE name = 'edge'");
  database.exec("UPDATE secret SET sealed = x'00' WHERE name = 'lab'");
  database.close();
  const { secrets } = await openTestStore(directory);
  await secrets.unlock(passphrase);
  await expect(secrets.get('edge')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await expect(secrets.get('lab')).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

test('a key file opens the secrets at the start, unless others may read it or it is gone', async () => {
  const directory = await tempDirectory();
  const path = join(directory, 'secrets.key');
  const first = await openTestStore(directory);
  await first.secrets.put('a', password);
  await first.secrets.protectWith(keyFileSealer(path));
  await first.close();
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const second = await openTestStore(directory);
  expect(second.secrets.state()).toEqual({ protection: 'key-file', isLocked: false });
  expect(await second.secrets.get('a')).toBe(password);
  await second.close();

  await chmod(path, 0o640);
  const third = await openTestStore(directory);
  expect(third.secrets.state().isLocked).toBe(true);
  await expect(third.secrets.unlockWith(keyFileSealer(path))).rejects.toMatchObject({ detail: /chmod 600/ });
  await chmod(path, 0o600);
  await writeFile(path, Buffer.alloc(32, 1).toString('base64'));
  await expect(third.secrets.unlockWith(keyFileSealer(path))).rejects.toMatchObject({ code: 'SECRETS_LOCKED' });
});

test('a sealer of another kind, as the desktop key chain is, stands beside the passphrase', async () => {
  const directory = await tempDirectory();
  const keyChain: KeySealer = {
    kind: 'key-chain',
    seal: (key) => Promise.resolve({ params: {}, sealed: key.map((byte) => byte ^ 0x5a) }),
    open: ({ sealed }) => Promise.resolve(Buffer.from(sealed.map((byte) => byte ^ 0x5a))),
  };
  const first = await openTestStore(directory);
  await first.secrets.put('a', password);
  await first.secrets.protectWith(keyChain);
  await first.secrets.protect(passphrase);
  await first.close();
  const second = await openTestStore(directory);
  expect(second.secrets.state()).toEqual({ protection: 'key-chain', isLocked: true });
  await second.secrets.unlockWith(keyChain);
  expect(await second.secrets.get('a')).toBe(password);
  await second.close();
  const third = await openTestStore(directory);
  await third.secrets.unlock(passphrase);
  expect(await third.secrets.get('a')).toBe(password);
});

test('unlocking a way that was never chosen is refused', async () => {
  const { secrets } = await openTestStore();
  await expect(secrets.unlock(passphrase)).rejects.toMatchObject({ code: 'NOT_FOUND' });
});
