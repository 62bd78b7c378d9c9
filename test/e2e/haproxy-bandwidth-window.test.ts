import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing, newerHaproxy } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { push, takeBack, unlock } from './haproxy-page.ts';
import { goTo } from './renderer-page.ts';

const program = newerHaproxy();
const bytes = 300_000;

describe.skipIf(isMissing('sshd', 'socat', 'chromium') || program === undefined)(
  'the bandwidth of a virtual server, by the window',
  () => {
    let site: Site;
    let served: ServedConsole;
    let browser: Browser;
    let page: Page;
    let member: Server;
    let port = 0;

    beforeAll(async () => {
      member = createServer((_request, response) => response.end(Buffer.alloc(bytes, 'x')));
      await new Promise<void>((resolve) => member.listen(0, '127.0.0.1', resolve));
      const { port: behind } = member.address() as AddressInfo; // a TCP server's
      port = await freePort();
      site = await startSite({
        ...(program !== undefined && { program }),
        more: `frontend big
    bind 127.0.0.1:${port}
    default_backend files

frontend raw
    mode tcp
    bind 127.0.0.1:${await freePort()}
    default_backend rawfiles

backend files
    server f 127.0.0.1:${behind}

backend rawfiles
    mode tcp
    server f 127.0.0.1:${behind}`,
      });
      const called = await openCalledConsole(site.dataDir);
      await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'staging' } });
      await called.console.close();
      served = await startServed([], site.dataDir);
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
      await site.close();
      member.close();
    });

    /** Seconds that a whole download takes. */
    async function download(): Promise<number> {
      const from = performance.now();
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      expect((await response.arrayBuffer()).byteLength).toBe(bytes);
      return (performance.now() - from) / 1000;
    }

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
      expect(await download()).toBeGreaterThan(1);
      await takeBack(page);
      expect(site.haproxy.readConfig()).not.toContain('bwlim');
    });

    test('where HAProxy would cut answers short, the window says why there is none', async () => {
      await goTo(page, '#/virtual-server/lb/raw');
      await page.getByText('in TCP mode a bandwidth filter cuts the ends of answers off').waitFor();
      expect(await page.getByRole('button', { name: 'Change… Bandwidth of raw' }).count()).toBe(0);
    });
  },
);
