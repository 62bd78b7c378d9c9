import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Appliance, applianceOf, password } from '../rigs/appliances.ts';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { findProgram, isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

const run = promisify(execFile);
const kind = applianceOf('f5');
const f5 = '1.3.6.1.4.1.3375.2.4';

describe.skipIf(isMissing('chromium', 'snmpinform'))('traps in the window', { timeout: 120_000 }, () => {
  let device: Appliance;
  let dataDir: string;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'steelyard-traps-'));
    device = await kind.start();
    const called = await openCalledConsole(dataDir);
    await called.call('secrets.protect', { passphrase: 'of this test' });
    const address = `f5+ssh://${kind.account}@${device.host}:${String(device.port)}`;
    const credentials = { password };
    await called.call('devices.test', { testId: 't', address, credentials, acceptHostKey: device.fingerprint });
    await called.call('devices.add', { spec: { name: 'lb', address, environment: 'lab' }, credentials });
    await called.console.close();
    vi.stubEnv('STEELYARD_PASSPHRASE', 'of this test');
    served = await startServed([], dataDir);
    vi.unstubAllEnvs();
    browser = await openBrowser();
    page = await browser.open(served.link);
    page.setDefaultTimeout(45_000);
  }, 60_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `traps-window-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await device.close();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  /** An inform of SNMPv3 that a member went down; true where it was acknowledged. */
  async function inform(place: string, secret: string): Promise<boolean> {
    const user = [
      '-v3',
      '-u',
      'ops',
      '-l',
      'authPriv',
      '-a',
      'SHA-256',
      '-A',
      secret,
      '-x',
      'AES',
      '-X',
      'privacy-pass-1',
    ];
    const message = 'Pool /Common/app member /Common/w1:80 monitor status down.';
    const values = [`${f5}.1.1`, 's', message, `${f5}.1.2`, 's', '/Common/w1', `${f5}.1.3`, 's', '80'];
    const env = { ...process.env, SNMP_PERSISTENT_DIR: dataDir, MIBS: '' };
    return run(
      findProgram('snmpinform') ?? 'snmpinform',
      ['-r', '1', '-t', '5', ...user, place, '', `${f5}.0.10`, ...values],
      {
        env,
      },
    ).then(
      () => true,
      () => false,
    );
  }

  test('a user of SNMPv3 is added in the settings, and what it tells stands on the right member of the device', async () => {
    await goTo(page, '#/settings');
    await page.getByLabel('Address and port (UDP)').fill('127.0.0.1:0');
    await page.getByText('Add a user of SNMPv3').click();
    await page.getByLabel('Name of the user').fill('ops');
    await page.getByLabel('Its authentication password').fill('authentication-1');
    await page.getByLabel('Its privacy password').fill('privacy-pass-1');
    expect(await findBreaches(page)).toEqual([]);
    await takePicture(page, 'traps-settings');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    const taken = page.getByText(/^Taken on 127\.0\.0\.1:\d+/);
    await taken.waitFor();
    await page.getByRole('button', { name: 'Remove the user ops' }).waitFor();
    const place = /127\.0\.0\.1:\d+/.exec(await taken.innerText())?.[0] ?? '';
    expect(await inform(place, 'authentication-1')).toBe(true);
    await goTo(page, '#/device/lb');
    const row = page.getByRole('row', { name: /bigipServiceDown/ });
    await row.waitFor();
    expect(await row.innerText()).toContain('monitor status down');
    await takePicture(page, 'traps-event');
    expect(await findBreaches(page)).toEqual([]);
    await row.getByRole('link', { name: '/Common/app / /Common/w1:80' }).click();
    await page.getByRole('heading', { name: '/Common/app' }).waitFor();
    await goTo(page, '#/settings');
    await page.getByRole('button', { name: 'Remove the user ops' }).click();
    await page.getByRole('button', { name: 'Remove the user ops' }).waitFor({ state: 'detached' });
    expect(browser.complaints).toEqual([]);
  });
});
