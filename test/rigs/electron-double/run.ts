import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Bridge, CallName } from '../../../src-main/contract/api.ts';
import {
  app,
  decisions,
  ipcMain,
  Menu,
  type MenuLine,
  Notification,
  powerMonitor,
  protocol,
  schemes,
  Tray,
  windows,
} from './electron.ts';

/** Runs the built shell on the double: `node run.ts <out/main/main.js> [switches]`, and does what the test asks over the channel. */

const double = new URL('./electron.ts', import.meta.url).href;
registerHooks({
  resolve: (name, context, next) => (name === 'electron' ? { url: double, shortCircuit: true } : next(name, context)),
});

const events: unknown[] = [];

/** What a test can ask, each with values that cross a process boundary. */
const asks = {
  look: () => ({
    windows: windows.map((window) => ({
      webPreferences: window.webPreferences,
      isShown: window.isShown,
      isFocused: window.isFocused(),
      isMaximized: window.isMaximized(),
      bounds: window.bounds,
      zoom: window.webContents.zoom,
      url: window.webContents.mainFrame.url,
      exposed: Object.keys(window.webContents.world),
    })),
    isSandboxed: app.isSandboxed,
    paths: app.paths,
    privileged: protocol.privileged,
    protocols: app.protocols,
    loginItem: app.loginItem,
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
  secondInstance: (words: readonly string[] = []) => app.emit('second-instance', {}, words),
  openUrl: (url: string) => app.emit('open-url', { preventDefault: () => undefined }, url),
  closeWindow: () => {
    windows[0]?.close();
  },
  quit: () => {
    app.quit();
  },
  leaveWindow: (bounds: { x: number; y: number; width: number; height: number }, zoom: number) => {
    const [window] = windows;
    if (window === undefined) throw new Error('no window is open');
    window.bounds = bounds;
    window.webContents.zoom = zoom;
    window.maximize();
  },
  power: (event: string) => powerMonitor.emit(event),
  tray: () => [...Tray.all].map(({ image, toolTip, menu }) => ({ image, toolTip, menu: menu.map(shownLine) })),
  clickTray: (label?: string) => {
    const [tray] = Tray.all;
    if (label === undefined) tray?.emit('click');
    else tray?.menu.find((line) => line.label === label)?.click?.();
  },
  menu: () => Menu.application.map(shownLine),
  clickMenu: (label: string) => {
    const line = Menu.application.flatMap(({ submenu }) => submenu ?? []).find((each) => each.label === label);
    if (line?.click === undefined) throw new Error(`The menu has no "${label}".`);
    line.click();
  },
  notifications: () => Notification.shown.map(({ title, body }) => ({ title, body })),
  clickNotification: (at: number) => Notification.shown[at]?.emit('click'),
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

interface ShownLine {
  readonly label?: string;
  readonly role?: string;
  readonly accelerator?: string;
  readonly submenu?: readonly ShownLine[];
}

/** Without the functions, which cross no process boundary. */
function shownLine({ label, role, accelerator, submenu }: MenuLine): ShownLine {
  return JSON.parse(JSON.stringify({ label, role, accelerator, submenu: submenu?.map(shownLine) })) as ShownLine; // what went in
}

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
