import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectConsole, type RemoteConsole } from '../../../src-main/local/connect.ts';
import { type LocalOffer, offerLocal } from '../../../src-main/local/offer.ts';
import { localPath } from '../../../src-main/local/path.ts';
import { openSmallConsole, type SmallConsole } from '../../rigs/small-console.ts';

let dataDir: string;
let offer: LocalOffer;
let console: SmallConsole;
let finishSlow: () => void;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-local-'));
  console = openSmallConsole({
    'settings.get': (_, { client, shell }) => Promise.resolve({ client, shell }),
    'lab.stop': () =>
      new Promise((resolve) => {
        finishSlow = () => {
          resolve({ isRunning: false, backends: [] });
        };
      }),
    'history.show': () => Promise.resolve([{ path: 'haproxy.cfg', text: 'ü\n'.repeat(2 ** 20) }]),
  });
  offer = await offerLocal(console, dataDir, () => undefined, 200);
});
afterEach(async () => {
  await offer.close();
  await rm(dataDir, { recursive: true });
});

async function joinIt(): Promise<RemoteConsole> {
  const remote = await connectConsole(dataDir);
  if (remote === undefined) throw new Error('nobody owns the directory');
  return remote;
}

test('only its owner may use the socket', async () => {
  expect((await stat(localPath(dataDir))).mode & 0o777).toBe(0o600);
});

test('a command calls as a client of its own and gets the very answer, long ones too', async () => {
  const [one, two] = [await joinIt(), await joinIt()];
  expect(await one.call('settings.get', {})).toEqual({ ok: true, value: { client: 'local-1', shell: 'cli' } });
  expect(await two.call('settings.get', {})).toEqual({ ok: true, value: { client: 'local-2', shell: 'cli' } });
  const long = await one.call('history.show', { device: 'a', version: 1 });
  expect(long.ok && (long.value as { text: string }[])[0]?.text).toBe('ü\n'.repeat(2 ** 20));
  one.close();
  two.close();
});

test('an input that breaks the contract is refused like everywhere', async () => {
  const remote = await joinIt();
  expect(await remote.call('history.show', { device: 7 })).toMatchObject({ problem: { code: 'INPUT_INVALID' } });
  remote.close();
});

test('events reach the command while it listens', async () => {
  const remote = await joinIt();
  const heard: unknown[] = [];
  const stop = remote.onEvent((name, data) => heard.push([name, data]));
  const lab = { isRunning: true, backends: [] };
  console.tell('lab', lab);
  await vi.waitFor(() => {
    expect(heard).toEqual([['lab', lab]]);
  });
  stop();
  console.tell('lab', lab);
  await remote.call('settings.get', {});
  expect(heard).toHaveLength(1);
  remote.close();
});

test('a command that is there as the owner ends is answered once more, and the owner waits for it no longer than it stays', async () => {
  await offer.close();
  offer = await offerLocal(console, dataDir, () => undefined, 60_000);
  const remote = await joinIt();
  const closed = offer.close();
  expect(await remote.call('settings.get', {})).toMatchObject({ ok: true });
  expect(await connectConsole(dataDir)).toBeUndefined();
  remote.close();
  await closed;
});

test('the owner answers what runs before it ends; a call after its grace is told that it has gone', async () => {
  const [busy, idle] = [await joinIt(), await joinIt()];
  const slow = busy.call('lab.stop', {});
  await vi.waitFor(() => {
    expect(finishSlow).toBeDefined();
  });
  const closed = offer.close();
  await vi.waitFor(
    async () => {
      expect(await idle.call('settings.get', {})).toMatchObject({ ok: false });
    },
    { timeout: 10_000 },
  );
  expect(await idle.call('settings.get', {})).toMatchObject({ problem: { code: 'SESSION_CLOSED' } });
  finishSlow();
  expect(await slow).toMatchObject({ ok: true });
  await closed;
  expect(await connectConsole(dataDir)).toBeUndefined();
});

test('nobody is found where no console runs, or one left its socket behind', async () => {
  await offer.close();
  expect(await connectConsole(dataDir)).toBeUndefined();
  await writeFile(localPath(dataDir), '');
  expect(await connectConsole(dataDir)).toBeUndefined();
  offer = await offerLocal(console, dataDir, () => undefined, 200);
  const remote = await joinIt();
  expect((await remote.call('settings.get', {})).ok).toBe(true);
  remote.close();
});

test('a stranger that writes rubbish without end is cut off, the others are served on', async () => {
  const stranger = connect(localPath(dataDir));
  const cut = new Promise((resolve) => stranger.on('close', resolve));
  stranger.on('error', () => undefined);
  const rubbish = Buffer.alloc(2 ** 20, 'x');
  stranger.on('drain', () => stranger.write(rubbish));
  stranger.write(rubbish);
  await cut;
  const remote = await joinIt();
  expect((await remote.call('settings.get', {})).ok).toBe(true);
  remote.close();
});

test('a directory whose path leaves no room for a socket is named', () => {
  expect(() => localPath(`/${'d'.repeat(120)}`)).toThrow(/too long for a socket/);
});
