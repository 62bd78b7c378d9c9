import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What `npm start` and `npm test` need on a fresh clone. Runs on the machine's own Node (20 or later), before any package is there. */
export const root = dirname(import.meta.dirname);

/** The Node that the project installs for itself: all but set-up runs on it. */
export const ownNode = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

const lockStamp = join(root, 'node_modules', '.steelyard-installed');
const buildStamp = join(root, 'out', '.steelyard-built');

export function say(message) {
  process.stderr.write(`${message}\n`);
}

/**
 * Runs a program to its end; answers its exit code. Its output goes to stderr, or with `isQuiet` nowhere unless it fails: stdout belongs
 * to whoever called.
 */
export function run(program, words, { isQuiet = false, env = {}, cwd = root } = {}) {
  return new Promise((resolve) => {
    const kept = [];
    const child = spawn(program, words, {
      cwd,
      env: { ...process.env, ...env },
      stdio: isQuiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 2, 2],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part) => kept.push(part));
    child.on('error', (error) => {
      say(`${program} cannot be run: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      if (code !== 0) process.stderr.write(Buffer.concat(kept));
      resolve(code ?? 1);
    });
  });
}

/** Installs the packages of the lock file where it has changed since, or nothing is there. */
export async function installPackages() {
  const wanted = hash([join(root, 'package-lock.json')]);
  if (existsSync(ownNode) && readStamp(lockStamp) === wanted) return;
  say('Installing packages (once, about a minute) ...');
  const npm = process.env.npm_execpath;
  const words = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const code = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...words], { isQuiet: true })
    : await run('npm', words, { isQuiet: true });
  if (code !== 0) fail('The packages could not be installed: the lines above say why. Nothing else was started.');
  if (!existsSync(ownNode)) fail(`The package "node" left no Node for this machine at ${ownNode}.`);
  writeFileSync(lockStamp, wanted);
}

/** Builds main, preload and renderer where a source has changed since. */
export async function build() {
  const sources = ['src-main', 'src-renderer', 'resources', 'electron.vite.config.ts', 'package-lock.json'];
  const current = hash(sources.flatMap((path) => listFiles(join(root, path))));
  const outputs = ['main/main.js', 'main/cli.js', 'preload/preload.cjs', 'renderer/index.html'];
  if (readStamp(buildStamp) === current && outputs.every((path) => existsSync(join(root, 'out', path)))) return;
  say('Building ...');
  const code = await run(ownNode, ['node_modules/electron-vite/bin/electron-vite.js', 'build'], { isQuiet: true });
  if (code !== 0) fail('The build failed: the lines above say why.');
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, current);
}

export function fail(message) {
  say(message);
  process.exit(1);
}

function listFiles(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => listFiles(join(path, name)));
}

/** One hash over names and contents: times say nothing after a clone or a checkout. */
function hash(paths) {
  const sum = createHash('sha256');
  for (const path of paths)
    sum
      .update(`${path.slice(root.length)}\0`)
      .update(readFileSync(path))
      .update('\0');
  return sum.digest('hex');
}

function readStamp(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
