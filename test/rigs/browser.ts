import axe from 'axe-core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { findProgram } from './need.ts';

export interface BrowserOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Names that resolve to this machine in this browser alone, as a rebinding name server would say. */
  readonly loopbackNames?: readonly string[];
}

/** A real Chromium with a profile of its own. `complaints` grows with what a page throws, logs as an error or has refused by its CSP. */
export interface Browser {
  readonly context: BrowserContext;
  readonly complaints: readonly string[];
  /** Opens a page at `url` (a serve link, for one) and waits until it is loaded. */
  readonly open: (url: string) => Promise<Page>;
  readonly close: () => Promise<void>;
}

const quiet = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-dev-shm-usage'];

export async function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const executablePath = findProgram('chromium') ?? findProgram('chromium-browser') ?? findProgram('google-chrome');
  if (executablePath === undefined) throw new Error('No Chromium is installed: guard with isMissing("chromium").');
  const profile = await mkdtemp(join(tmpdir(), 'steelyard-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: [...quiet, ...resolverArguments(options.loopbackNames ?? [])],
    headless: true,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    ignoreHTTPSErrors: true,
  });
  const complaints: string[] = [];
  context.on('page', (page) => {
    listen(page, complaints);
  });
  context.pages().forEach((page) => {
    listen(page, complaints);
  });
  return {
    context,
    complaints,
    open: async (url) => {
      const [blank] = context.pages();
      const page = blank?.url() === 'about:blank' ? blank : await context.newPage();
      await page.goto(url, { waitUntil: 'load' });
      return page;
    },
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Breaches of WCAG 2.2 A and AA as `rule: what (where)`, worst first; empty when there are none. */
export async function findBreaches(page: Page, selector?: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const breaches = await page.evaluate(runAxe, selector);
  return breaches.map(({ rule, help, targets }) => `${rule}: ${help} (${targets.join(' | ')})`);
}

/** Runs inside the page, where `findBreaches` has just put axe. */
async function runAxe(selector: string | undefined): Promise<{ rule: string; help: string; targets: string[] }[]> {
  const page = globalThis as unknown as { axe: typeof axe }; // put there by the line before
  const result = await page.axe.run(selector ?? ':root', {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
  });
  return result.violations.map(({ id, help, nodes }) => ({
    rule: id,
    help,
    targets: nodes.map((node) => node.target.join(' ')),
  }));
}

/**
 * Writes a picture to test-results/<name>.png for the eye and for the reader of a failed run; answers its path.
 */
export async function takePicture(page: Page, name: string): Promise<string> {
  const path = join(import.meta.dirname, '../../test-results', `${name}.png`);
  await page.screenshot({ path });
  return path;
}

function resolverArguments(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(', ')}`];
}

function listen(page: Page, complaints: string[]): void {
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
}
