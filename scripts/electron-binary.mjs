import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownNode, root, say } from './setup.mjs';

const folder = join(root, 'node_modules', 'electron');
const quietLimitMs = 20_000;
const wholeLimitMs = 10 * 60_000;
const lookEveryMs = 1000;

/** The path of Electron's program, or undefined where it is not on this machine (its package does not carry it). */
export function findElectron() {
  const pathFile = join(folder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'), readFileSync(pathFile, 'utf8'));
  return existsSync(path) ? path : undefined;
}

/**
 * Why a desktop window cannot be opened on this machine whatever is installed, or undefined. Chromium refuses to run its sandbox as root.
 */
export function whyNoWindow() {
  if (process.platform !== 'linux') return undefined;
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'there is no display';
  return process.getuid?.() === 0 ? 'root must not run one' : undefined;
}

/**
 * Tries once to fetch Electron's program; answers its path or undefined. Gives up when nothing more arrives for 20 s. The download goes
 * through a folder of its own, whose growth is the progress.
 */
export async function fetchElectron() {
  const temporary = mkdtempSync(join(tmpdir(), 'steelyard-electron-'));
  const cache = process.env.electron_config_cache ?? join(homedir(), '.cache', 'electron');
  const hasProxy = Boolean(process.env.HTTPS_PROXY ?? process.env.https_proxy);
  const child = spawn(ownNode, [join(folder, 'install.js')], {
    cwd: root,
    stdio: 'ignore',
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, ...(hasProxy ? { ELECTRON_GET_USE_PROXY: '1' } : {}) },
  });
  const ended = new Promise((resolve) => child.on('close', resolve).on('error', () => resolve(1)));
  const watch = watchGrowth([temporary, cache, join(folder, 'dist')], () => child.kill('SIGKILL'));
  await ended;
  clearInterval(watch);
  rmSync(temporary, { recursive: true, force: true });
  return findElectron();
}

function watchGrowth(folders, giveUp) {
  const startedAt = Date.now();
  let grownAt = startedAt;
  let bytes = sizeOf(folders);
  return setInterval(() => {
    const now = sizeOf(folders);
    if (now !== bytes) [bytes, grownAt] = [now, Date.now()];
    if (Date.now() - grownAt < quietLimitMs && Date.now() - startedAt < wholeLimitMs) return;
    say('Fetching the desktop shell: nothing more arrives, giving up.');
    giveUp();
  }, lookEveryMs);
}

function sizeOf(paths) {
  let sum = 0;
  for (const path of paths) {
    try {
      const found = statSync(path);
      sum += found.isDirectory() ? sizeOf(readdirSync(path).map((name) => join(path, name))) : found.size;
    } catch {
      // Not there yet, or moved on while we looked: the next look sees it.
    }
  }
  return sum;
}
