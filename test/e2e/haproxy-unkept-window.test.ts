import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sendRequests } from '../rigs/backends.ts';
import { type Browser, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { push, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

/** The shortest time that the window lets a change wait. */
const watchedMs = 30_000;

describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'chromium'))('a change that nobody keeps, in the window', () => {
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    site = await startSite();
    const called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    await called.console.close();
    served = await startServed([], site.dataDir);
    browser = await openBrowser();
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `haproxy-unkept-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
  });

  test("14: with the link cut the host's own timer takes it back in time, and the window says so once it can", async () => {
    const before = site.haproxy.readConfig();
    await unlock(page);
    const weight = page.getByRole('spinbutton', { name: 'Weight of b1' });
    await weight.fill('7');
    await weight.press('Enter');
    await goTo(page, '#/change');
    await page.getByLabel('Go back by itself unless kept within').selectOption(String(watchedMs));
    await push(page);
    const waitsSince = performance.now();
    await page.getByText(/it goes back even if this console ends or the link is cut/).waitFor();
    // Cut late, so that the console has not yet learned to wait long between two tries.
    await page.getByRole('timer', { name: /^0:0\d until it goes back/ }).waitFor();
    site.relay.refuse(true);
    site.relay.cut();
    expect(await site.weights()).toEqual({ b1: 7, b2: 1 });
    await expect
      .poll(async () => [site.haproxy.readConfig(), await site.weights()], { timeout: 90_000, interval: 100 })
      .toEqual([before, { b1: 1, b2: 1 }]);
    // The host has counted since the last step, which ended before the window could say that it waits.
    expect(performance.now() - waitsSince).toBeLessThan(watchedMs + 10_000);
    site.relay.refuse(false);
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
    await page.getByText('the device took it back by itself').first().waitFor();
    await page
      .getByText(/Nobody kept the change within its time/)
      .first()
      .waitFor();
    expect((await sendRequests(site.haproxy.port, 100)).byBackend).toEqual({ b1: 50, b2: 50 });
    expect(site.haproxy.readConfig()).toBe(before);
    await takePicture(page, 'haproxy-unkept');
  });
});
