import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectConsole } from '../../src-main/local/connect.ts';
import { localPath } from '../../src-main/local/path.ts';
import { type ElectronDouble, startDouble } from '../rigs/electron-double/double.ts';

let dataDir: string;
let double: ElectronDouble;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-shell-'));
});
afterEach(async () => {
  double.kill();
  await double.ended;
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

async function start(env: NodeJS.ProcessEnv = {}): Promise<void> {
  double = startDouble([`--data=${dataDir}`], env);
  await vi.waitFor(
    async () => {
      expect((await double.ask('look')).windows[0]?.isShown).toBe(true);
    },
    { timeout: 20_000, interval: 50 },
  );
}

describe('the desktop shell, as built, on a double of Electron', () => {
  test('opens one sandboxed window on our own origin, with the bridge and nothing else in it', async () => {
    await start();
    const { windows, isSandboxed, paths, privileged } = await double.ask('look');
    expect(windows).toHaveLength(1);
    expect(windows[0]).toMatchObject({ url: 'app://steelyard/', exposed: ['steelyard'] });
    expect(windows[0]?.webPreferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false });
    expect(isSandboxed).toBe(true);
    expect(paths['userData']).toBe(join(dataDir, 'window'));
    expect(privileged).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
  });

  test("answers the window's calls by the contract, and refuses what breaks it", async () => {
    await start();
    expect(await double.ask('call', 'app.info', {})).toMatchObject({ ok: true, value: { shell: 'electron' } });
    expect(await double.ask('call', 'app.info', { more: 1 })).toMatchObject({ problem: { code: 'INPUT_INVALID' } });
    expect(await double.ask('call', '__proto__' as 'app.info', {})).toMatchObject({
      problem: { code: 'INPUT_INVALID' },
    });
  });

  test('tells the window events, after a reload too', async () => {
    await start();
    for (const name of ['a', 'b']) {
      await double.ask('listen');
      await double.ask('call', 'devices.add', {
        spec: { name, address: `haproxy+ssh://${name}@127.0.0.1:1`, environment: 'lab' },
      });
      await vi.waitFor(
        async () => {
          expect(JSON.stringify(await double.ask('events'))).toContain(`haproxy+ssh://${name}@`);
        },
        { timeout: 10_000 },
      );
      await double.ask('reload');
    }
  });

  test('takes no call from another page, an inner frame or a stranger', async () => {
    await start();
    const refused = { ok: false, problem: { code: 'INPUT_INVALID' } };
    expect(await double.ask('callFrom', 'app://steelyard/', 'main')).toMatchObject({ ok: true });
    for (const url of ['https://evil.example/', 'app://evil/', 'app://steelyard.evil/', 'about:blank', '']) {
      expect(await double.ask('callFrom', url, 'main'), url).toMatchObject(refused);
    }
    expect(await double.ask('callFrom', 'app://steelyard/', 'inner')).toMatchObject(refused);
    expect(await double.ask('callFrom', 'app://steelyard/', 'stranger')).toMatchObject(refused);
  });

  test('goes nowhere, opens nothing, is granted nothing and reaches nothing but its own files', async () => {
    await start();
    for (const url of ['https://evil.example/', 'file:///etc/passwd', 'app://evil/', 'javascript:alert(1)']) {
      expect(await double.ask('mayNavigate', url), url).toEqual({ navigate: false, redirect: false });
      expect(await double.ask('mayOpen', url), url).toBe(false);
      expect(await double.ask('mayRequest', url), url).toBe(false);
    }
    expect(await double.ask('mayAttach')).toBe(false);
    for (const name of ['media', 'notifications', 'openExternal', 'clipboard-read']) {
      expect(await double.ask('mayUse', name), name).toBe(false);
    }
    expect(await double.ask('mayRequest', 'app://steelyard/index.html')).toBe(true);
  });

  test('serves the built page with the policy, and no path out of it', async () => {
    await start();
    const page = await double.ask('fetch', 'app://steelyard/');
    expect([page?.status, page?.body]).toEqual([200, expect.stringContaining('<title>Steelyard</title>')]);
    expect(Object.fromEntries(page?.headers ?? [])).toMatchObject({
      'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'") as string,
      'x-content-type-options': 'nosniff',
    });
    for (const path of ['../main/main.js', '%2e%2e/main/main.js', 'nothing.js']) {
      expect((await double.ask('fetch', `app://steelyard/${path}`))?.status, path).toBe(404);
    }
    expect((await double.ask('fetch', 'app://other/index.html'))?.status).toBe(404);
  });

  test('a second start on the same data ends, and brings the first window to the front', async () => {
    await start();
    const second = startDouble([`--data=${dataDir}`], { DOUBLE_IS_SECOND: '1' });
    expect(await second.ended).toBe(0);
    await double.ask('secondInstance');
    expect((await double.ask('look')).windows[0]?.isFocused).toBe(true);
  });

  test('commands use its console; closing the window ends both in order', async () => {
    await start();
    const remote = await connectConsole(dataDir);
    expect(await remote?.call('app.info', {})).toMatchObject({ ok: true });
    remote?.close();
    void double.ask('closeWindow').catch(() => undefined); // it ends before it can answer
    expect(await double.ended).toBe(0);
    expect(await connectConsole(dataDir)).toBeUndefined();
    await expect(stat(localPath(dataDir))).rejects.toThrow();
  });

  test("seals secrets by the desktop's key chain, and never by basic_text", async () => {
    await start({ DOUBLE_KEY_CHAIN: 'gnome_libsecret' });
    const protectedInfo = await double.ask('call', 'app.info', {});
    expect(protectedInfo).toMatchObject({ value: { secrets: { protection: 'key-chain', isLocked: false } } });
    double.kill();
    await double.ended;
    await start({ DOUBLE_KEY_CHAIN: 'basic_text' });
    expect(await double.ask('call', 'app.info', {})).toMatchObject({
      value: { secrets: { protection: 'key-chain', isLocked: true } },
    });
  });

  test('where the console cannot be opened it says so and ends with 1', async () => {
    await start();
    const other = startDouble([`--data=${dataDir}`]);
    expect(await other.ended).toBe(1);
    expect(other.stderr()).toContain('Steelyard cannot start');
  });
});
