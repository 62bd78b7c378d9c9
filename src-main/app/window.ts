import { BrowserWindow, screen } from 'electron';
import type { Shown } from '../contract/api.ts';
import { placePath } from '../contract/place.ts';
import type { IpcLink } from './ipc.ts';
import { pageUrl } from './pages.ts';
import { fitWindow, smallest, type WindowState } from './window-state.ts';

export interface WindowParts {
  readonly ipc: IpcLink;
  readonly preload: string;
  readonly icon: string;
  /** How it was left, at the start. */
  readonly left: WindowState | undefined;
  readonly keep: (state: WindowState) => Promise<void>;
  /** Whether closing the window only puts it out of sight. */
  readonly hidesOnClose: () => boolean;
}

/** The one window: opened, brought to the front, put out of sight, and remembered. */
export class MainWindow {
  readonly #parts: WindowParts;
  #window: BrowserWindow | undefined;
  #state: WindowState | undefined;

  constructor(parts: WindowParts) {
    this.#parts = parts;
    this.#state = parts.left;
  }

  /** Opens it, or brings it to the front; `shown` is what it is then to show. */
  async show(shown?: Shown): Promise<void> {
    const window = this.#window;
    if (window === undefined) {
      await this.#open(shown, true);
      return;
    }
    if (shown !== undefined) this.#parts.ipc.show(window.webContents, shown);
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** Opens it out of sight: for a start that nobody looks at. */
  async openHidden(): Promise<void> {
    if (this.#window === undefined) await this.#open(undefined, false);
  }

  /** Writes down where it is; before the console is closed. */
  async keep(): Promise<void> {
    if (this.#window !== undefined) this.#look(this.#window);
    if (this.#state !== undefined) await this.#parts.keep(this.#state);
  }

  /** It is admitted to the console before anything of it runs. */
  async #open(shown: Shown | undefined, isInSight: boolean): Promise<void> {
    const { ipc, preload, icon } = this.#parts;
    const state = this.#state;
    const screens = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map(({ workArea }) => workArea);
    const window = new BrowserWindow({
      title: 'Steelyard',
      ...fitWindow(state, screens),
      minWidth: smallest.width,
      minHeight: smallest.height,
      show: false,
      autoHideMenuBar: true,
      ...(process.platform === 'linux' ? { icon } : {}), // elsewhere the program brings its own
      webPreferences: {
        preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        spellcheck: false,
      },
    });
    this.#window = window;
    ipc.admit(window.webContents);
    this.#follow(window);
    if (state?.isMaximized === true && isInSight) window.maximize();
    window.once('ready-to-show', () => {
      if (isInSight) window.show();
    });
    const hasPlace = shown !== undefined && 'place' in shown;
    if (shown !== undefined && !hasPlace) ipc.show(window.webContents, shown);
    await window.loadURL(hasPlace ? `${pageUrl}#/${placePath(shown.place)}` : pageUrl);
    window.webContents.setZoomFactor(state?.zoom ?? 1);
  }

  #follow(window: BrowserWindow): void {
    window.on('close', (event) => {
      this.#look(window);
      if (!this.#parts.hidesOnClose()) return;
      event.preventDefault();
      window.hide();
    });
    window.on('closed', () => {
      this.#window = undefined;
    });
  }

  #look(window: BrowserWindow): void {
    const { x, y, width, height } = window.getNormalBounds();
    this.#state = { x, y, width, height, isMaximized: window.isMaximized(), zoom: window.webContents.getZoomFactor() };
  }
}
