import { app } from 'electron';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runShell } from './app/shell.ts';
import { defaultDataDir } from './cli/data-dir.ts';
import { openConsole } from './console.ts';

const { commandLine } = app;
const asked = commandLine.getSwitchValue('data');

runShell({
  dataDir: asked === '' ? defaultDataDir(process.platform, process.env, homedir()) : asked,
  pages: fileURLToPath(new URL('../renderer', import.meta.url)),
  preload: fileURLToPath(new URL('../preload/preload.cjs', import.meta.url)),
  icons: fileURLToPath(new URL('../../resources/icons', import.meta.url)),
  startsLab: commandLine.hasSwitch('lab'),
  isHidden: commandLine.hasSwitch('hidden'),
  words: process.argv.slice(1),
  keptWords: asked === '' ? [] : [`--data=${resolve(asked)}`],
  openConsole,
  report: (error, call) => {
    process.stderr.write(`${call}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  },
});
// Whoever started us with a channel and is gone has no use for the window any more.
if (process.channel !== undefined) {
  process.once('disconnect', () => {
    app.quit();
  });
}
