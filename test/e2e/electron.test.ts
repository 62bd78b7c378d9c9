import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Electron's program is not in its npm package; it needs a screen, and Chromium's sandbox refuses root. */
function findElectron(): { readonly path: string; readonly why?: string } {
  const pathFile = join(root, 'node_modules/electron/path.txt');
  const path = existsSync(pathFile) ? join(root, 'node_modules/electron/dist', readFileSync(pathFile, 'utf8')) : '';
  if (!existsSync(path)) return { path, why: "Electron's program is not here" };
  const hasScreen =
    process.platform !== 'linux' || (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== '';
  if (!hasScreen) return { path, why: 'there is no display' };
  return process.platform === 'linux' && process.getuid?.() === 0 ? { path, why: 'root must not run it' } : { path };
}

const { path, why } = findElectron();

describe.skipIf(why !== undefined)(
  `the desktop shell on Electron itself${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    let dataDir: string;
    let app: ElectronApplication;
    let page: Page;

    beforeAll(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'steelyard-electron-'));
      app = await _electron.launch({ executablePath: path, args: [root, `--data=${dataDir}`], cwd: root });
      page = await app.firstWindow();
    });
    afterAll(async () => {
      await app.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    });

    test('shows our page, and its bridge answers', async () => {
      expect(await page.title()).toContain('Steelyard');
      expect(await page.evaluate("steelyard.call('app.info', {})")).toMatchObject({
        ok: true,
        value: { shell: 'electron' },
      });
    });

    test('gives the page no Node, and lets it go nowhere', async () => {
      expect(await page.evaluate('typeof require + typeof process')).toBe('undefinedundefined');
      expect(await page.evaluate("open('https://example.com')")).toBeNull();
      expect(await page.evaluate("fetch('https://example.com').then(() => 'open', () => 'refused')")).toBe('refused');
    });
  },
);
