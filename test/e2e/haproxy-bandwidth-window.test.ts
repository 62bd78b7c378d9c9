import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type FilesSite, startFilesSite } from '../rigs/haproxy-files.ts';
import { isMissing, newerHaproxy } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { push, takeBack, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

const program = newerHaproxy();

describe.skipIf(isMissing('sshd', 'socat', 'chromium') || program === undefined)(
  'the bandwidth of a virtual server, by the window',
  () => {
    let files: FilesSite;
    let served: ServedConsole;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      files = await startFilesSite(program);
      await files.called.console.close();
      served = await startServed([], files.site.dataDir);
      browser = await openBrowser();
      page = await browser.open(served.link);
      page.setDefaultTimeout(60_000);
      await unlock(page);
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await takePicture(page, `haproxy-bandwidth-${task.name.slice(0, 30)}`);
    });
    afterAll(async () => {
      await browser.close();
      await served.close();
      await files.close();
    });

    test('a limit is filled in, reviewed and pushed, holds downloads back, and is taken back', async () => {
      await goTo(page, '#/virtual-server/lb/big');
      await page.getByRole('button', { name: 'Change… Bandwidth of big' }).click();
      await page.getByLabel('Each connection gets at most, kB a second').fill('100');
      expect(await findBreaches(page)).toEqual([]);
      await takePicture(page, 'haproxy-bandwidth-form');
      await page.getByRole('button', { name: 'Stage this change' }).click();
      await page.getByText('100 kB/s a connection').first().waitFor();
      expect(await findBreaches(page)).toEqual([]);
      expect(await push(page)).toContain('filter bwlim-out per-connection default-limit 100000 default-period 1s');
      // At once leave what one period allows and what the kernel's buffers take: the rest waits for its second.
      expect(await files.download()).toBeGreaterThan(1);
      await takeBack(page);
      expect(files.site.haproxy.readConfig()).not.toContain('bwlim');
    });

    test('where HAProxy would cut answers short, the window says why there is none', async () => {
      await goTo(page, '#/virtual-server/lb/raw');
      await page.getByText('in TCP mode a bandwidth filter cuts the ends of answers off').waitFor();
      expect(await page.getByRole('button', { name: 'Change… Bandwidth of raw' }).count()).toBe(0);
    });
  },
);
