import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser } from '../rigs/browser.ts';
import { isMissing } from '../rigs/need.ts';

describe.skipIf(isMissing('chromium'))('the browser rig', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser({ theme: 'dark' });
  });
  afterAll(() => browser.close());

  test('a page without a breach passes, one with an unnamed button is told', async () => {
    const page = await browser.open('data:text/html,<html lang=en><title>t</title><main><h1>t</h1><p>text</main>');
    expect(await findBreaches(page)).toEqual([]);
    await page.setContent('<html lang=en><title>t</title><main><h1>t</h1><button></button></main>');
    expect((await findBreaches(page)).join()).toContain('button-name');
    expect(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches')).toBe(true);
  });

  test('what a page throws is kept as a complaint', async () => {
    await browser.open('data:text/html,<script>throw new Error("oh")</script>');
    expect(browser.complaints).toContain('thrown: oh');
  });
});
