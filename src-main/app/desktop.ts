import { Menu } from 'electron';
import type { Events, EventName, Shown, Tick } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { desktopOptions, isOn, type OptionState } from '../contract/desktop.ts';
import type { PushState } from '../contract/plan.ts';
import type { Report } from '../dispatch.ts';
import { type Autostart, autostartState } from './autostart.ts';
import type { IpcLink } from './ipc.ts';
import { menuTemplate } from './menu-template.ts';
import { Notifications } from './notifications.ts';
import { followPower } from './power.ts';
import { StatusTray } from './tray.ts';
import { readWindowState } from './window-state.ts';
import { MainWindow } from './window.ts';

export interface DesktopParts {
  readonly console: Console;
  readonly ipc: IpcLink;
  readonly preload: string;
  /** The folder with the icons. */
  readonly icons: string;
  readonly icon: string;
  readonly autostart: Autostart;
  /** True once the program ends: closing then closes. */
  readonly isQuitting: () => boolean;
  readonly report: Report;
}

export interface Desktop {
  readonly window: MainWindow;
  /** Shows the window, and what is wanted in it; what fails is reported. */
  readonly show: (shown?: Shown) => void;
  readonly startsInTray: () => boolean;
  /** Before the console is closed. */
  readonly close: () => Promise<void>;
}

type Settings = Readonly<Record<string, string>>;
const context = { client: 'desktop', shell: 'electron' } as const;
const windowKey = 'desktop.window';

/** Which options this desktop has. */
export function optionStates(platform: NodeJS.Platform): readonly OptionState[] {
  const messages: OptionState = Notifications.isAvailable
    ? { id: 'notifications', isAvailable: true }
    : { id: 'notifications', isAvailable: false, why: 'This desktop shows no messages of programs.' };
  return [
    messages,
    { id: 'tray', isAvailable: true },
    { id: 'closeToTray', isAvailable: true },
    autostartState(platform),
  ];
}

/** Everything of the desktop around the window, driven by the console's own events and settings. */
export async function openDesktop(parts: DesktopParts): Promise<Desktop> {
  const { console, ipc, autostart, report } = parts;
  const { handlers } = console;
  let settings: Settings = await followSystem(await handlers['settings.get']({}, context), autostart, console);

  const window = new MainWindow({
    ipc,
    preload: parts.preload,
    icon: parts.icon,
    left: readWindowState(settings[windowKey]),
    keep: async (state) => {
      await handlers['settings.set']({ key: windowKey, value: JSON.stringify(state) }, context);
    },
    hidesOnClose: () => !parts.isQuitting() && tray.isThere && isOn(settings, 'closeToTray'),
  });
  function show(shown?: Shown): void {
    window.show(shown).catch(fail);
  }
  function fail(error: unknown): void {
    report(error, 'app.info');
  }
  const tray = new StatusTray(parts.icons, show);
  const notifications = new Notifications(show);

  function obey(next: Settings): void {
    const wasAtStart = isOn(settings, 'autostart');
    settings = next;
    tray.set(isOn(next, 'tray'));
    notifications.isWanted = isOn(next, 'notifications') && Notifications.isAvailable;
    if (isOn(next, 'autostart') !== wasAtStart) autostart.set(isOn(next, 'autostart'));
  }
  obey(settings);
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(process.platform, show)));
  followPower(
    console,
    () => {
      notifications.wake();
    },
    fail,
  );
  const stop = console.onEvent(context.client, <K extends EventName>(name: K, data: Events[K]) => {
    // The name says what the data are; TypeScript does not tie the two together here.
    if (name === 'settings') obey(data as Settings);
    else if (name === 'push') notifications.takePush(data as PushState);
    else if (name === 'tick') {
      tray.take(data as Tick);
      notifications.takeTick(data as Tick);
    }
  });
  return {
    window,
    show,
    startsInTray: () => tray.isThere && isOn(settings, 'closeToTray'),
    close: async () => {
      stop();
      console.dropClient(context.client);
      tray.set(false);
      await window.keep();
    },
  };
}

/** The system's own word wins: a person may have changed it there. */
async function followSystem(settings: Settings, autostart: Autostart, { handlers }: Console): Promise<Settings> {
  const isAtStart = autostart.isOn();
  if (isOn(settings, 'autostart') === isAtStart) return settings;
  const { key } = desktopOptions.autostart;
  const value = isAtStart ? 'on' : 'off';
  await handlers['settings.set']({ key, value }, context);
  return { ...settings, [key]: value };
}
