import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { ipcMain } from './ipc.ts';

type Send = (channel: string, ...words: unknown[]) => void;
/** What a page gets from its preload script, by the names it was exposed under. */
export type World = Record<string, unknown>;

export interface WebPreferences {
  readonly preload: string;
  readonly sandbox?: boolean;
  readonly contextIsolation?: boolean;
  readonly nodeIntegration?: boolean;
}

export class WebContents extends EventEmitter {
  static onCreated: (contents: WebContents) => void;
  static load: (url: string) => Promise<Response> | undefined;
  static #count = 0;

  readonly id = (WebContents.#count += 1);
  readonly mainFrame = { url: '' };
  world: World = {};
  openHandler: (details: { url: string }) => { action: string } = () => ({ action: 'allow' });
  #preload: string;
  #receive: Send = () => undefined;
  zoom = 1;

  constructor(preload: string) {
    super();
    this.#preload = preload;
    WebContents.onCreated(this);
  }

  send(channel: string, ...words: unknown[]): void {
    const copies = words.map((word) => structuredClone<unknown>(word));
    setImmediate(() => {
      this.#receive(channel, ...copies);
    });
  }
  setZoomFactor(zoom: number): void {
    this.zoom = zoom;
  }
  getZoomFactor(): number {
    return this.zoom;
  }
  setWindowOpenHandler(handler: WebContents['openHandler']): void {
    this.openHandler = handler;
  }

  /** Loads a page as a navigation does: the address first, then the preload script, then the page. */
  async loadPage(url: string): Promise<void> {
    const response = await WebContents.load(url);
    if (response?.status !== 200) throw new Error(`ERR_FAILED loading '${url}'`);
    this.mainFrame.url = url;
    this.world = this.#runPreload();
  }

  /** A sandboxed preload script is CommonJS and is given Electron's renderer half alone. */
  #runPreload(): World {
    const renderer = new EventEmitter();
    this.#receive = (channel, ...words) => renderer.emit(channel, { sender: renderer }, ...words);
    const event = { sender: this, senderFrame: this.mainFrame };
    const world: World = {};
    const electron = {
      contextBridge: {
        exposeInMainWorld: (name: string, value: unknown) => (world[name] = value),
      },
      ipcRenderer: {
        on: renderer.on.bind(renderer),
        send: (channel: string, ...words: unknown[]) => {
          setImmediate(() => ipcMain.emit(channel, event, ...words.map((word) => structuredClone<unknown>(word))));
        },
        // Behind what was sent before it: Electron keeps the order of a frame's messages.
        invoke: async (channel: string, ...words: unknown[]) => {
          await new Promise(setImmediate);
          return ipcMain.invoke(channel, event, words);
        },
      },
    };
    function requireOnly(name: string): unknown {
      if (name === 'electron') return electron;
      throw new Error(`module not found: ${name}`); // as the sandbox says it
    }
    const code = readFileSync(this.#preload, 'utf8');
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is how a preload script is run
    new Function('require', 'module', 'exports', code)(requireOnly, { exports: {} }, {});
    return world;
  }
}

export const windows: BrowserWindow[] = [];

export interface Bounds {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class BrowserWindow extends EventEmitter {
  readonly webContents: WebContents;
  readonly webPreferences: WebPreferences;
  bounds: Bounds;
  isShown = false;
  #isMaximized = false;
  #isFocused = false;

  constructor(options: Bounds & { webPreferences: WebPreferences; show: boolean }) {
    super();
    const { x, y, width, height } = options;
    this.bounds = { x, y, width, height };
    this.webPreferences = options.webPreferences;
    this.webContents = new WebContents(options.webPreferences.preload);
    windows.push(this);
  }
  async loadURL(url: string): Promise<void> {
    await this.webContents.loadPage(url);
    this.emit('ready-to-show');
  }
  show(): void {
    this.isShown = true;
  }
  hide(): void {
    this.isShown = false;
    this.#isFocused = false;
  }
  /** As a person does: what is prevented does not happen. */
  close(): void {
    const event = { isPrevented: false, preventDefault: () => (event.isPrevented = true) };
    this.emit('close', event);
    if (event.isPrevented) return;
    windows.splice(windows.indexOf(this), 1);
    this.webContents.emit('destroyed');
    this.emit('closed');
    if (windows.length === 0) BrowserWindow.onAllClosed();
  }
  static onAllClosed: () => void;
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return this.#isMaximized;
  }
  maximize(): void {
    this.#isMaximized = true;
  }
  getNormalBounds(): Bounds {
    return this.bounds;
  }
  focus(): void {
    this.#isFocused = true;
  }
  isFocused(): boolean {
    return this.#isFocused;
  }
}
