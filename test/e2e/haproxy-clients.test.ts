import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { sendRequests } from '../rigs/backends.ts';
import { downloadBytes, startDownload } from '../rigs/download.ts';
import { type Browser, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { keep, push, takeBack, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

/** Steps of the scenario whose proof are clients: who answers them, and that none of them is cut off. */
describe.skipIf(isMissing('haproxy', 'sshd', 'socat', 'chromium'))('clients of a HAProxy', () => {
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  /** How often the window has asked every process for what it holds. */
  let looks = 0;
  /** Of a frontend whose clients may stop reading for minutes. */
  let patientPort = 0;
  let cookies: ReadonlyMap<string, string> = new Map();

  beforeAll(async () => {
    patientPort = await freePort();
    site = await startSite({
      members: 3,
      serverWords: 'weight 1 slowstart 30s',
      pool: ['balance roundrobin', 'timeout server 10m'],
      more: `frontend patient\n    bind 127.0.0.1:${patientPort}\n    timeout client 10m\n    default_backend app`,
    });
    const called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
    await called.console.close();
    served = await startServed([], site.dataDir);
    browser = await openBrowser();
    for (const each of browser.context.pages()) {
      each.on('websocket', (socket) => {
        socket.on('framesent', ({ payload }) => (looks += String(payload).includes('members.load') ? 1 : 0));
      });
    }
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
    await unlock(page);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `haproxy-clients-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
  });

  /** Each new client's cookie by the member that answered it. */
  async function newClients(count: number): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (let at = 0; at < count; at += 1) {
      const response = await fetch(`http://127.0.0.1:${site.haproxy.port}/`);
      await response.arrayBuffer();
      const cookie = /SRV=[^;]+/.exec(response.headers.get('set-cookie') ?? '')?.[0];
      if (cookie !== undefined) found.set(response.headers.get('x-backend') ?? '', cookie);
    }
    return found;
  }
  async function staysWithAll(): Promise<void> {
    for (const [name, cookie] of cookies) {
      const { byBackend } = await sendRequests(site.haproxy.port, 50, { headers: { cookie } });
      expect(byBackend).toEqual({ [name]: 50 });
    }
  }
  /** Exactly the wanted counts, but for where the round stood when the weights changed. */
  async function expectShares(wanted: Readonly<Record<string, number>>): Promise<void> {
    const sum = Object.values(wanted).reduce((before, count) => before + count, 0);
    const { byBackend } = await sendRequests(site.haproxy.port, sum);
    for (const name of new Set([...Object.keys(wanted), ...Object.keys(byBackend)])) {
      const difference = (byBackend[name] ?? 0) - (wanted[name] ?? 0);
      expect(Math.abs(difference), JSON.stringify(byBackend)).toBeLessThanOrEqual(wanted[name] === undefined ? 0 : 6);
    }
  }
  /** The word of the window. */
  function stateOf(member: string): Promise<string> {
    return page
      .getByRole('row', { name: new RegExp(member) })
      .locator('.state')
      .first()
      .innerText();
  }
  async function chooseState(member: string, item: RegExp): Promise<void> {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: `Actions for ${member}` }).click();
    // A state that is the member's own already is none to choose: the reading after the last push has yet to come.
    await page.getByRole('menuitemradio', { name: item, checked: false }).click();
  }
  /** New clients go elsewhere, those that b1 holds stay, and the window says that it drains. */
  async function expectDrained(): Promise<void> {
    await expectShares({ b2: 45, b3: 45 });
    await staysWithAll();
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('row', { name: /b1/ }).getByText('draining').first().waitFor();
  }
  async function setWeight(member: string, weight: number): Promise<void> {
    await goTo(page, '#/pool/lb/app');
    const field = page.getByRole('spinbutton', { name: `Weight of ${member}` });
    await field.fill(String(weight));
    await field.press('Enter');
  }

  test('5: by least connections a slow member gets fewer, and no request fails', async () => {
    const before = site.haproxy.readConfig();
    await goTo(page, '#/pool/lb/app');
    await page.getByLabel('Algorithm of app').selectOption('least-connections');
    await push(page);
    site.backends.setDelay('b3', 1000);
    const { byBackend, statuses } = await sendRequests(site.haproxy.port, 300, { timeoutMs: 60_000 });
    site.backends.setDelay('b3', 0);
    expect(statuses).toEqual({ 200: 300 });
    const { b1 = 0, b2 = 0, b3 = 0 } = byBackend;
    expect(b3, JSON.stringify(byBackend)).toBeLessThan(Math.min(b1, b2) / 2);
    await takeBack(page);
    expect(site.haproxy.readConfig()).toBe(before);
    await expectShares({ b1: 100, b2: 100, b3: 100 });
  });

  test('7: with a cookie a client stays on its member over 50 requests and over other weights', async () => {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Change… persistence of app' }).click();
    await page.getByLabel('How clients are held on their member').selectOption('cookie-insert');
    await page.getByLabel(/Name of the cookie/).fill('SRV');
    await page.getByRole('button', { name: 'Stage this persistence' }).click();
    await push(page);
    await keep(page);
    cookies = await newClients(3);
    expect([...cookies.keys()].toSorted()).toEqual(['b1', 'b2', 'b3']);
    await staysWithAll();
    await setWeight('b1', 9);
    await push(page);
    expect(await site.weights()).toEqual({ b1: 9, b2: 1, b3: 1 });
    await staysWithAll();
    // New clients go by the new weights.
    await expectShares({ b1: 90, b2: 10, b3: 10 });
    await takeBack(page);
    await staysWithAll();
    await expectShares({ b1: 30, b2: 30, b3: 30 });
  });

  test('8: a drained member gets no new client, keeps those it holds and a download, still drains after a reload by a third hand, and may go once it is empty', async () => {
    const download = await startDownload(patientPort, { cookie: cookies.get('b1') ?? '' });
    expect(download.by).toBe('b1');
    await chooseState('b1', /Drain/);
    expect(await push(page)).toContain('set server app/b1 state drain');
    await keep(page);
    await expectDrained();
    const old = await site.haproxy.answeringPid();
    site.haproxy.reload();
    await expect.poll(() => site.haproxy.answeringPid().catch(() => old), { timeout: 30_000 }).not.toBe(old);
    await expectDrained();
    // The new process holds nothing of it, which is not all there is to ask.
    const asked = looks;
    await expect.poll(() => looks, { timeout: 60_000 }).toBeGreaterThan(asked + 1);
    expect(await stateOf('b1')).toBe('draining');
    expect(site.haproxy.pids()).toContain(old); // which the download still holds
    const whole = download.readOn();
    await expect.poll(() => stateOf('b1'), { timeout: 30_000, interval: 20 }).toBe('draining, empty');
    // Killed the instant that it is said: nothing breaks.
    await site.backends.setFault('b1', 'refuse');
    expect(await whole).toBe(downloadBytes);
    const { statuses, failures } = await sendRequests(site.haproxy.port, 60);
    expect([statuses, failures]).toEqual([{ 200: 60 }, []]);
    await site.backends.setFault('b1', 'none');
  });

  test('8: then it is disabled, worked on and resumed, and its share comes back slowly', async () => {
    await chooseState('b1', /Disable/);
    expect(await push(page)).toContain('set server app/b1 state maint');
    await keep(page);
    await expectShares({ b2: 45, b3: 45 });
    await chooseState('b1', /Enable/);
    await push(page);
    const early = await sendRequests(site.haproxy.port, 90);
    expect(early.byBackend['b1'] ?? 0, JSON.stringify(early.byBackend)).toBeLessThan(24);
    await keep(page);
    await expect
      .poll(async () => (await sendRequests(site.haproxy.port, 90)).byBackend['b1'], {
        timeout: 90_000,
        interval: 2000,
      })
      .toBe(30);
    expect(site.haproxy.readConfig()).toContain('slowstart 30s');
    expect(await site.weights()).toEqual({ b1: 1, b2: 1, b3: 1 });
  });
});
