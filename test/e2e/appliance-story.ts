import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Appliance, type ApplianceKind, applianceOf, community, password } from '../rigs/appliances.ts';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

/** What one vendor's device does in the story that is told of all of them. */
export interface ApplianceStory {
  readonly vendor: ApplianceKind['vendor'];
  /** What the configuration holds that the model has no place for, with its lines. */
  readonly unmodelled: RegExp;
  /** Another pool, or what else has what is changed, as the review names it. */
  readonly touched: RegExp;
  readonly algorithm: string;
  /** Commands of the first change, as they are shown and come to the device. */
  readonly sent: readonly string[];
  /** Some of what takes it back. */
  readonly inverse: readonly string[];
  readonly newMember: { readonly name: string; readonly sent: readonly string[] };
  /** What is sent to save it. */
  readonly save: string;
  /** A form whose values the device does not take, and its own words for it. */
  readonly refused: { readonly form: 'service' | 'persistence'; readonly words: RegExp };
}

const name = 'lb';

/** Tells the story in order: each test begins where the one before it ended. */
export function tellStory(story: ApplianceStory): void {
  const kind = applianceOf(story.vendor);
  describe(`a simulated ${kind.label} in the window`, { timeout: 120_000 }, () => {
    let device: Appliance;
    let dataDir: string;
    let served: ServedConsole;
    let browser: Browser;
    let page: Page;
    const [first, second] = kind.members;
    const pool = `#/pool/${name}/${encodeURIComponent(kind.pool)}`;
    const server = `#/virtual-server/${name}/${encodeURIComponent(kind.virtualServer)}`;

    beforeAll(async () => {
      device = await kind.start();
      dataDir = await mkdtemp(join(tmpdir(), 'steelyard-appliance-'));
      served = await startServed([], dataDir);
      browser = await openBrowser();
      page = await browser.open(served.link);
      page.setDefaultTimeout(45_000);
    });
    afterEach(async ({ task }) => {
      if (task.result?.state === 'fail') await takePicture(page, `${kind.vendor}-window-${task.name.slice(0, 30)}`);
    });
    afterAll(async () => {
      await browser.close();
      await served.close();
      await device.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });

    async function expectUntried(): Promise<void> {
      await page.getByText('Not yet tried on a real device').first().waitFor();
    }
    /** From what is staged to the review; answers what it shows. */
    async function review(): Promise<string> {
      await page.keyboard.press('Control+Enter');
      await page.getByRole('button', { name: `Push to ${name}` }).waitFor();
      await expectUntried();
      return page.locator('#view').innerText();
    }
    async function push(): Promise<void> {
      await page.getByRole('button', { name: `Push to ${name}` }).click();
      await page.getByRole('heading', { name: `Sent to ${name}, waiting for Keep` }).waitFor();
      await expectUntried();
    }
    async function keep(): Promise<void> {
      await page.getByRole('button', { name: 'Keep', exact: true }).click();
      await page.getByRole('heading', { name: `Kept on ${name}` }).waitFor();
    }
    async function setWeight(member: string, weight: number): Promise<void> {
      await goTo(page, pool);
      const field = page.getByRole('spinbutton', { name: `Weight of ${member}` });
      await field.fill(String(weight));
      await field.press('Enter');
      await page
        .getByText(new RegExp(`weight \\S+ → ${String(weight)}`))
        .first()
        .waitFor();
    }
    async function hold(seconds: number): Promise<void> {
      await goTo(page, server);
      await page.getByRole('button', { name: `Change… Persistence of ${kind.virtualServer}` }).click();
      await page.getByLabel('How clients are held on their member').selectOption('source-ip');
      await page.getByLabel('Held for, in seconds').fill(String(seconds));
      await page.getByRole('button', { name: 'Stage this persistence' }).click();
    }
    async function chooseInMenu(member: string, item: RegExp): Promise<void> {
      await goTo(page, pool);
      await page.getByRole('button', { name: `Actions for ${member}` }).click();
      await page.getByRole('menu').getByText(item).click();
    }

    test('is added by the wizard: host key, account, and the agent that tells its figures', async () => {
      await goTo(page, '#/add');
      const choice = page.locator('label').filter({ hasText: `${kind.label} over SSH` });
      expect(await choice.innerText()).toContain('Not yet tried on a real device');
      await choice.getByRole('radio').check();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByLabel('Host').fill(device.host);
      await page.getByLabel('Port').fill(String(device.port));
      expect(await page.getByLabel('Stats socket').count()).toBe(0);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByLabel('User').fill(kind.account);
      await page.getByText('Password', { exact: true }).click();
      await page.getByLabel('Password', { exact: false }).last().waitFor();
      await page.locator('input[type=password]').first().fill(password);
      await page.getByLabel(/Poll its figures by SNMP/).check();
      await page.getByLabel('Port of the agent (UDP)').fill(String(device.snmpPort));
      await page.getByLabel('Community').fill(community);
      await takePicture(page, `${kind.vendor}-sign-in`);
      expect(await findBreaches(page)).toEqual([]);
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('The host key is new.').waitFor();
      await page.getByText(device.fingerprint).first().waitFor();
      await page.getByRole('button', { name: /accept the key/ }).click();
      await page.getByRole('list', { name: 'Its agent' }).waitFor();
      await page
        .getByText(/^2 virtual servers, 2 pools$/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('textbox', { name: /^Name/ }).fill(name);
      await page.getByText('Staging', { exact: true }).click();
      await page.getByRole('button', { name: 'Add the device' }).click();
      await page.getByText(`${name} is in the inventory.`).first().waitFor();
    });

    test('shows virtual servers, pools, members, and with its lines what is not modelled; its figures move', async () => {
      await goTo(page, '#/devices');
      await expectUntried();
      await goTo(page, `#/device/${name}`);
      await expectUntried();
      const view = page.locator('#view');
      await page.getByRole('link', { name: kind.virtualServer, exact: true }).first().waitFor();
      await page.getByRole('link', { name: kind.pool, exact: true }).first().waitFor();
      expect(await view.innerText()).toMatch(story.unmodelled);
      await takePicture(page, `${kind.vendor}-device`);
      await goTo(page, server);
      await expectUntried();
      await goTo(page, pool);
      await expectUntried();
      const members = page.getByRole('row', { name: /192\.0\.2\.\d:80/ });
      expect(await members.count()).toBe(2);
      // Each gets half of what is pretended, as its weight asks.
      await expect.poll(() => members.first().innerText(), { timeout: 60_000 }).toMatch(/50\.0[\s\S]*\t20\t[1-9]/);
      expect(await findBreaches(page)).toEqual([]);
    });

    test('several changes are shown as commands with what takes them back and what else they touch, sent, and saved once kept', async () => {
      await page.getByRole('button', { name: 'Unlock…' }).first().click();
      await page.getByLabel('Reason').fill('the story of the tests');
      await page.keyboard.press('Enter');
      await setWeight(first, 3);
      await chooseInMenu(second, /Drain/);
      await page.getByLabel(`Algorithm of ${kind.pool}`).selectOption(story.algorithm);
      await page.getByRole('button', { name: `Change… health checks of ${kind.pool}` }).click();
      await takePicture(page, `${kind.vendor}-monitors`);
      expect(await findBreaches(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await hold(600);
      await takePicture(page, `${kind.vendor}-staged`);
      const before = device.lines().length;
      const saved = device.saved();
      const shown = await review();
      for (const command of [...story.sent, ...story.inverse]) expect(shown).toContain(command);
      expect(shown).toMatch(story.touched);
      await takePicture(page, `${kind.vendor}-review`);
      expect(await findBreaches(page)).toEqual([]);
      await push();
      expect(device.saved()).toBe(saved);
      await keep();
      const sent = device.lines().slice(before).join('\n');
      for (const command of story.sent) expect(sent).toContain(command);
      expect(sent).toContain(story.save);
      expect(device.saved()).toBe(device.running());
    });

    test('a member is added and another removed, by name and address alone', async () => {
      await goTo(page, pool);
      await page.getByRole('button', { name: 'Add a member…' }).first().click();
      await page.getByLabel('Address').fill('192.0.2.3');
      await page.getByLabel('Port').fill('80');
      await page.getByRole('textbox', { name: /^Name/ }).fill('w3');
      await page.getByRole('button', { name: 'Stage this member' }).click();
      await chooseInMenu(second, /Remove/);
      const shown = await review();
      for (const command of story.newMember.sent) expect(shown).toContain(command);
      await push();
      await keep();
      await goTo(page, pool);
      await page.getByRole('row', { name: new RegExp(`${story.newMember.name}\\s+192\\.0\\.2\\.3:80`) }).waitFor();
      await page.getByRole('row', { name: /192\.0\.2\.2:80/ }).waitFor({ state: 'detached' });
    });

    test("what the device refuses changes nothing and is told in the device's own words", async () => {
      const before = device.running();
      if (story.refused.form === 'persistence') await hold(9999 * 60);
      else {
        await goTo(page, pool);
        await page.getByRole('button', { name: `Change… When members of ${kind.pool} serve` }).click();
        await page.getByLabel('Members of a priority that are enough').fill('99999');
        await page.getByRole('button', { name: 'Stage this change' }).click();
      }
      await review();
      await page.getByRole('button', { name: `Push to ${name}` }).click();
      await page.getByText(story.refused.words).first().waitFor();
      expect(device.running()).toBe(before);
      await page.getByRole('link', { name: 'Back to the review' }).click();
      await page.getByRole('button', { name: `Push to ${name}` }).waitFor();
      await page.getByRole('button', { name: 'Discard' }).first().click();
    });

    test('a plan that another hand has overtaken is refused, and made anew with the difference', async () => {
      await setWeight(first, 5);
      await review();
      device.disturb();
      const theirs = device.running();
      await page.getByRole('button', { name: `Push to ${name}` }).click();
      await page.getByText('The device has changed since the plan was made.').first().waitFor();
      expect(device.running()).toBe(theirs);
      const difference = page.getByRole('list', { name: 'What another hand changed' });
      await difference
        .getByText(/weight/)
        .first()
        .waitFor();
      await takePicture(page, `${kind.vendor}-overtaken`);
      expect(await findBreaches(page)).toEqual([]);
      await page.getByRole('link', { name: 'Back to the review' }).click();
      await page.getByRole('button', { name: `Push to ${name}` }).waitFor();
    });

    test('a version of the history is brought back as a change like any other', async () => {
      await goTo(page, `#/history/${name}`);
      await expectUntried();
      await page.getByRole('button', { name: /^#1/ }).click();
      await page.getByRole('button', { name: 'Bring this version back…' }).click();
      await page.getByRole('button', { name: `Push to ${name}` }).waitFor();
      await takePicture(page, `${kind.vendor}-way-back`);
      await push();
      await keep();
      await goTo(page, pool);
      await page.getByRole('row', { name: /192\.0\.2\.2:80/ }).waitFor();
      await page.getByRole('row', { name: /192\.0\.2\.3:80/ }).waitFor({ state: 'detached' });
      expect(browser.complaints).toEqual([]);
    });
  });
}
