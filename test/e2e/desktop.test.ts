import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CallInput, CallName, CallOutput } from '../../src-main/contract/api.ts';
import type { Outcome } from '../../src-main/contract/errors.ts';
import { type ElectronDouble, startDouble } from '../rigs/electron-double/double.ts';
import { startEngine } from '../rigs/engine.ts';

let dataDir: string;
let double: ElectronDouble;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'steelyard-desktop-'));
});
afterEach(async () => {
  double.kill();
  await double.ended;
  await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
});

function until(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 40_000, interval: 50 });
}
async function start(words: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<void> {
  double = startDouble([`--data=${dataDir}`, ...words], { XDG_CONFIG_HOME: join(dataDir, 'config'), ...env });
  await until(async () => {
    expect((await double.ask('look')).windows).toHaveLength(1);
    expect(await double.ask('call', 'app.info', {})).toMatchObject({ ok: true });
  });
}
async function end(): Promise<void> {
  void double.ask('quit').catch(() => undefined); // it ends before it can answer
  expect(await double.ended).toBe(0);
}
async function call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
  const outcome = (await double.ask('call', name, input)) as Outcome<CallOutput<K>>; // as the contract says
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}
async function choose(option: string, isOn: boolean): Promise<void> {
  await call('settings.set', { key: `desktop.${option}`, value: isOn ? 'on' : 'off' });
}
async function window() {
  const [first] = (await double.ask('look')).windows;
  if (first === undefined) throw new Error('no window is open');
  return first;
}
/** What the page was asked to show. */
async function shown(): Promise<readonly unknown[]> {
  const events = (await double.ask('events')) as readonly (readonly [string, unknown])[]; // what `listen` collects
  return events.filter(([name]) => name === 'shown').map(([, data]) => data);
}

describe('the window', () => {
  test('opens as it was left: place, size, maximised, zoom; on a smaller screen within it', async () => {
    await start();
    expect((await window()).bounds).toEqual({ x: 240, y: 104, width: 1440, height: 900 });
    await double.ask('leaveWindow', { x: 50, y: 60, width: 1200, height: 800 }, 1.25);
    await end();
    await start();
    expect(await window()).toMatchObject({
      bounds: { x: 50, y: 60, width: 1200, height: 800 },
      isMaximized: true,
      zoom: 1.25,
    });
    await end();
    await start([], { DOUBLE_SCREENS: '[{"x":0,"y":0,"width":1100,"height":700}]' });
    expect((await window()).bounds).toEqual({ x: 50, y: 60, width: 1100, height: 700 });
  });

  test('closes into the tray where that was chosen, and comes back by a click there or a second start', async () => {
    await start();
    await choose('closeToTray', true);
    await double.ask('closeWindow');
    expect((await window()).isShown).toBe(false);
    expect(await call('app.info', {})).toMatchObject({ shell: 'electron' });
    await double.ask('clickTray');
    await until(async () => {
      expect((await window()).isShown).toBe(true);
    });
    await double.ask('closeWindow');
    await double.ask('secondInstance', ['steelyard']);
    await until(async () => {
      expect(await window()).toMatchObject({ isShown: true, isFocused: true });
    });
    await choose('tray', false); // nothing is left to close into
    void double.ask('closeWindow').catch(() => undefined);
    expect(await double.ended).toBe(0);
  });

  test('stays out of sight at a start at sign-in, but only where it can be brought back', async () => {
    await start(['--hidden']);
    expect((await window()).isShown).toBe(true);
    await choose('closeToTray', true);
    await end();
    await start(['--hidden']);
    expect((await window()).isShown).toBe(false);
  });
});

describe('links', () => {
  test('open their place: of this start, of a second one, and as macOS brings them', async () => {
    await start(['steelyard://open/pool/lb/%2FCommon%2Fweb']);
    expect((await window()).url).toBe('app://steelyard/#/pool/lb/%2FCommon%2Fweb');
    await double.ask('listen');
    await double.ask('secondInstance', ['steelyard', '--x', 'steelyard://open/settings']);
    await until(async () => {
      expect(await shown()).toEqual([{ place: { screen: 'settings' } }]);
    });
    await double.ask('openUrl', 'steelyard://open/device/lb');
    await until(async () => {
      expect((await shown()).at(-1)).toEqual({ place: { screen: 'device', device: 'lb' } });
    });
  });

  test('that are none of ours are refused in words, and open nothing', async () => {
    await start(['steelyard://open/push/lb?keep=1']);
    expect((await window()).url).toBe('app://steelyard/');
    await double.ask('listen');
    await double.ask('secondInstance', ['steelyard', 'steelyard://evil/overview']);
    await until(async () => {
      expect((await shown()).at(-1)).toMatchObject({
        problem: { code: 'INPUT_INVALID', detail: expect.stringContaining('is refused') as string },
      });
    });
  });

  test('are claimed from the system by the installed program alone', async () => {
    await start();
    expect((await double.ask('look')).protocols).toEqual([]);
    await end();
    await start([], { DOUBLE_IS_PACKAGED: '1' });
    expect((await double.ask('look')).protocols).toEqual(['steelyard']);
  });
});

test('the menu has what every program has, leads into the window, and reloads nothing', async () => {
  await start();
  await double.ask('listen');
  const menu = await double.ask('menu');
  const roles = menu.flatMap(({ role, submenu }) => [role, ...(submenu ?? []).map((line) => line.role)]);
  expect(roles).toEqual(
    expect.arrayContaining(['editMenu', 'windowMenu', 'zoomIn', 'togglefullscreen', 'close', 'quit']),
  );
  expect(roles).not.toContain('reload');
  await double.ask('clickMenu', 'Find anything…');
  await until(async () => {
    expect(await shown()).toEqual([{ dialog: 'palette' }]);
  });
  await double.ask('clickMenu', 'Estate');
  await until(async () => {
    expect((await shown()).at(-1)).toEqual({ place: { screen: 'devices' } });
  });
});

test('a real engine that ends: the badge turns, one message comes, and a click on it opens the device', async () => {
  const engine = await startEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members: [{ name: 'a', address: '127.0.0.1', port: 9 }] }],
  });
  try {
    await start();
    await double.ask('listen');
    await call('devices.add', { spec: { name: 'own', address: `engine+unix:${engine.socket}`, environment: 'lab' } });
    await until(async () => {
      const [tray] = await double.ask('tray');
      expect(tray?.image).toMatch(/tray-up\.png$/);
      expect(existsSync(tray?.image ?? '')).toBe(true);
    });
    expect(await double.ask('notifications')).toEqual([]);
  } finally {
    await engine.stop();
  }
  await until(async () => {
    const [tray] = await double.ask('tray');
    expect(tray?.image).toMatch(/tray-stale\.png$/);
    expect(tray?.toolTip).toBe('Steelyard: a device does not answer');
  });
  await until(async () => {
    expect(await double.ask('notifications')).toMatchObject([
      { title: 'own', body: expect.stringContaining('own is not readable') as string },
    ]);
  });
  await double.ask('clickNotification', 0);
  await until(async () => {
    expect((await shown()).at(-1)).toEqual({ place: { screen: 'device', device: 'own' } });
  });
});

test('sleep locks and is kept as what it is; a locked screen locks, too', async () => {
  await start();
  const spec = { name: 'own', address: 'engine+unix:/nonexistent/admin.sock', environment: 'production' } as const;
  await call('devices.add', { spec });
  async function isLocked(): Promise<boolean | undefined> {
    return (await call('devices.list', {}))[0]?.lock.isLocked;
  }
  for (const event of ['lock-screen', 'suspend']) {
    await call('devices.unlock', { devices: ['own'], reason: 'test', minutes: 5 });
    await double.ask('power', event);
    await until(async () => {
      expect(await isLocked(), event).toBe(true);
    });
  }
  await double.ask('power', 'resume');
  await until(async () => {
    expect(await call('history.sleeps', {})).toHaveLength(1);
  });
});

test('starting at sign-in is an XDG autostart file that a person may also take away', async () => {
  await start();
  const file = join(dataDir, 'config/autostart/steelyard.desktop');
  expect(existsSync(file)).toBe(false);
  await choose('autostart', true);
  await until(async () => {
    expect(readFileSync(file, 'utf8')).toMatch(/^Exec=".+" ".+" "--data=.+" "--hidden"$/m);
    await Promise.resolve();
  });
  await end();
  await rm(file);
  await start();
  expect(await call('settings.get', {})).toMatchObject({ 'desktop.autostart': 'off' });
  await choose('autostart', true);
  await choose('autostart', false);
  await until(async () => {
    expect(existsSync(file)).toBe(false);
    await Promise.resolve();
  });
});

test('where the desktop has no key ring, that is said and what helps', async () => {
  await start([], { DOUBLE_KEY_CHAIN: 'basic_text' });
  const { secrets, desktop } = await call('app.info', {});
  expect(secrets).toMatchObject({ protection: 'memory', why: expect.stringContaining('no key ring') as string });
  expect(desktop?.filter(({ isAvailable }) => isAvailable).map(({ id }) => id)).toEqual([
    'notifications',
    'tray',
    'closeToTray',
    'autostart',
  ]);
});
