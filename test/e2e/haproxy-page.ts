import type { Page } from 'playwright-core';
import { goTo } from './renderer-page.ts';

/** From a locked device to one that can be changed. */
export async function unlock(page: Page): Promise<void> {
  await goTo(page, '#/pool/lb/app');
  await page.getByRole('button', { name: 'Unlock…' }).first().click();
  await page.getByLabel('Reason').fill('the story of the tests');
  await page.keyboard.press('Enter');
  await page.getByRole('spinbutton', { name: 'Weight of b1' }).waitFor();
}

/** From what is staged to the countdown; answers what the review showed. */
export async function push(page: Page): Promise<string> {
  await page.keyboard.press('Control+Enter');
  const button = page.getByRole('button', { name: 'Push to lb' });
  await button.waitFor();
  const shown = await page.locator('#view').innerText();
  await button.click();
  await page.getByRole('heading', { name: 'Sent to lb, waiting for Keep' }).waitFor();
  return shown;
}

export async function keep(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Keep', exact: true }).click();
  await page.getByRole('heading', { name: 'Kept on lb' }).waitFor();
}

export async function takeBack(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Revert now' }).click();
  await page.getByRole('heading', { name: 'The change on lb went back' }).waitFor();
}
