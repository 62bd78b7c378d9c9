import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type Authority, type IssuedCertificate, openAuthority } from '../rigs/certificates.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { startSyslog, type Syslog } from '../rigs/syslog.ts';
import { goTo } from './renderer-page.ts';

describe.skipIf(isMissing('haproxy', 'sshd', 'openssl', 'chromium'))('a device in the window', () => {
  let authority: Authority;
  let site: Site;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  let directory = '';
  let folder = '';
  let [port, gone, placed] = [0, 0, 0];
  let syslog: Syslog;
  let [first, second]: IssuedCertificate[] = [];
  /** All that the console said to the window. */
  let said = '';

  beforeAll(async () => {
    authority = openAuthority();
    first = authority.issue({ names: ['site.example'], days: 5 });
    second = authority.issue({ names: ['site.example'] });
    directory = mkdtempSync(join(tmpdir(), 'steelyard-crt-'));
    chmodSync(directory, 0o755);
    folder = join(directory, 'folder');
    mkdirSync(folder);
    for (const place of [directory, folder]) {
      writeFileSync(join(place, 'site.pem'), Buffer.concat(partsOf(first).map((path) => readFileSync(path))));
    }
    [port, gone, placed] = [await freePort(), await freePort(), await freePort()];
    syslog = await startSyslog(join(directory, 'haproxy.log'));
    const refusing = `backend away\n    retries 0\n    server a 127.0.0.1:${await freePort()}`;
    const log = `log 127.0.0.1:${syslog.port} local0\n    option httplog`;
    site = await startSite({
      more: `${refusing}\nfrontend logged\n    bind 127.0.0.1:${gone}\n    ${log}\n    default_backend away\nfrontend secure\n    bind 127.0.0.1:${port} ssl crt ${join(directory, 'site.pem')}\n    default_backend app\nfrontend placed\n    bind 127.0.0.1:${placed} ssl crt ${folder}/\n    default_backend app`,
    });
    site.accounts?.own(directory, [join(directory, 'site.pem')]);
    site.accounts?.own(folder, [join(folder, 'site.pem')]);
    const called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', {
      spec: { name: 'lb', address: `${site.address}&log=${encodeURIComponent(syslog.file)}`, environment: 'staging' },
    });
    await called.console.close();
    served = await startServed([], site.dataDir);
    browser = await openBrowser();
    browser.context.on('page', listen);
    browser.context.pages().forEach(listen);
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await takePicture(page, `device-window-${task.name.slice(0, 30)}`);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await site.close();
    authority.close();
    syslog.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function listen(opened: Page): void {
    opened.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => (said += String(payload)));
    });
  }
  function partsOf({ certFile, keyFile }: IssuedCertificate): readonly string[] {
    return [certFile, authority.caFile, keyFile];
  }
  function serialOf({ certFile }: IssuedCertificate): string {
    return new X509Certificate(readFileSync(certFile)).serialNumber;
  }
  function serial(at = port, servername = 'site.example'): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: at, servername, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.serialNumber ?? '');
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }

  /** Moments of the first chart that have a value, in seconds of the day, oldest first. */
  async function chartedSeconds(): Promise<readonly number[]> {
    const chart = page.getByRole('img', { name: /^Requests/ }).first();
    await chart.press('t');
    const rows = await page
      .getByRole('region', { name: /^Requests/ })
      .getByRole('row')
      .allInnerTexts();
    await page.getByRole('button', { name: 'Back to the chart' }).click();
    return rows
      .flatMap((row) => /(\d+):(\d+):(\d+)\s+\d/.exec(row)?.slice(1, 4).map(Number) ?? [])
      .reduce<number[]>(
        (seconds, part, at) =>
          at % 3 === 0 ? [...seconds, part] : [...seconds.slice(0, -1), (seconds.at(-1) ?? 0) * 60 + part],
        [],
      )
      .toSorted((one, other) => one - other);
  }

  function secondOfDay(at: Date): number {
    return (at.getHours() * 60 + at.getMinutes()) * 60 + at.getSeconds();
  }

  test('has its lines again when the window was killed and opened anew, with what came while it was away', async () => {
    await goTo(page, '#/device/lb');
    await page
      .getByRole('img', { name: /^Requests/ })
      .first()
      .waitFor();
    await expect.poll(async () => (await chartedSeconds()).length, { timeout: 60_000 }).toBeGreaterThan(5);
    const [origin] = page.url().split('#');
    const next = await browser.context.newPage(); // with its last page a browser ends its session
    await page.close();
    const closed = secondOfDay(new Date());
    await expect.poll(() => secondOfDay(new Date()) - closed, { timeout: 60_000, interval: 500 }).toBeGreaterThan(5);
    page = next;
    page.setDefaultTimeout(60_000);
    await page.goto(`${origin ?? ''}#/device/lb`);
    await page
      .getByRole('img', { name: /^Requests/ })
      .first()
      .waitFor();
    const opened = secondOfDay(new Date());
    let seconds: readonly number[] = [];
    await expect
      .poll(
        async () => {
          seconds = await chartedSeconds();
          return (seconds.at(-1) ?? 0) - opened;
        },
        { timeout: 60_000 },
      )
      .toBeGreaterThan(2);
    const [before, away] = [seconds.filter((at) => at < closed), seconds.filter((at) => at > closed && at < opened)];
    expect([before.length > 0, away.length > 0], seconds.join(' ')).toEqual([true, true]);
  }, 240_000);

  test('shows its log once asked to, and says in words how a session ended', async () => {
    await goTo(page, '#/device/lb');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('Nothing has been logged yet.').waitFor();
    await (await fetch(`http://127.0.0.1:${gone}/lost`)).text();
    const row = page.getByRole('row', { name: /GET \/lost/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(
      /logged \/ away \/ a\s+503[\s\S]*SC--[\s\S]*refused it while connecting to the server/,
    );
    await takePicture(page, 'device-log');
    expect(await findBreaches(page)).toEqual([]);
  }, 120_000);

  test('has a certificate with the days it has left, is renewed from picked files, and put back, its key never on the way to the window', async () => {
    if (first === undefined || second === undefined) throw new Error('no certificates were issued');
    await goTo(page, '#/device/lb');
    const row = page.getByRole('row', { name: `${directory}/site.pem` });
    await row.waitFor();
    expect(await row.innerText()).toMatch(
      /in 4 days[\s\S]*site\.example[\s\S]*CN=Test authority[\s\S]*1 in its chain[\s\S]*secure/,
    );
    await row.getByRole('button', { name: /Renew/ }).click();
    const files = page.getByLabel('Key, certificate and chain');
    await files.setInputFiles([second.certFile, authority.caFile, first.keyFile]);
    await page.getByRole('button', { name: 'Check and plan' }).click();
    await page.getByText(/private key belongs to none of the certificates/).waitFor();
    await takePicture(page, 'certificate-refused');
    expect(await findBreaches(page)).toEqual([]);
    await files.setInputFiles([...partsOf(second)]);
    await page.getByRole('button', { name: 'Check and plan' }).click();
    const push = page.getByRole('button', { name: 'Push to lb' });
    await push.waitFor();
    const shown = await page.locator('#view').innerText();
    expect(shown).toContain('set ssl cert');
    expect(shown).toContain(serialOf(second));
    await takePicture(page, 'certificate-review');
    await page.getByLabel(/Type lb/).fill('lb');
    await push.click();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    expect(await serial()).toBe(serialOf(second));
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('heading', { name: 'Kept on lb' }).waitFor();
    await goTo(page, '#/device/lb');
    await row.getByRole('button', { name: /Put back/ }).click();
    await page.getByLabel(/Type lb/).fill('lb');
    await push.click();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    expect(await serial()).toBe(serialOf(first));
    await page.getByRole('button', { name: 'Keep', exact: true }).click();
    await page.getByRole('heading', { name: 'Kept on lb' }).waitFor();
    const keys = [first, second].flatMap(({ keyFile }) => readFileSync(keyFile, 'utf8').split('\n'));
    const found = keys.filter((line) => line.length > 30 && !line.startsWith('-') && said.includes(line));
    expect(found).toEqual([]);
    expect(said).toContain(serialOf(second));
  }, 240_000);

  test('is given a certificate that it does not have, which a client of that name gets until it is taken back', async () => {
    const issued = authority.issue({ names: ['new.example'] });
    await goTo(page, '#/device/lb');
    await page.getByRole('button', { name: 'Add…' }).click();
    const submit = page.getByRole('button', { name: 'Check and plan' });
    await page.getByLabel('Key, certificate and chain').setInputFiles([...partsOf(issued)]);
    expect(await submit.isDisabled()).toBe(true);
    const place = page.getByLabel('Where it is to stand, on the device');
    await place.fill(join(folder, 'new.pem'));
    expect(await findBreaches(page)).toEqual([]);
    await takePicture(page, 'certificate-add');
    await submit.click();
    await page.getByText('HAProxy loads a directory by name').waitFor(); // its first answers those who say no name
    await place.fill(join(folder, 'to-come.pem'));
    await submit.click();
    const push = page.getByRole('button', { name: 'Push to lb' });
    await push.waitFor();
    expect(await page.locator('#view').innerText()).toContain(serialOf(issued));
    await page.getByLabel(/Type lb/).fill('lb');
    await push.click();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    expect(await serial(placed, 'new.example')).toBe(serialOf(issued));
    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
    expect(await serial(placed, 'new.example')).not.toBe(serialOf(issued));
  }, 240_000);

  test('takes limits, a queue, TLS to its members and a further address from forms, and is as before once taken back', async () => {
    const before = site.haproxy.readConfig();
    const further = await freePort();
    await goTo(page, '#/pool/lb/app');
    await page.getByRole('button', { name: 'Unlock…' }).first().click();
    await page.getByLabel('Reason').fill('the forms of the tests');
    await page.keyboard.press('Enter');
    await page.getByRole('spinbutton', { name: 'Weight of b1' }).waitFor();
    await page.getByRole('button', { name: 'Actions for b1' }).click();
    await page.getByRole('menuitem', { name: 'Limits…' }).click();
    await page.getByLabel('Connections at most').fill('50');
    await page.getByLabel('Requests that wait for this member at most').fill('9');
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await page.getByRole('button', { name: 'Change… Queue of app' }).click();
    await page.getByLabel('Wait at most, in seconds').fill('7');
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await goTo(page, '#/pool/lb/away');
    await page.getByRole('button', { name: 'Change… TLS to the members of away' }).click();
    await page.getByLabel('Speak TLS to the members').check();
    await page.getByLabel('Oldest version').selectOption('1.2');
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await goTo(page, '#/virtual-server/lb/logged');
    await page.getByRole('button', { name: 'Change… Where logged listens' }).click();
    await page.getByLabel('Addresses, one a line').fill(`127.0.0.1:${gone}\n127.0.0.1:${further}`);
    await page.getByRole('button', { name: 'Stage this change' }).click();
    await page.keyboard.press('Control+Enter');
    await page.getByRole('button', { name: 'Push to lb' }).click();
    await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
    expect(site.haproxy.readConfig()).toMatch(/server b1 \S+ weight 1.* maxconn 50 maxqueue 9/);
    expect(site.haproxy.readConfig()).toMatch(/timeout queue 7000ms/);
    expect(site.haproxy.readConfig()).toMatch(/server a \S+ ssl .*verify none ssl-min-ver TLSv1\.2/);
    expect((await fetch(`http://127.0.0.1:${further}/`)).status).toBe(503);
    await page.getByRole('button', { name: 'Revert now' }).click();
    await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
    expect(site.haproxy.readConfig()).toBe(before);
  }, 240_000);
});
