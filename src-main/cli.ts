#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { CliTools } from './cli/command.ts';
import { defaultDataDir } from './cli/data-dir.ts';
import { runCli } from './cli/run.ts';
import { openTerminal } from './cli/terminal.ts';
import { openConsole } from './console.ts';
import { nativeTools } from './console/native.ts';
import { sampleRates } from './core/rates.ts';
import { checkEngineFile, runEngine } from './engine/run.ts';
import { openInterrupt } from './interrupt.ts';
import { version } from './version.ts';

const gone = new AbortController();
const terminal = openTerminal(() => {
  gone.abort();
});
let interrupted: AbortSignal | undefined;

const tools: CliTools = {
  ...nativeTools,
  terminal,
  env: process.env,
  defaultDataDir: defaultDataDir(process.platform, process.env, homedir()),
  // From the sources and from the bundle alike: the renderer is built to out/renderer.
  pages: fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../out/renderer' : '../renderer', import.meta.url)),
  version,
  openConsole: (options) => openConsole({ ...options, isWatching: options.shell !== 'cli' }),
  openBrowser,
  sampleRates,
  runEngine: (file, options) =>
    runEngine(file, {
      ...options,
      version,
      write: (line) => void terminal.write(`${line}\n`),
      warn: terminal.say,
    }),
  checkEngine: checkEngineFile,
  // Taken up when first asked for: the engine in the foreground has its own way with signals.
  get interrupted() {
    interrupted ??= AbortSignal.any([openInterrupt(), gone.signal]);
    return interrupted;
  },
};

process.exitCode = await runCli(process.argv.slice(2), tools);

/** By the program that each system has for it; without one the person opens the printed link. */
function openBrowser(url: string): void {
  const openers: Readonly<Record<string, string>> = { darwin: 'open', win32: 'explorer.exe' };
  const child = spawn(openers[process.platform] ?? 'xdg-open', [url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined); // no such program: the printed link is there
  child.unref();
}
