import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sendRequests } from '../rigs/backends.ts';
import { type Browser, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { push, takeBack as pressRevert, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

/** What the stories of haproxy-window and device-window leave out of the scenario, on one site, each change put back before the next. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'chromium'))('the scenario in the window', () => {
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  let probed: Server;
  let before = '';
  const probes: string[] = [];

  beforeAll(async () => {
    // The other path fails for `p` alone: a change after which a pool has no member goes back by itself.
    probed = createServer((request, response) => {
      const isOfP = request.socket.localAddress === '127.0.0.1';
      if (isOfP) probes.push(request.url ?? '');
      response.statusCode = isOfP && request.url === '/ready' ? 503 : 200;
      response.end();
    });
    await new Promise<void>((resolve) => probed.listen(0, '0.0.0.0', resolve));
    const { port } = probed.address() as AddressInfo; // a TCP server's
    site = await startSite({
      members: 3,
      more: `backend probed
    option httpchk GET /health
    timeout check 10s
    server p 127.0.0.1:${port} check inter 300ms rise 1 fall 1
    server q 127.0.0.2:${port} check inter 300ms rise 1 fall 1`,
    });
    before = site.haproxy.readConfig();
    const called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    await called.console.close();
    browser = await openBrowser();
    await openWindow();
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `haproxy-scenario-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
    probed.close();
  });

  async function openWindow(): Promise<void> {
    served = await startServed([], site.dataDir);
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
  }
  async function takeBack(): Promise<void> {
    await pressRevert(page);
    expect(site.haproxy.readConfig()).toBe(before);
  }
  async function isUp(): Promise<boolean> {
    return /^probed,p,(?:[^,]*,){15}UP/m.test(await site.haproxy.ask('show stat'));
  }

  test('5: by URI hash one URL has one member', async () => {
    await unlock(page);
    await page.getByLabel('Algorithm of app').selectOption('uri-hash');
    await page
      .getByText(/round-robin → uri-hash/)
      .first()
      .waitFor();
    await push(page);
    const members = new Set<string>();
    for (let at = 0; at < 8; at += 1) {
      const { byBackend } = await sendRequests(site.haproxy.port, 12, { path: `/file-${at}` });
      expect(Object.values(byBackend)).toEqual([12]);
      for (const name of Object.keys(byBackend)) members.add(name);
    }
    expect(members.size).toBeGreaterThan(1);
    await takeBack();
  });

  test('6: a check of another path takes the member out that fails it, and lets it back', async () => {
    await expect.poll(isUp, { timeout: 30_000 }).toBe(true);
    await goTo(page, '#/pool/lb/probed');
    await page.getByRole('button', { name: 'Change… health checks of probed' }).click();
    await page.getByRole('textbox', { name: 'Path' }).fill('/ready');
    await page.getByRole('button', { name: 'Stage these checks' }).click();
    await push(page);
    await expect.poll(isUp, { timeout: 30_000 }).toBe(false);
    expect(probes.at(-1)).toBe('/ready');
    await takeBack();
    await expect.poll(isUp, { timeout: 30_000 }).toBe(true);
  });

  test('7: with a cookie a client stays on its member over 50 requests', async () => {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Change… persistence of app' }).click();
    await page.getByLabel('How clients are held on their member').selectOption('cookie-insert');
    await page.getByLabel(/Name of the cookie/).fill('SRV');
    await page.getByRole('button', { name: 'Stage this persistence' }).click();
    await push(page);
    const response = await fetch(`http://127.0.0.1:${site.haproxy.port}/`);
    await response.arrayBuffer();
    const cookie = /SRV=[^;]+/.exec(response.headers.get('set-cookie') ?? '')?.[0] ?? '';
    const { byBackend } = await sendRequests(site.haproxy.port, 50, { headers: { cookie } });
    expect(byBackend).toEqual({ [cookie.slice(4)]: 50 });
    await takeBack();
  });

  test('13: kept while the link is away is not kept: once it is back all is as before, and that is told', async () => {
    await goTo(page, '#/pool/lb/app');
    await page.getByLabel('Algorithm of app').selectOption('least-connections');
    await push(page);
    site.relay.refuse(true);
    site.relay.cut();
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    // Not before the keeping has failed: a link that comes back sooner keeps it.
    await page.getByRole('heading', { name: 'Taking the change on lb back' }).waitFor();
    site.relay.refuse(false);
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
    expect(site.haproxy.readConfig()).toBe(before);
    expect((await sendRequests(site.haproxy.port, 30)).statuses).toEqual({ 200: 30 });
  });

  test('13, 14: the console killed as it waits: the next one takes the change back, and the window shows it', async () => {
    await goTo(page, '#/pool/lb/app');
    const field = page.getByRole('spinbutton', { name: 'Weight of b1' });
    await field.fill('7');
    await field.press('Enter');
    await push(page);
    expect(await site.weights()).toEqual({ b1: 7, b2: 1, b3: 1 });
    const { pid } = JSON.parse(readFileSync(join(site.dataDir, 'owner.json'), 'utf8')) as { pid: number }; // the console's own
    process.kill(pid, 'SIGKILL');
    await served.close();
    await openWindow();
    await expect.poll(() => site.weights(), { timeout: 60_000 }).toEqual({ b1: 1, b2: 1, b3: 1 });
    await expect.poll(() => site.haproxy.readConfig(), { timeout: 60_000 }).toBe(before);
    await goTo(page, '#/push/lb');
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
  });

  test('16: whatever sshd let in was the account that pushes', () => {
    const accounts = [...site.sshd.log().matchAll(/Accepted \S+ for (\S+)/g)].map(([, name]) => name);
    expect([...new Set(accounts)]).toEqual([site.accounts?.pusher ?? site.sshd.user]);
  });
});
