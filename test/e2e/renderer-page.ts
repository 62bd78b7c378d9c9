import type { Page } from 'playwright-core';

/** Goes to a place in the window and waits until its view stands and the next tick has come. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((target) => {
    (globalThis as unknown as { location: { hash: string } }).location.hash = target; // runs in the page
  }, hash);
  await page.locator('#view h1').first().waitFor({ state: 'attached' });
  await page.locator('.waiting').first().waitFor({ state: 'detached' });
}

/** Pixels by which the page or the view scroll sideways: two numbers that should be 0. */
export async function sidewaysScroll(page: Page): Promise<readonly number[]> {
  return page.evaluate(() => {
    // Runs in the page; the tests' own project knows no DOM.
    const { document } = globalThis as unknown as {
      document: {
        querySelector: (selector: string) => { readonly scrollWidth: number; readonly clientWidth: number } | null;
      };
    };
    return ['html', '#view'].map((selector) => {
      const element = document.querySelector(selector);
      return element === null ? 0 : Math.max(0, element.scrollWidth - element.clientWidth);
    });
  });
}

/** The accessible name of what has the focus. */
export async function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    // Runs in the page.
    const { document } = globalThis as unknown as {
      document: {
        activeElement: { getAttribute: (name: string) => string | null; textContent: string | null } | null;
      };
    };
    const element = document.activeElement;
    return (element?.getAttribute('aria-label') ?? element?.textContent ?? '').trim();
  });
}

/** Presses Tab until what has the focus is called so; fails after a hundred steps: the keyboard cannot reach it. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let step = 0; step < 100; step += 1) {
    const focused = await focusedName(page);
    if (typeof name === 'string' ? focused === name : name.test(focused)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach ${String(name)}; the focus is at "${await focusedName(page)}".`);
}
