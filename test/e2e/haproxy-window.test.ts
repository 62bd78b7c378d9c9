import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Series } from '../../src-main/contract/metrics.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

/**
 * The story of `npm start`'s second minute, by the window alone: a real HAProxy is added over SSH, seen, changed, and put back. The
 * tests tell it in order, on one site and in one browser: each begins where the one before it ended.
 */
describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen', 'chromium'))('a real HAProxy in the window', () => {
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  /** Every `series.get` that the window was answered, newest last. */
  const charted: Series[] = [];

  beforeAll(async () => {
    site = await startSite({ members: 3 });
    rmSync(join(site.dataDir, 'known_hosts'));
    served = await startServed([], site.dataDir);
    browser = await openBrowser();
    browser.context.on('page', listen);
    browser.context.pages().forEach(listen);
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `haproxy-window-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
  });

  function listen(opened: Page): void {
    opened.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => {
        const text = String(payload);
        if (text.includes('"resolutionMs"')) charted.push(...seriesIn(JSON.parse(text)));
      });
    });
  }
  async function shares(count: number): Promise<Readonly<Record<string, number>>> {
    const { byBackend, failures, statuses } = await sendRequests(site.haproxy.port, count);
    expect([failures, statuses]).toEqual([[], { 200: count }]);
    return byBackend;
  }
  /** Weights that were changed at run time leave the sequence in the middle of a round: the rest of one round may be off. */
  async function expectShares(wanted: Readonly<Record<string, number>>): Promise<void> {
    const counted = await shares(Object.values(wanted).reduce((sum, count) => sum + count, 0));
    expect(Object.keys(counted).toSorted()).toEqual(Object.keys(wanted));
    for (const [name, count] of Object.entries(wanted)) {
      expect(Math.abs((counted[name] ?? 0) - count), `${name}: ${JSON.stringify(counted)}`).toBeLessThanOrEqual(6);
    }
  }
  /** From a staged edit to the countdown: what the review showed as commands is answered. */
  async function push(): Promise<string> {
    await page.keyboard.press('Control+Enter');
    const button = page.getByRole('button', { name: 'Push to lb' });
    await button.waitFor();
    const shown = await page.locator('#view').innerText();
    await button.click();
    return shown;
  }
  async function pushAndKeep(): Promise<string> {
    const shown = await push();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('heading', { name: 'Kept on lb' }).waitFor();
    return shown;
  }
  async function setWeight(member: string, weight: number): Promise<void> {
    await goTo(page, '#/pool/lb/app');
    const field = page.getByRole('spinbutton', { name: `Weight of ${member}` });
    await field.fill(String(weight));
    await field.press('Enter');
    await page
      .getByText(new RegExp(`${member} weight \\d+ → ${String(weight)}`))
      .first()
      .waitFor();
  }
  async function chooseInMenu(member: string, item: RegExp): Promise<void> {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: `Actions for ${member}` }).click();
    // A state that is the member's own already is none to choose: the reading after the last push has yet to come.
    if (item.source.includes('Remove')) await page.getByRole('menuitem', { name: item }).click();
    else await page.getByRole('menuitemradio', { name: item, checked: false }).click();
  }

  test('is added by the wizard: its new key is the one that ssh-keygen prints, every step of the test passes', async () => {
    await goTo(page, '#/add');
    await page.getByLabel(/HAProxy over SSH/).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Host').fill(site.relay.host);
    await page.getByLabel('Port').fill(String(site.relay.port));
    await page.getByText('Where its parts are').click();
    await page.getByLabel('Configuration file or directory').fill(site.haproxy.configFile);
    await page.getByLabel('Stats socket').fill(site.haproxy.socket);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('User').fill(site.sshd.user);
    await page.getByText('Key file', { exact: true }).click();
    await page.getByLabel('Key file on this computer').fill(site.sshd.keyFile);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('The host key is new.').waitFor();
    const hostKey = join(site.sshd.directory, 'host.pub');
    writeFileSync(hostKey, `${site.sshd.hostKey('ed25519')}\n`);
    const [, fingerprint = ''] = execFileSync('ssh-keygen', ['-lf', hostKey]).toString().split(' ');
    await page.getByText(fingerprint).first().waitFor();
    await page.getByRole('button', { name: /accept the key/ }).click();
    await page.getByText('1 virtual server, 1 pool').waitFor();
    expect(readFileSync(join(site.dataDir, 'known_hosts'), 'utf8')).toContain(site.sshd.hostKey('ed25519'));
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('textbox', { name: /^Name/ }).fill('lb');
    await page.getByText('Staging', { exact: true }).click();
    await page.getByRole('button', { name: 'Add the device' }).click();
    await page.getByText('lb is in the inventory.').first().waitFor();
  });

  test('shows what its configuration holds, and charts exactly what the back ends counted', async () => {
    await goTo(page, '#/pool/lb/app');
    const members = page.getByRole('row', { name: /127\.0\.0\.1:/ });
    await expect.poll(() => members.count(), { timeout: 30_000 }).toBe(3);
    for (const [index, name] of site.backends.names.entries()) {
      expect(await members.nth(index).innerText()).toContain(
        `${name}\n127.0.0.1:${String(site.backends.ports[index])}`,
      );
    }
    // A first sample has no rate: what is counted from here on is charted.
    await expect.poll(async () => members.first().innerText(), { timeout: 30_000 }).toMatch(/\t0\t0\t/);
    for (let burst = 0; burst < 5; burst += 1) await shares(60 + burst * 30);
    const counted = site.backends.counts();
    expect(counted).toMatchObject({ b1: { requests: 200 }, b2: { requests: 200 }, b3: { requests: 200 } });
    await expect
      .poll(
        async () => {
          charted.length = 0;
          await page.reload();
          await page.locator('canvas').first().waitFor();
          await expect.poll(() => charted.length, { timeout: 30_000 }).toBeGreaterThan(0);
          return Object.fromEntries(site.backends.names.map((name) => [name, Math.round(sumOf(name))]));
        },
        { timeout: 60_000 },
      )
      .toEqual({ b1: 200, b2: 200, b3: 200 });
  });

  test('is locked until a reason is given', async () => {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Unlock…' }).first().click();
    await page.getByLabel('Reason').fill('the story of the tests');
    await page.keyboard.press('Enter');
    await page.getByRole('spinbutton', { name: 'Weight of b1' }).waitFor();
  });

  test('a weight is changed, its commands seen, pushed at run time and kept: the traffic moves, exactly', async () => {
    await setWeight('b1', 4);
    const shown = await pushAndKeep();
    expect(shown).toContain('run-time only');
    expect(shown).toContain('set server app/b1 weight 4');
    expect(shown).toContain('set server app/b1 weight 1');
    expect(await site.weights()).toEqual({ b1: 4, b2: 1, b3: 1 });
    expect(site.haproxy.readConfig()).toMatch(/server b1 \S+ weight 4\n/);
    await expectShares({ b1: 400, b2: 100, b3: 100 });
  });

  test('a change that is taken back leaves every byte and every share as before', async () => {
    const before = site.configHash();
    await setWeight('b2', 5);
    await push();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    expect(await site.weights()).toEqual({ b1: 4, b2: 5, b3: 1 });
    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
    expect(site.configHash()).toBe(before);
    await expectShares({ b1: 400, b2: 100, b3: 100 });
  });

  test('a drained member gets no request, and its share again when it is enabled', async () => {
    await chooseInMenu('b3', /Drain/);
    expect(await pushAndKeep()).toContain('set server app/b3 state drain');
    await expectShares({ b1: 400, b2: 100 });
    await chooseInMenu('b3', /Enable/);
    await pushAndKeep();
    await expectShares({ b1: 400, b2: 100, b3: 100 });
  });

  test('the algorithm becomes a source hash by a reload: one client, one member', async () => {
    const pid = await site.haproxy.answeringPid();
    await goTo(page, '#/pool/lb/app');
    await page.getByLabel('Algorithm of app').selectOption('source-ip-hash');
    await page
      .getByText(/round-robin → source-ip-hash/)
      .first()
      .waitFor();
    const shown = await pushAndKeep();
    expect(shown).toContain('reload, connections kept');
    expect(await site.haproxy.answeringPid()).not.toBe(pid);
    expect(Object.values(await shares(100))).toEqual([100]);
    await goTo(page, '#/pool/lb/app');
    await page.getByLabel('Algorithm of app').selectOption('round-robin');
    await pushAndKeep();
    await expectShares({ b1: 400, b2: 100, b3: 100 });
  });

  test('the members are checked by a request of their own, which HAProxy then says of them', async () => {
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Change… health checks of app' }).click();
    await page.getByLabel('How members are checked').selectOption('http');
    await page.getByLabel('Path', { exact: true }).fill('/checked');
    await page.getByLabel('Statuses that pass').fill('200-299');
    await page.getByLabel('Every, in seconds', { exact: true }).fill('0.2');
    await page.getByRole('button', { name: 'Stage these checks' }).click();
    await page
      .getByText(/health checks none → http \/checked/)
      .first()
      .waitFor();
    expect(await pushAndKeep()).toContain('http-check expect status 200-299');
    expect(site.haproxy.readConfig()).toMatch(
      /option httpchk \/checked\n.*server b1 \S+ weight 4 check inter 200ms\n/s,
    );
    await expect.poll(() => site.haproxy.ask('show stat'), { timeout: 20_000 }).toMatch(/app,b1,.*,L7OK,200,/);
    await goTo(page, '#/pool/lb/app');
    // Until the reading after the push has come there is no check that could go.
    await page.getByText('app/check', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Change… health checks of app' }).click();
    await page.getByLabel('How members are checked').selectOption('');
    await page.getByRole('button', { name: 'Stage these checks' }).click();
    await page
      .getByText(/health checks http \/checked → none/)
      .first()
      .waitFor();
    await pushAndKeep();
    expect(site.haproxy.readConfig()).not.toMatch(/check/);
  });

  test('a member is removed and added again while requests flow: none fails', async () => {
    const traffic = keepSending(site.haproxy.port);
    await chooseInMenu('b3', /Remove/);
    await pushAndKeep();
    expect(Object.keys(await shares(100)).toSorted()).toEqual(['b1', 'b2']);
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Add a member…' }).first().click();
    await page.getByRole('textbox', { name: /^Name/ }).fill('b3');
    await page.getByLabel('Address').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(site.backends.ports[2]));
    await page.getByRole('button', { name: 'Stage this member' }).click();
    await pushAndKeep();
    const { sent, failed } = await traffic.stop();
    expect(sent).toBeGreaterThan(0);
    expect(failed).toBe(0);
    await expectShares({ b1: 400, b2: 100, b3: 100 });
  });

  test("what HAProxy refuses changes nothing and is told in HAProxy's own words", async () => {
    const before = site.configHash();
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Add a member…' }).first().click();
    await page.getByLabel('Address').fill('no-such-host.invalid');
    await page.getByLabel('Port').fill('80');
    await page.getByRole('button', { name: 'Stage this member' }).click();
    await push();
    await page
      .getByText(/could not resolve address 'no-such-host\.invalid'/)
      .first()
      .waitFor();
    expect(site.configHash()).toBe(before);
    await expectShares({ b1: 400, b2: 100, b3: 100 });
    await goTo(page, '#/pool/lb/app');
    await page.keyboard.press('Control+z');
  });

  test('a plan that another hand has overtaken is refused: nothing is sent', async () => {
    await setWeight('b1', 2);
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lb' }).waitFor();
    const theirs = `# another hand\n${site.haproxy.readConfig()}`;
    writeFileSync(site.haproxy.configFile, theirs);
    await page.getByRole('button', { name: 'Push to lb' }).click();
    await page.getByText('The device has changed since the plan was made.').first().waitFor();
    expect(site.haproxy.readConfig()).toBe(theirs);
    expect(await site.weights()).toEqual({ b1: 4, b2: 1, b3: 1 });
  });

  test('a version of the history is brought back as a change like any other', async () => {
    await goTo(page, '#/history/lb');
    const versions = page.getByRole('button', { name: /^#\d+/ });
    await page.getByText(/^Against version #\d+\.$/).waitFor();
    await versions.last().click();
    await page.getByRole('button', { name: 'Bring this version back…' }).click();
    await page.getByRole('button', { name: 'Push to lb' }).click();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('heading', { name: 'Kept on lb' }).waitFor();
    expect(site.haproxy.readConfig()).not.toContain('# another hand');
    await expectShares({ b1: 200, b2: 200, b3: 200 });
  });

  test('a link that is cut is told, and what was last known stays with its age', async () => {
    await goTo(page, '#/pool/lb/app');
    site.relay.refuse(true);
    site.relay.cut();
    await page.getByText(/old/).first().waitFor();
    expect(await page.getByRole('row', { name: /127\.0\.0\.1:/ }).count()).toBe(3);
    expect(await findBreaches(page)).toEqual([]);
    expect(browser.complaints).toEqual([]);
  });

  /** Requests of a member since its first point: each point is the rate since the one before it. */
  function sumOf(member: string): number {
    const series = charted.findLast(({ metric }) => metric === 'requestsPerSecond');
    const line = series?.lines.find(({ name }) => name === member);
    if (line === undefined) return Number.NaN;
    return line.times.reduce((sum, at, index) => {
      const before = line.times[index - 1];
      return before === undefined ? sum : sum + ((line.values[index] ?? 0) * (at - before)) / 1000;
    }, 0);
  }
});

/** Every series in an answer of the bridge, however it is wrapped. */
function seriesIn(value: unknown): Series[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('lines' in value && 'metric' in value) return [value as Series]; // the two keys that only a series has
  return Object.values(value).flatMap(seriesIn);
}

/**
 * Small bursts, one after another, until it is told to stop. Each request has a connection of its own: an old process closes idle ones
 * when it is replaced, and a client that sends on one at that moment has to send again.
 */
function keepSending(port: number): { readonly stop: () => Promise<{ sent: number; failed: number }> } {
  const ending = new AbortController();
  let [sent, failed] = [0, 0];
  const running = (async () => {
    while (!ending.signal.aborted) {
      const counts = await sendRequests(port, 20, { keepAlive: false });
      sent += counts.sent;
      failed += counts.sent - Object.values(counts.byBackend).reduce((sum, count) => sum + count, 0);
    }
  })();
  return {
    stop: async () => {
      ending.abort();
      await running;
      return { sent, failed };
    },
  };
}
