import { app, dialog, session } from 'electron';
import { join } from 'node:path';
import type { Console } from '../contract/console.ts';
import { toProblem } from '../contract/errors.ts';
import type { Report } from '../dispatch.ts';
import { type LocalOffer, offerLocal } from '../local/offer.ts';
import type { KeySealer } from '../store/key-sealer.ts';
import { hardenContents, hardenSession } from './hardening.ts';
import { type IpcLink, openIpc } from './ipc.ts';
import { openKeyChain } from './key-chain.ts';
import { registerPages, servePages } from './pages.ts';
import { openWindow, setMenu } from './window.ts';

export interface ShellParts {
  readonly dataDir: string;
  /** The built renderer. */
  readonly pages: string;
  /** The built preload script: CommonJS, as a sandboxed window needs it. */
  readonly preload: string;
  readonly startsLab: boolean;
  readonly openConsole: (options: {
    readonly dataDir: string;
    readonly shell: 'electron';
    readonly keyChain?: KeySealer;
  }) => Promise<Console>;
  readonly report: Report;
}

/** Runs the desktop shell until its windows are closed. A second start on the same data brings the first one's window to the front. */
export function runShell(parts: ShellParts): void {
  // The browser's own files lie apart from ours; the lock for one instance is tied to this path as well.
  app.setPath('userData', join(parts.dataDir, 'window'));
  registerPages();
  if (!app.requestSingleInstanceLock()) {
    app.quit();
    return;
  }
  app.enableSandbox();
  app.on('web-contents-created', (_event, contents) => {
    hardenContents(contents);
  });
  app
    .whenReady()
    .then(() => open(parts))
    .catch((error: unknown) => {
      const { title, detail } = toProblem(error);
      dialog.showErrorBox('Steelyard cannot start', `${title}\n\n${detail}`);
      app.exit(1);
    });
}

async function open(parts: ShellParts): Promise<void> {
  hardenSession(session.defaultSession);
  servePages(session.defaultSession, parts.pages);
  setMenu();
  const keyChain = await openKeyChain();
  const console = await parts.openConsole({
    dataDir: parts.dataDir,
    shell: 'electron',
    ...(keyChain === undefined ? {} : { keyChain }),
  });
  const local = await offerLocal(console, parts.dataDir, parts.report);
  const ipc = openIpc(console, parts.report);
  closeOnQuit(console, local, ipc);
  if (parts.startsLab) startLab(console, parts.report);
  const window = await openWindow(ipc, parts.preload);
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  app.on('window-all-closed', () => {
    app.quit();
  });
}

/** Quitting waits for the console: pushes, the lab and the store end in order. */
function closeOnQuit(console: Console, local: LocalOffer, ipc: IpcLink): void {
  let isClosing = false;
  async function close(): Promise<void> {
    ipc.close();
    await local.close();
    await console.close();
  }
  app.on('before-quit', (event) => {
    event.preventDefault();
    if (isClosing) return;
    isClosing = true;
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
