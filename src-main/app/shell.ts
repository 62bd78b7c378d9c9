import { app, dialog, session } from 'electron';
import { join } from 'node:path';
import type { AppInfo } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { toProblem } from '../contract/errors.ts';
import type { Report } from '../dispatch.ts';
import { type LocalOffer, offerLocal } from '../local/offer.ts';
import type { KeySealer } from '../store/key-sealer.ts';
import { openAutostart } from './autostart.ts';
import { type Desktop, openDesktop, optionStates } from './desktop.ts';
import { hardenContents, hardenSession } from './hardening.ts';
import { type IpcLink, openIpc } from './ipc.ts';
import { openKeyChain } from './key-chain.ts';
import { claimLinks, linkAmong, shownOf } from './links.ts';
import { registerPages, servePages } from './pages.ts';

export interface ShellParts {
  readonly dataDir: string;
  /** The built renderer. */
  readonly pages: string;
  /** The built preload script: CommonJS, as a sandboxed window needs it. */
  readonly preload: string;
  /** The folder with the icons. */
  readonly icons: string;
  readonly startsLab: boolean;
  /** Started at sign-in: it stays in the tray where it can be closed into it. */
  readonly isHidden: boolean;
  /** The words that this program was started with. */
  readonly words: readonly string[];
  /** What the next start needs of them, so that it is on the same data. */
  readonly keptWords: readonly string[];
  readonly openConsole: (options: {
    readonly dataDir: string;
    readonly shell: 'electron';
    readonly keyChain?: KeySealer;
    readonly keyChainProblem?: string;
    readonly desktop: AppInfo['desktop'];
  }) => Promise<Console>;
  readonly report: Report;
}

/** Runs the desktop shell until its windows are closed. A second start on the same data brings the first one's window to the front, and its link into it. */
export function runShell(parts: ShellParts): void {
  // The browser's own files lie apart from ours; the lock for one instance is tied to this path as well.
  app.setPath('userData', join(parts.dataDir, 'window'));
  registerPages();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  if (process.platform === 'win32') app.setAppUserModelId('io.steelyard.console'); // messages name us by it
  app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => {
    hardenContents(contents);
  });
  const links = followLinks(parts.words);
  app
    .whenReady()
    .then(() => open(parts, links))
    .catch((error: unknown) => {
      const { title, detail } = toProblem(error);
      dialog.showErrorBox('Steelyard cannot start', `${title}\n\n${detail}`);
      app.exit(1);
    });
}

interface Links {
  /** The link that this start brought. */
  first: string | undefined;
  open: ((link: string) => void) | undefined;
}

/** macOS brings links as events, the first one before the app is ready. */
function followLinks(words: readonly string[]): Links {
  const links: Links = { first: linkAmong(words), open: undefined };
  app.on('open-url', (event, link) => {
    event.preventDefault();
    if (links.open === undefined) links.first = link;
    else links.open(link);
  });
  return links;
}

async function open(parts: ShellParts, links: Links): Promise<void> {
  hardenSession(session.defaultSession);
  servePages(session.defaultSession, parts.pages);
  const console = await parts.openConsole({
    dataDir: parts.dataDir,
    shell: 'electron',
    desktop: optionStates(process.platform),
    ...(await openKeyChain()),
  });
  const local = await offerLocal(console, parts.dataDir, parts.report);
  const ipc = openIpc(console, parts.report);
  const end = { isBegun: false };
  const desktop = await openDesktop({
    console,
    ipc,
    preload: parts.preload,
    icons: parts.icons,
    icon: join(parts.icons, '256x256.png'),
    autostart: openAutostart(process.platform, parts.keptWords),
    isQuitting: () => end.isBegun,
    report: parts.report,
  });
  closeOnQuit(end, console, local, ipc, desktop);
  if (parts.startsLab) startLab(console, parts.report);
  claimLinks();
  links.open = (link) => {
    desktop.show(shownOf(link));
  };
  if (links.first !== undefined) await desktop.window.show(shownOf(links.first));
  else if (parts.isHidden && desktop.startsInTray()) await desktop.window.openHidden();
  else await desktop.window.show();
  app.on('second-instance', (_event, words) => {
    const link = linkAmong(words);
    desktop.show(link === undefined ? undefined : shownOf(link));
  });
  app.on('activate', () => {
    desktop.show();
  });
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
}

/** Quitting waits for the console: pushes, the lab and the store end in order. */
function closeOnQuit(
  end: { isBegun: boolean },
  console: Console,
  local: LocalOffer,
  ipc: IpcLink,
  desktop: Desktop,
): void {
  async function close(): Promise<void> {
    await desktop.close();
    ipc.close();
    await local.close();
    await console.close();
  }
  app.on('before-quit', (event) => {
    event.preventDefault();
    if (end.isBegun) return;
    end.isBegun = true;
    close().then(
      () => {
        app.exit(0);
      },
      () => {
        app.exit(1); // the journal knows what stands half done, and the next start goes on from there
      },
    );
  });
}

/** Without the lab the console is still of use; its own view says what went wrong. */
function startLab({ handlers }: Console, report: Report): void {
  handlers['lab.start']({}, { client: 'shell', shell: 'electron' }).catch((error: unknown) => {
    report(error, 'lab.start');
  });
}
