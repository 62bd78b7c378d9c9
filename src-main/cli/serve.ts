import { readFile } from 'node:fs/promises';
import { labApplianceKinds } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { offerLocal } from '../local/offer.ts';
import { serveConsole, type ServeOptions } from '../web/server.ts';
import { type Arguments, UsageError } from './arguments.ts';
import { type CliTools, type Command, dataOption } from './command.ts';
import { callsOf, reportTo, type Session, unlockFromEnvironment } from './session.ts';

/** A browser that we open has fetched its link long before; one that did not start leaves no open door. */
const browserLinkLivesMs = 60_000;

export const serve: Command = {
  name: 'serve',
  what: 'the console for a browser: prints one link, good for one use, and runs until interrupted',
  takes: '',
  options: {
    ...dataOption,
    listen: { value: 'HOST:PORT', what: 'where to listen; 127.0.0.1:0 (any free port) unless told' },
    'no-open': { what: 'open no browser' },
    lab: { what: 'start the lab: engine, sample back ends, light traffic' },
    appliances: { value: 'LIST', what: 'with --lab: simulated appliances in it, of f5, netscaler, a10 (with commas)' },
    'allow-remote': { what: 'listen beyond this machine; needs --cert and --key' },
    cert: { value: 'FILE', what: 'certificate chain (PEM)' },
    key: { value: 'FILE', what: 'its private key (PEM)' },
  },
  run: async (given, tools) => {
    const options = await readOptions(given, tools);
    const kinds = readKinds(given);
    const dataDir = given.text('data') ?? tools.defaultDataDir;
    const console = await tools.openConsole({ dataDir, shell: 'web' });
    const opened: { readonly close: () => Promise<void> }[] = [console];
    try {
      opened.unshift(await offerLocal(console, dataDir, options.report));
      const call = callsOf(console, { client: 'serve', shell: 'web' }, options.report);
      await unlockFromEnvironment(call, tools.env); // else a person does it in the window
      const server = await serveConsole(console, options);
      opened.unshift(server);
      await tools.terminal.write(`${server.mintLink()}\n`);
      if (!given.has('no-open') && hasDisplay(tools.env)) tools.openBrowser(server.mintLink(browserLinkLivesMs));
      if (given.has('lab')) void startLab(call, tools, kinds); // an interrupt need not wait for it
      await untilInterrupted(tools.interrupted);
    } finally {
      for (const part of opened) await part.close();
    }
    return 0;
  },
};

/** Somebody sits before this machine: not a test run, and a screen that a browser could open on. */
export function hasDisplay(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if ((env['CI'] ?? '') !== '') return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return (env['DISPLAY'] ?? '') !== '' || (env['WAYLAND_DISPLAY'] ?? '') !== '';
}

async function readOptions(given: Arguments, tools: CliTools): Promise<ServeOptions> {
  const [cert, key] = [given.text('cert'), given.text('key')];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('--cert and --key go together.');
  return {
    listen: given.text('listen') ?? '127.0.0.1:0',
    pages: tools.pages,
    allowRemote: given.has('allow-remote'),
    report: reportTo(tools),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert: await readPem(cert), key: await readPem(key) } }),
  };
}

function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError('NOT_FOUND', `The file ${path} cannot be read.`, { cause: error });
  });
}

type Kind = (typeof labApplianceKinds)[number];

function readKinds(given: Arguments): readonly Kind[] {
  const words = (given.text('appliances') ?? '').split(',').filter((word) => word !== '');
  if (words.length > 0 && !given.has('lab')) throw new UsageError('--appliances needs --lab.');
  return words.map((word) => {
    const kind = labApplianceKinds.find((one) => one === word);
    if (kind === undefined) throw new UsageError(`--appliances "${word}" is none of ${labApplianceKinds.join(', ')}.`);
    return kind;
  });
}

/** Without the lab the console is still of use: it says why on the terminal, and in its own view. */
async function startLab(call: Session['call'], { terminal }: CliTools, kinds: readonly Kind[]): Promise<void> {
  try {
    await call('lab.start', {});
    await Promise.all(kinds.map((kind) => call('lab.appliance', { kind, isOn: true })));
  } catch (error) {
    terminal.say(`The lab did not start: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener('abort', () => {
        resolve();
      });
  });
}
