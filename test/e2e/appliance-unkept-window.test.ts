import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Appliance, appliances, password } from '../rigs/appliances.ts';
import { type Browser, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

/** The shortest countdown that the window offers. */
const watchedMs = '30000';

describe.skipIf(isMissing('chromium'))(
  'changes of simulated appliances that nobody keeps',
  { timeout: 180_000 },
  () => {
    const devices = new Map<string, Appliance>();
    let dataDir: string;
    let served: ServedConsole;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'steelyard-unkept-'));
      const called = await openCalledConsole(dataDir);
      // Secrets that are kept in memory would end with this console.
      await called.call('secrets.protect', { passphrase: 'of this test' });
      for (const { vendor, account, start } of appliances) {
        const device = await start();
        devices.set(vendor, device);
        const address = `${vendor}+ssh://${account}@${device.host}:${String(device.port)}`;
        const credentials = { password };
        await called.call('devices.test', { testId: vendor, address, credentials, acceptHostKey: device.fingerprint });
        await called.call('devices.add', { spec: { name: vendor, address, environment: 'lab' }, credentials });
      }
      await called.console.close();
      vi.stubEnv('STEELYARD_PASSPHRASE', 'of this test');
      served = await startServed([], dataDir);
      vi.unstubAllEnvs();
      browser = await openBrowser();
      page = await browser.open(served.link);
      page.setDefaultTimeout(60_000);
    }, 120_000);
    afterAll(async () => {
      await browser.close();
      await served.close();
      for (const device of devices.values()) await device.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });

    test('go back when their countdowns end, and were never saved', async () => {
      const before = new Map([...devices].map(([vendor, device]) => [vendor, [device.running(), device.saved()]]));
      for (const { vendor, pool, members } of appliances) {
        await goTo(page, `#/pool/${vendor}/${encodeURIComponent(pool)}`);
        const field = page.getByRole('spinbutton', { name: `Weight of ${members[0]}` });
        await field.fill('7');
        await field.press('Enter');
        await page.keyboard.press('Control+Enter');
        const push = page.getByRole('button', { name: `Push to ${vendor}` });
        await push.waitFor();
        await page.getByLabel('Go back by itself unless kept within').selectOption(watchedMs);
        await push.click();
        await page.getByRole('heading', { name: `Sent to ${vendor}, waiting for Keep` }).waitFor();
        expect(devices.get(vendor)?.running()).not.toBe(before.get(vendor)?.[0]);
      }
      await takePicture(page, 'appliance-countdown');
      for (const { vendor } of appliances) {
        await goTo(page, `#/push/${vendor}`);
        await page.getByRole('heading', { name: `The change on ${vendor} went back` }).waitFor();
        expect([devices.get(vendor)?.running(), devices.get(vendor)?.saved()]).toEqual(before.get(vendor));
      }
      expect(browser.complaints).toEqual([]);
    });
  },
);
