import type { AuthContext } from 'ssh2';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Browser, findBreaches, openBrowser, takePicture } from '../rigs/browser.ts';
import { type Fake, startFakeSsh } from '../rigs/fake-ssh.ts';
import { isMissing } from '../rigs/need.ts';
import { type ServedConsole, startServed } from '../rigs/served-console.ts';
import { goTo } from './renderer-page.ts';

/** A server that asks for a password and then for a code, as PAM stacks do; it lets nobody do anything afterwards. */
function startAsking(): Promise<Fake> {
  return startFakeSsh({
    onAuthentication: (context: AuthContext) => {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return;
      }
      context.prompt([{ prompt: 'Password: ', echo: false }], 'Sign in', 'with your token', ([password]) => {
        if (password !== 'orchard') {
          context.reject(['keyboard-interactive']);
          return;
        }
        context.prompt([{ prompt: 'Verification code: ', echo: true }], 'Second step', '', ([code]) => {
          if (code === '123456') context.accept();
          else context.reject(['keyboard-interactive']);
        });
      });
    },
    onExec: (_, channel) => {
      channel.exit(127);
      channel.end();
    },
  });
}

describe.skipIf(isMissing('chromium'))('what a server asks while one signs in', () => {
  let fake: Fake;
  let served: ServedConsole;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    fake = await startAsking();
    served = await startServed();
    browser = await openBrowser();
    page = await browser.open(served.link);
    page.setDefaultTimeout(60_000);
  });
  afterAll(async () => {
    await browser.close();
    await served.close();
    await fake.close();
  });

  function dialog(name: string) {
    return page.getByRole('dialog', { name });
  }
  async function answer(label: string, text: string): Promise<void> {
    await page.getByLabel(label).fill(text);
    await page.getByRole('button', { name: 'Answer' }).click();
  }

  test('is shown in its own words, question after question: the key, a hidden password, a code', async () => {
    await goTo(page, '#/add');
    await page.getByLabel(/HAProxy over SSH/).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Host').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(fake.port));
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('User').fill('ops');
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('The host key is new.').waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await page.getByRole('button', { name: /accept the key/ }).click();
    await dialog('Sign in').waitFor();
    await page.getByText('ops@127.0.0.1: with your token').waitFor();
    expect(await page.getByLabel('Password:').getAttribute('type')).toBe('password');
    expect(await findBreaches(page)).toEqual([]);
    await takePicture(page, 'question-password');
    await answer('Password:', 'orchard');
    await dialog('Second step').waitFor();
    expect(await page.getByLabel('Verification code:').getAttribute('type')).toBe('text');
  });

  test('waits where it was put off, and for a window that is loaded anew', async () => {
    await page.getByRole('button', { name: 'Not now' }).click();
    const waiting = page.getByRole('button', { name: 'ops@127.0.0.1 waits for an answer' });
    await waiting.waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await takePicture(page, 'question-waits');
    await waiting.click();
    await dialog('Second step').waitFor();
    await page.reload();
    await dialog('Second step').waitFor();
    await answer('Verification code:', '000000');
    await dialog('Second step').waitFor({ state: 'detached' });
  });

  test('and was answered wrongly is told by the test, which can be run again, and answered well lets it go on', async () => {
    await goTo(page, '#/overview');
    await goTo(page, '#/add');
    await page.getByLabel(/HAProxy over SSH/).check();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('Host').fill('127.0.0.1');
    await page.getByLabel('Port').fill(String(fake.port));
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByLabel('User').fill('ops');
    await page.getByRole('button', { name: 'Next' }).click();
    await dialog('Sign in').waitFor();
    await answer('Password:', 'wrong');
    await page.getByText('The device refused the credentials.').first().waitFor();
    expect(await findBreaches(page)).toEqual([]);
    await page.getByRole('button', { name: 'Run again' }).click();
    await dialog('Sign in').waitFor();
    await answer('Password:', 'orchard');
    await dialog('Second step').waitFor();
    await answer('Verification code:', '123456');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('listitem').filter({ hasText: 'Sign in' }).filter({ hasText: 'passed' }).waitFor();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    expect(browser.complaints).toEqual([]);
  });
});
