import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { CliTools } from '../../../src-main/cli/command.ts';
import { AppError } from '../../../src-main/contract/errors.ts';
import { connectConsole } from '../../../src-main/local/connect.ts';
import { localPath } from '../../../src-main/local/path.ts';
import { type CommandResult, openSecrets, runCommandLine } from '../../rigs/command-line.ts';
import { openSmallConsole, type SmallConsole } from '../../rigs/small-console.ts';

let directory: string;
let console: SmallConsole;
let interrupt: AbortController;
let written: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'steelyard-serve-'));
  await writeFile(join(directory, 'index.html'), '<title>Steelyard</title>');
  interrupt = new AbortController();
  written = [];
  console = openSmallConsole({
    ...openSecrets,
    'lab.start': () => Promise.reject(new AppError('INTERNAL', 'No lab.')),
  });
});
afterEach(() => rm(directory, { recursive: true }));

/** Starts `serve`; the first answer is what it has written once it listens, the second its end. */
async function start(
  words: readonly string[],
  tools: Partial<CliTools> = {},
): Promise<{ link: string; ended: Promise<CommandResult>; said: string[] }> {
  const said: string[] = [];
  const ended = runCommandLine(['serve', '--data', directory, ...words], {
    pages: directory,
    openConsole: () => Promise.resolve(console),
    interrupted: interrupt.signal,
    terminal: {
      write: (output) => {
        written.push(String(output));
        return Promise.resolve();
      },
      say: (message) => {
        said.push(message);
      },
      isInteractive: false,
      ask: () => Promise.resolve(''),
      askSecret: () => Promise.resolve(''),
    },
    ...tools,
  });
  await vi.waitFor(() => {
    expect(written).not.toEqual([]);
  });
  return { link: written.join(''), ended, said };
}

test('prints one link and its line end, which leads to the page; ends with its sockets when interrupted', async () => {
  const close = vi.spyOn(console, 'close');
  const { link, ended } = await start([]);
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/);
  const page = await fetch(link.trim());
  expect([page.status, await page.text()]).toEqual([200, '<title>Steelyard</title>']);
  expect((await stat(localPath(directory))).isSocket()).toBe(true);
  interrupt.abort();
  expect((await ended).status).toBe(0);
  expect(written).toHaveLength(1);
  expect(close).toHaveBeenCalledOnce();
  await expect(fetch(link.trim())).rejects.toThrow();
  expect(await connectConsole(directory)).toBeUndefined();
});

test('opens a browser before a screen, with a token that is not the printed one', async () => {
  const openBrowser = vi.fn<(url: string) => void>();
  const { link, ended } = await start([], { openBrowser, env: { DISPLAY: ':0' } });
  await vi.waitFor(() => {
    expect(openBrowser).toHaveBeenCalledOnce();
  });
  const opened = openBrowser.mock.calls[0]?.[0] ?? '';
  expect(opened).not.toBe(link.trim());
  expect((await fetch(opened)).status).toBe(200);
  expect((await fetch(link.trim())).status, 'the printed link is still good').toBe(200);
  interrupt.abort();
  await ended;
});

test('opens none where it is told not to, under CI, or without a screen', async () => {
  const openBrowser = vi.fn<(url: string) => void>();
  for (const [words, env] of [
    [['--no-open'], { DISPLAY: ':0' }],
    [[], { DISPLAY: ':0', CI: 'true' }],
    [[], {}],
  ] as const) {
    interrupt = new AbortController();
    written = [];
    const { ended } = await start(words, { openBrowser, env });
    interrupt.abort();
    await ended;
  }
  expect(openBrowser).not.toHaveBeenCalled();
});

test('a lab that does not start is said, and the console stands', async () => {
  const { link, ended, said } = await start(['--lab']);
  await vi.waitFor(() => {
    expect(said.join()).toContain('The lab did not start');
  });
  expect((await fetch(link.trim())).status).toBe(200);
  interrupt.abort();
  expect((await ended).status).toBe(0);
});

test('beyond loopback it is refused without TLS, and the console is closed again', async () => {
  const close = vi.spyOn(console, 'close');
  const { status, stdout, stderr } = await runCommandLine(
    ['serve', '--data', directory, '--listen', '0.0.0.0:0', '--allow-remote'],
    { pages: directory, openConsole: () => Promise.resolve(console) },
  );
  expect([status, stdout, stderr]).toEqual([1, '', expect.stringContaining('--cert')]);
  expect(close).toHaveBeenCalledOnce();
  expect(await connectConsole(directory)).toBeUndefined();
});
