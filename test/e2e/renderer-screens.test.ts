import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser } from '../rigs/browser.ts';
import { type DemoConsole, openDemoConsole } from '../rigs/demo-console.ts';
import { demoDevices } from '../rigs/demo-estate.ts';
import { demoPlan, demoPush } from '../rigs/demo-plan.ts';
import { isMissing } from '../rigs/need.ts';
import { buildRenderer } from '../rigs/renderer-build.ts';
import { goTo, sidewaysScroll } from './renderer-page.ts';

const pictures = 'test-results/renderer';
let pages = '';
beforeAll(async () => {
  pages = await buildRenderer();
  await mkdir(pictures, { recursive: true });
});
afterAll(async () => {
  await rm(pages, { recursive: true, force: true });
});

interface Screen {
  readonly name: string;
  readonly hash: string;
  /** What a person does on the screen before it is looked at. */
  readonly then?: ((page: Page, demo: DemoConsole) => Promise<void>) | undefined;
}

function pushIn(phase: Parameters<typeof demoPush>[1]): Screen['then'] {
  return async (page, demo) => {
    const [device] = demoDevices;
    if (device === undefined) return;
    const desired = { pools: [{ name: 'dl-origin', members: [{ name: 'dl-fra-04', weight: 2 }] }] };
    demo.showPush(demoPush(demoPlan(device, desired, Date.now()), phase, Date.now()));
    await page.getByRole('heading', { level: 1 }).first().waitFor();
    await page.getByText('Steps', { exact: true }).first().waitFor();
  };
}
async function unlock(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Unlock…' }).first().click();
  await page.getByLabel('Reason').fill('moving load');
  await page.getByRole('button', { name: 'Unlock 1 device' }).click();
  await page.getByText('writing is on').waitFor();
}
async function testAddress(page: Page, host: string): Promise<void> {
  await page.getByLabel(/HAProxy over SSH/).check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('Host').fill(host);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('User').fill('deploy');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Run again' }).waitFor();
}
async function acceptKey(page: Page): Promise<void> {
  await page.getByRole('button', { name: /accept the key/ }).click();
  await page.getByRole('button', { name: 'Run again' }).waitFor();
}

const screens: readonly Screen[] = [
  { name: 'overview', hash: '#/overview' },
  {
    name: 'overview-pools',
    hash: '#/overview',
    then: async (page) => page.getByRole('button', { name: 'Pools' }).click(),
  },
  {
    name: 'overview-servers',
    hash: '#/overview',
    then: async (page) => page.getByRole('button', { name: 'Virtual servers' }).click(),
  },
  { name: 'devices', hash: '#/devices' },
  { name: 'add-kind', hash: '#/add' },
  { name: 'add-host-key', hash: '#/add', then: (page) => testAddress(page, 'hap-fra2') },
  {
    name: 'add-privilege',
    hash: '#/add',
    then: async (page) => {
      await testAddress(page, 'sudo.example');
      await acceptKey(page);
    },
  },
  { name: 'add-key-changed', hash: '#/add', then: (page) => testAddress(page, 'changed.example') },
  {
    name: 'add-place',
    hash: '#/add',
    then: async (page) => {
      await testAddress(page, 'hap-fra2');
      await acceptKey(page);
      await page.getByRole('button', { name: 'Next' }).click();
    },
  },
  { name: 'device', hash: '#/device/hap-fra1' },
  { name: 'device-stale', hash: '#/device/hap-nyc3' },
  { name: 'device-missing', hash: '#/device/nothing' },
  { name: 'virtual-server', hash: '#/virtual-server/hap-fra1/fe_dl-origin' },
  { name: 'virtual-server-redirect', hash: '#/virtual-server/hap-fra1/fe_redirect' },
  { name: 'pool-locked', hash: '#/pool/hap-fra1/dl-origin' },
  { name: 'pool-stale', hash: '#/pool/hap-nyc3/sg_dl' },
  { name: 'pool-empty', hash: '#/pool/hap-ams2/spare' },
  { name: 'pool-hash', hash: '#/pool/hap-ams2/be_www' },
  { name: 'pool-partly-down', hash: '#/pool/hap-fra1/api' },
  { name: 'pool-lab', hash: '#/pool/lab/app' },
  {
    name: 'pool-chart-as-table',
    hash: '#/pool/lab/app',
    then: async (page) => {
      await page.locator('.chart').first().focus();
      await page.keyboard.press('t');
      await page.getByRole('button', { name: 'Back to the chart' }).waitFor();
    },
  },
  { name: 'history', hash: '#/history/hap-fra1' },
  { name: 'lab', hash: '#/lab' },
  {
    name: 'lab-appliance-on',
    hash: '#/lab',
    then: async (page) => {
      await page.getByRole('switch', { name: 'NetScaler ADC' }).check();
      await page.getByRole('link', { name: 'lab-netscaler' }).waitFor();
    },
  },
  { name: 'settings', hash: '#/settings' },
  { name: 'change-empty', hash: '#/change' },
  { name: 'push-running', hash: '#/push/hap-fra1', then: pushIn('running') },
  { name: 'push-waiting', hash: '#/push/hap-fra1', then: pushIn('waiting') },
  { name: 'push-refused', hash: '#/push/hap-fra1', then: pushIn('refused') },
  { name: 'push-stuck', hash: '#/push/hap-fra1', then: pushIn('stuck') },
  { name: 'push-reverted', hash: '#/push/hap-fra1', then: pushIn('reverted') },
  { name: 'push-kept', hash: '#/push/hap-fra1', then: pushIn('kept') },
  { name: 'palette', hash: '#/overview', then: async (page) => page.keyboard.press('Control+k') },
  {
    name: 'palette-found',
    hash: '#/overview',
    then: async (page) => {
      await page.keyboard.press('Control+k');
      await page.keyboard.type('10.20.4.0/24');
      await page.getByText('more fit').or(page.getByRole('option').nth(5)).first().waitFor();
    },
  },
  { name: 'pool-member', hash: '#/pool/hap-fra1/dl-origin/dl-fra-04' },
  {
    name: 'unlock',
    hash: '#/pool/hap-fra1/dl-origin',
    then: async (page) => page.getByRole('button', { name: 'Unlock…' }).first().click(),
  },
  {
    name: 'pool-staged',
    hash: '#/pool/hap-fra1/dl-origin',
    then: async (page) => {
      await unlock(page);
      await page.getByRole('group', { name: 'Weight of dl-fra-04' }).getByRole('button', { name: 'less' }).click();
      await page.getByRole('button', { name: 'Actions for dl-fra-06' }).click();
      await page.getByRole('menuitemradio', { name: /Disable/ }).click();
    },
  },
  {
    name: 'pool-menu',
    hash: '#/pool/hap-fra1/dl-origin',
    then: async (page) => page.getByRole('button', { name: 'Actions for dl-fra-02' }).click(),
  },
  {
    name: 'change-review',
    hash: '#/change',
    then: async (page) => page.getByRole('button', { name: 'Push to hap-fra1' }).waitFor(),
  },
  {
    name: 'persistence',
    hash: '#/pool/lab/app',
    then: async (page) => page.getByRole('button', { name: 'Change… persistence of app' }).click(),
  },
  {
    name: 'member-limits',
    hash: '#/pool/lab/app',
    then: async (page) => {
      await page.getByRole('button', { name: 'Actions for files-1' }).click();
      await page.getByRole('menuitem', { name: 'Limits…' }).click();
    },
  },
  {
    name: 'member-tls',
    hash: '#/pool/lab/app',
    then: async (page) => {
      await page.getByRole('button', { name: 'Change… TLS to the members of app' }).click();
      await page.getByLabel('Speak TLS to the members').check();
    },
  },
  {
    name: 'listen',
    hash: '#/virtual-server/lab/fe_app',
    then: async (page) => page.getByRole('button', { name: 'Change… Where fe_app listens' }).click(),
  },
  {
    name: 'client-tls',
    hash: '#/virtual-server/lab/fe_app',
    then: async (page) => {
      await page.getByRole('button', { name: 'Change… TLS of fe_app' }).click();
      await page.getByLabel('Mozilla’s profile').selectOption('intermediate');
      await page.getByLabel('Certificates of clients').selectOption('required');
    },
  },
  {
    name: 'add-member',
    hash: '#/pool/hap-fra1/dl-origin',
    then: async (page) => page.getByRole('button', { name: 'Add a member…' }).click(),
  },
];

for (const theme of ['light', 'dark'] as const) {
  for (const [width, height] of [
    [1440, 900],
    [1100, 700],
  ] as const) {
    describe.skipIf(isMissing('chromium'))(`the window, ${theme}, ${width} by ${height}`, () => {
      let browser: Browser;
      let demo: DemoConsole;
      let page: Page;
      beforeAll(async () => {
        demo = await openDemoConsole({ pages });
        browser = await openBrowser({ theme, width, height });
        page = await browser.open(demo.link());
      });
      afterAll(async () => {
        await browser.close();
        await demo.close();
      });

      test.each(screens)('$name: nothing breaks WCAG, nothing scrolls sideways', async ({ name, hash, then }) => {
        await goTo(page, '#/change'); // so that a screen is always entered anew
        await goTo(page, hash);
        await then?.(page, demo);
        await page.waitForTimeout(150); // one frame for the charts
        await page.screenshot({ path: join(pictures, `${name}-${theme}-${width}.png`) });
        expect(await findBreaches(page)).toEqual([]);
        expect(await sidewaysScroll(page)).toEqual([0, 0]);
        await page.keyboard.press('Escape');
      });

      test('no script fails and nothing is refused by the content security policy', () => {
        expect(browser.complaints).toEqual([]);
      });
    });
  }
}
