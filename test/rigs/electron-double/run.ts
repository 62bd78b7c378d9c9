import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Bridge, CallName } from '../../../src-main/contract/api.ts';
import { app, decisions, ipcMain, protocol, schemes, windows } from './electron.ts';

/** Runs the built shell on the double: `node run.ts <out/main/main.js> [switches]`, and does what the test asks over the channel. */

const double = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: double, shortCircuit: true } : next(name, context)),
});

const events: unknown[] = [];

/** What a test can ask, each with values that cross a process boundary. */
const asks = {
  look: () => ({
    windows: windows.map(({ webPreferences, webContents, isShown, isFocused }) => ({
      webPreferences,
      isShown,
      isFocused,
      url: webContents.mainFrame.url,
      exposed: Object.keys(webContents.world),
    })),
    isSandboxed: app.isSandboxed,
    paths: app.paths,
    privileged: protocol.privileged,
  }),
  listen: () => {
    bridge().onEvent((name, data) => events.push([name, data]));
  },
  events: () => events,
  call: (name: CallName, input: unknown) => bridge().call(name, input),
  /** A call as a frame with this address would make it: in the main frame of our window, in a frame inside, or from elsewhere. */
  callFrom: async (url: string, where: 'main' | 'inner' | 'stranger') => {
    const contents = contentsOf();
    const before = contents.mainFrame.url;
    if (where === 'main') contents.mainFrame.url = url;
    const frame = { url };
    const event = {
      main: { sender: contents, senderFrame: contents.mainFrame },
      inner: { sender: contents, senderFrame: frame },
      stranger: { sender: { id: 99, mainFrame: frame }, senderFrame: frame },
    }[where];
    const outcome = await ipcMain.invoke('steelyard:call', event, ['app.info', {}]);
    contents.mainFrame.url = before;
    return outcome;
  },
  reload: async () => {
    await contentsOf().loadPage(contentsOf().mainFrame.url);
  },
  mayNavigate: (url: string) => {
    const answers = ['will-navigate', 'will-frame-navigate', 'will-redirect'].map((name) => mayGo(name, url));
    return { navigate: answers[0] === true && answers[1] === true, redirect: answers[2] };
  },
  mayOpen: (url: string) => contentsOf().openHandler({ url }).action === 'allow',
  mayAttach: () => mayGo('will-attach-webview', ''),
  mayUse: (permission: string) =>
    new Promise((resolve) => {
      decisions.permission({}, permission, (answer) => {
        resolve(answer || decisions.permissionCheck() || decisions.devicePermission());
      });
    }),
  mayRequest: (url: string) =>
    new Promise((resolve) => {
      decisions.beforeRequest({ url }, ({ cancel }) => {
        resolve(!cancel);
      });
    }),
  fetch: async (url: string) => {
    const response = await schemes.get('app')?.(new Request(url));
    return response && { status: response.status, headers: [...response.headers], body: await response.text() };
  },
  secondInstance: () => app.emit('second-instance'),
  closeWindows: () => app.emit('window-all-closed'),
};
export type Asks = typeof asks;

process.on('message', (message: { id: number; ask: keyof Asks; words: unknown[] }) => {
  // The test's side is typed by `Asks`: words fit the ask.
  const ask = asks[message.ask] as (...words: unknown[]) => unknown;
  Promise.resolve()
    .then(() => ask(...message.words))
    .then((value) => process.send?.({ id: message.id, value }))
    .catch((error: unknown) => process.send?.({ id: message.id, error: String(error) }));
});

await import(pathToFileURL(process.argv[2] ?? '').href);

function contentsOf() {
  const [window] = windows;
  if (window === undefined) throw new Error('no window is open');
  return window.webContents;
}

function bridge(): Bridge {
  return contentsOf().world['steelyard'] as Bridge; // what the preload script exposes
}

function mayGo(name: string, url: string): boolean {
  let isAllowed = true;
  contentsOf().emit(name, { url, isMainFrame: true, preventDefault: () => (isAllowed = false) });
  return isAllowed;
}
