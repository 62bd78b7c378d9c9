import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, openBrowser } from '../rigs/browser.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';

describe.skipIf(isMissing('chromium'))('the served console in a real browser', () => {
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;
  let evil: Server;
  let port: number;

  beforeAll(async () => {
    served = await startServed();
    evil = createServer((_, response) => response.setHeader('Content-Type', 'text/html').end('<title>evil</title>'));
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    port = (evil.address() as AddressInfo).port; // it listens on a port
    browser = await openBrowser({ loopbackNames: ['rebound.example'] });
    page = await browser.open(served.link);
  });
  afterAll(async () => {
    await browser.close();
    evil.close();
    await served.close();
  });

  /** What a script of the page gets when it dials the console: `open`, or `refused`. */
  function dialFrom(from: Page, url: string): Promise<string> {
    return from.evaluate(
      `new Promise((resolve) => {
        const socket = new WebSocket(${JSON.stringify(url)});
        socket.onopen = () => resolve('open');
        socket.onerror = () => resolve('refused');
      })`,
    );
  }

  function bridgeUrl(host: string): string {
    return `ws://${host}/bridge`;
  }

  test('the link leads to the page and leaves no token where a script, the address bar or the history shows it', async () => {
    expect(await page.title()).toContain('Steelyard');
    expect(page.url()).toMatch(new RegExp(`^${served.origin}/(#.*)?$`));
    expect(await page.evaluate('document.cookie')).toBe('');
    expect(await page.evaluate('document.referrer')).toBe('');
    const [cookie] = await browser.context.cookies(served.origin);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  });

  test('the page reaches the console, and nothing that it loads is against its policy', async () => {
    expect(await dialFrom(page, bridgeUrl(new URL(served.origin).host))).toBe('open');
    expect(browser.complaints).toEqual([]);
  });

  test('the page may not run inline script, nor reach another origin', async () => {
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'window.wasRun = true';
      document.body.append(script);
    }`);
    expect(await page.evaluate('window.wasRun')).toBeUndefined();
    expect(await page.evaluate(`fetch('http://127.0.0.1:${port}/').then(() => 'open', () => 'refused')`)).toBe(
      'refused',
    );
  });

  test('a page of another origin cannot dial it, though the browser holds the session', async () => {
    const foreign = await browser.context.newPage();
    await foreign.goto(`http://127.0.0.1:${port}/`);
    expect(await dialFrom(foreign, bridgeUrl(new URL(served.origin).host))).toBe('refused');
    expect(await foreign.evaluate(`fetch('${served.origin}/session').then(() => 'read', () => 'refused')`)).toBe(
      'refused',
    );
    await foreign.close();
  });

  test('a name that was rebound to this machine gets nothing', async () => {
    const rebound = await browser.context.newPage();
    const host = `rebound.example:${new URL(served.origin).port}`;
    const answer = await rebound.goto(`http://${host}/`);
    expect(answer?.status()).toBe(403);
    expect(await dialFrom(rebound, bridgeUrl(host))).toBe('refused');
    await rebound.close();
  });

  test('the used link, opened by another browser, is refused and opens no session', async () => {
    const thief = await openBrowser();
    const stolen = await thief.open(served.link);
    expect(await stolen.locator('body').innerText()).toContain('used before');
    await stolen.goto(served.origin);
    expect(await dialFrom(stolen, bridgeUrl(new URL(served.origin).host))).toBe('refused');
    await thief.close();
  });
});
