import { runCli } from '../../src-main/cli/run.ts';
import type { CliTools } from '../../src-main/cli/command.ts';
import type { AppInfo } from '../../src-main/contract/api.ts';
import { AppError } from '../../src-main/contract/errors.ts';
import { openSmallConsole } from './small-console.ts';

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line in this process with what a test hands in; answers what it wrote and its exit status. */
export async function runCommandLine(words: readonly string[], given: Partial<CliTools> = {}): Promise<CommandResult> {
  const written: Buffer[] = [];
  const said: string[] = [];
  const tools: CliTools = {
    env: {},
    defaultDataDir: '/nonexistent/steelyard',
    pages: '/nonexistent/pages',
    version: '1.2.3',
    openConsole: () => Promise.resolve(openSmallConsole(openSecrets)),
    openBrowser: () => undefined,
    sampleRates: ({ at }, next) => ({
      intervalMs: Date.parse(next.at) - Date.parse(at),
      isReset: false,
      virtualServers: [],
      pools: [],
    }),
    runEngine: () => Promise.resolve(0),
    checkEngine: () => Promise.resolve([]),
    parseNative: noDriver,
    renderNative: noDriver,
    interrupted: new AbortController().signal,
    ...given,
    terminal: {
      write: (output) => {
        written.push(Buffer.from(output));
        return Promise.resolve();
      },
      say: (message) => {
        said.push(message);
      },
      isInteractive: false,
      ask: noPerson,
      askSecret: noPerson,
      ...given.terminal,
    },
  };
  const status = await runCli(words, tools);
  return { status, stdout: Buffer.concat(written).toString(), stderr: said.join('\n') };
}

/** The handler that every command asks first. */
export const openSecrets = {
  'push.list': () => Promise.resolve([]),
  'app.info': () =>
    Promise.resolve({
      version: '1.2.3',
      shell: 'cli',
      node: process.version,
      vendors: [],
      secrets: { protection: 'memory', isLocked: false },
    } as const satisfies AppInfo),
};

function noDriver(vendor: string): never {
  throw new AppError('NOT_FOUND', `There is no driver "${vendor}".`);
}

function noPerson(): Promise<never> {
  return Promise.reject(new Error('nobody is here to answer'));
}
