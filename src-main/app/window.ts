import { BrowserWindow, Menu } from 'electron';
import type { IpcLink } from './ipc.ts';
import { pageUrl } from './pages.ts';

/** Opens a window on our page. It is admitted to the console before anything of it runs. */
export async function openWindow(ipc: IpcLink, preload: string): Promise<BrowserWindow> {
  const window = new BrowserWindow({
    title: 'Steelyard',
    width: 1440,
    height: 900,
    minWidth: 1000,
    minHeight: 640,
    show: false,
    autoHideMenuBar: true,
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
  ipc.admit(window.webContents);
  window.once('ready-to-show', () => {
    window.show();
  });
  await window.loadURL(pageUrl);
  return window;
}

/** The shortcuts that people expect; everything of ours is in the page. */
export function setMenu(): void {
  const menu = Menu.buildFromTemplate([
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    { role: 'editMenu' },
    { role: 'viewMenu' },
    { role: 'windowMenu' },
  ]);
  Menu.setApplicationMenu(menu);
}
