import { EventEmitter } from 'node:events';
import { BrowserWindow, WebContents, windows } from './window.ts';
import { ipcMain } from './ipc.ts';

/**
 * What the shell uses of Electron's main process, behaving as the documentation of Electron 45 says, without a screen. Decisions that
 * Electron would carry out (permissions, requests) are kept, for a test to ask.
 */

class App extends EventEmitter {
  readonly commandLine = {
    hasSwitch: (name: string) => process.argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`)),
    getSwitchValue: (name: string) =>
      process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '',
  };
  readonly paths: Record<string, string> = {};
  readonly isPackaged = process.env['DOUBLE_IS_PACKAGED'] !== undefined;
  readonly protocols: string[] = [];
  loginItem: unknown;
  isSandboxed = false;

  setPath(name: string, path: string): void {
    this.paths[name] = path;
  }
  setAsDefaultProtocolClient(name: string): void {
    this.protocols.push(name);
  }
  setAppUserModelId(): void {
    // Windows alone has them.
  }
  getAppPath(): string {
    return process.cwd();
  }
  getLoginItemSettings(): { openAtLogin: boolean } {
    return { openAtLogin: false };
  }
  setLoginItemSettings(item: unknown): void {
    this.loginItem = item;
  }
  requestSingleInstanceLock(): boolean {
    return process.env['DOUBLE_IS_SECOND'] === undefined;
  }
  enableSandbox(): void {
    this.isSandboxed = true;
  }
  async whenReady(): Promise<void> {
    await new Promise(setImmediate);
  }
  quit(): void {
    const quit = { isPrevented: false, preventDefault: () => (quit.isPrevented = true) };
    this.emit('before-quit', quit);
    if (!quit.isPrevented) this.exit(0);
  }
  exit(code: number): void {
    process.exit(code);
  }
}

type Decide = (answer: boolean) => void;
export const decisions = {
  permission: (_contents: unknown, _permission: string, decide: Decide) => {
    decide(true); // Electron grants where nobody decides
  },
  permissionCheck: () => true,
  devicePermission: () => true,
  beforeRequest: (_details: { url: string }, decide: (answer: { cancel: boolean }) => void) => {
    decide({ cancel: false });
  },
};
class Session extends EventEmitter {
  readonly webRequest = {
    onBeforeRequest: (listener: typeof decisions.beforeRequest) => {
      decisions.beforeRequest = listener;
    },
  };
  readonly protocol = {
    handle: (scheme: string, handler: (request: Request) => Promise<Response>) => {
      schemes.set(scheme, handler);
    },
  };
  setPermissionRequestHandler(handler: typeof decisions.permission): void {
    decisions.permission = handler;
  }
  setPermissionCheckHandler(handler: typeof decisions.permissionCheck): void {
    decisions.permissionCheck = handler;
  }
  setDevicePermissionHandler(handler: typeof decisions.devicePermission): void {
    decisions.devicePermission = handler;
  }
}

export const schemes = new Map<string, (request: Request) => Promise<Response>>();
export const protocol = {
  privileged: [] as unknown[],
  registerSchemesAsPrivileged: (list: unknown[]) => protocol.privileged.push(...list),
};
export const app = new App();
export const session = { defaultSession: new Session() };
export const dialog = {
  showErrorBox: (title: string, text: string) => process.stderr.write(`${title}: ${text}\n`),
};
/** A menu as its template; what a role does is Electron's own. */
export interface MenuLine {
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly accelerator?: string;
  readonly submenu?: readonly MenuLine[];
  readonly click?: () => void;
}
export const Menu = {
  application: [] as readonly MenuLine[],
  buildFromTemplate: (template: readonly MenuLine[]) => template,
  setApplicationMenu: (template: readonly MenuLine[]) => (Menu.application = template),
};

export class Tray extends EventEmitter {
  static readonly all = new Set<Tray>();
  image: string;
  toolTip = '';
  menu: readonly MenuLine[] = [];

  constructor(image: string) {
    super();
    this.image = image;
    Tray.all.add(this);
  }
  setImage(image: string): void {
    this.image = image;
  }
  setToolTip(toolTip: string): void {
    this.toolTip = toolTip;
  }
  setContextMenu(menu: readonly MenuLine[]): void {
    this.menu = menu;
  }
  destroy(): void {
    Tray.all.delete(this);
  }
}

export class Notification extends EventEmitter {
  static readonly shown: Notification[] = [];
  readonly title: string;
  readonly body: string;

  static isSupported(): boolean {
    return true;
  }
  constructor({ title, body }: { title: string; body: string }) {
    super();
    [this.title, this.body] = [title, body];
  }
  show(): void {
    Notification.shown.push(this);
  }
}

export const powerMonitor = new EventEmitter();

/** One screen of 1920 by 1080, its panel left out; or those that the environment names. */
const screens = JSON.parse(
  process.env['DOUBLE_SCREENS'] ?? '[{"x":0,"y":27,"width":1920,"height":1053}]',
) as readonly object[]; // what the test wrote
export const screen = {
  getPrimaryDisplay: () => ({ workArea: screens[0] }),
  getAllDisplays: () => screens.map((workArea) => ({ workArea })),
};

/** A key chain whose sealed bytes never equal the clear ones. */
export const safeStorage = {
  getSelectedStorageBackend: () => process.env['DOUBLE_KEY_CHAIN'] ?? 'basic_text',
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  encryptStringAsync: (text: string) => Promise.resolve(flip(Buffer.from(text))),
  decryptStringAsync: (sealed: Buffer) => Promise.resolve({ result: flip(sealed).toString(), shouldReEncrypt: false }),
};

function flip(bytes: Buffer): Buffer {
  return Buffer.from(bytes.map((byte) => byte ^ 0x55));
}

BrowserWindow.onAllClosed = () => {
  app.emit('window-all-closed');
};
WebContents.onCreated = (contents) => app.emit('web-contents-created', {}, contents);
WebContents.load = (url) => schemes.get(new URL(url).protocol.slice(0, -1))?.(new Request(url));
export { BrowserWindow, ipcMain, windows };
