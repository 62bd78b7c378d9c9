import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fetchElectron, findElectron, whyNoWindow } from './electron-binary.mjs';
import { build, installPackages, ownNode, root, say } from './setup.mjs';

// npm start: sets up what is missing, then opens the desktop window with the lab running, or where there can be none serves the same
// console to a browser. `npm start -- --web` serves at once; other words (--data DIR, --no-open, --listen HOST:PORT) are handed on.

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 20) {
  say(`Steelyard needs Node 20 or later; this is ${process.version}.`);
  process.exit(1);
}
const words = process.argv.slice(2).filter((word) => word !== '--web');
const wantsWeb = words.length < process.argv.length - 2;

await installPackages();
const obstacle = wantsWeb ? 'as asked for' : whyNoWindow();
const electron = obstacle === undefined ? (findElectron() ?? fetchElectron()) : undefined;
await build();
const shell = await electron;

if (shell !== undefined && (await openWindow(shell))) process.exit(0);
else {
  const why = obstacle ?? (shell === undefined ? "Electron's program could not be had" : 'Electron ended at once');
  say(`No desktop window (${why}): the same console is served to your browser.`);
  process.exit(await follow(spawn(ownNode, ['out/main/cli.js', 'serve', '--lab', ...words], childOptions())));
}

/** Runs the desktop shell; false where it ended with an error before it can have shown anything. */
async function openWindow(program) {
  const startedAt = Date.now();
  const code = await follow(spawn(program, ['.', '--lab', ...joined(words)], childOptions()));
  return code === 0 || Date.now() - startedAt > 10_000;
}

/** The shell reads `--data=DIR`: Chromium's command line knows no other form. */
function joined(parts) {
  const at = parts.indexOf('--data');
  return at < 0 ? parts : [...parts.slice(0, at), `--data=${parts[at + 1] ?? ''}`, ...parts.slice(at + 2)];
}

/** The channel tells the child that we are gone, however we went. */
function childOptions() {
  return { cwd: root, stdio: ['inherit', 'inherit', 'inherit', 'ipc'] };
}

/** Hands signals on and answers the exit code. */
function follow(child) {
  const handOn = (signal) => child.kill(signal);
  process.on('SIGTERM', handOn);
  process.on('SIGINT', ignoreInterrupt);
  const family = findFamily();
  const watch = setInterval(() => {
    if (findFamily() !== family) child.kill('SIGTERM'); // npm was killed without a word
  }, 1000);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      say(`${child.spawnfile} cannot be run: ${error.message}`);
      resolve(127);
    });
    child.on('close', (code) => {
      clearInterval(watch);
      process.off('SIGTERM', handOn);
      process.off('SIGINT', ignoreInterrupt);
      resolve(code ?? 1);
    });
  });
}

/** Who started us under npm, its shell and, where the system tells, npm itself; run by hand we outlive our shell as others do. */
function findFamily() {
  if (process.env.npm_lifecycle_event === undefined) return '';
  const status = `/proc/${process.ppid}/status`;
  const parent = existsSync(status) ? /^PPid:.*$/m.exec(readFileSync(status, 'utf8'))?.[0] : '';
  return `${process.ppid} ${parent}`;
}

/** A terminal's Ctrl-C reaches the child as well: we wait for its orderly end. */
function ignoreInterrupt() {
  // Nothing of ours is left to do.
}
