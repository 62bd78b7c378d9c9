import type { MenuItemConstructorOptions } from 'electron';
import type { Shown } from '../contract/api.ts';
import type { Place } from '../contract/place.ts';

/** Screens in the order of the window's rail: Ctrl+1 and so on are the page's own keys, shown here and not taken from it. */
const screens: readonly (readonly [label: string, place: Place])[] = [
  ['Overview', { screen: 'overview' }],
  ['Estate', { screen: 'devices' }],
  ['Changes', { screen: 'change' }],
  ['Lab', { screen: 'lab' }],
];

/** What every application has on its system, and the ways into ours. `show` brings the window to the front. */
export function menuTemplate(platform: NodeJS.Platform, show: (shown: Shown) => void): MenuItemConstructorOptions[] {
  const isMac = platform === 'darwin';
  function goTo(label: string, place: Place, accelerator?: string): MenuItemConstructorOptions {
    return {
      label,
      ...(accelerator === undefined ? {} : { accelerator, registerAccelerator: false }),
      click: () => {
        show({ place });
      },
    };
  }
  const settings = goTo('Settings…', { screen: 'settings' });
  return [
    ...(isMac ? [appMenu({ ...settings, accelerator: 'Cmd+,' })] : []),
    {
      label: '&File',
      submenu: [
        {
          label: 'Find anything…',
          accelerator: 'CmdOrCtrl+K',
          registerAccelerator: false,
          click: () => {
            show({ dialog: 'palette' });
          },
        },
        goTo('Add a device…', { screen: 'add' }),
        { type: 'separator' },
        ...(isMac ? [] : [settings, { type: 'separator' as const }]),
        { role: 'close' },
        ...(isMac ? [] : [{ role: 'quit' as const }]),
      ],
    },
    { role: 'editMenu' },
    { label: '&Go', submenu: screens.map(([label, place], at) => goTo(label, place, `CmdOrCtrl+${String(at + 1)}`)) },
    {
      label: '&View',
      // No reload: F5 reads the device again, and a window that forgets what is staged helps nobody.
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        { role: 'toggleDevTools' },
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        {
          label: 'Keys',
          click: () => {
            show({ dialog: 'keys' });
          },
        },
      ],
    },
  ];
}

function appMenu(settings: MenuItemConstructorOptions): MenuItemConstructorOptions {
  return {
    role: 'appMenu',
    submenu: [
      { role: 'about' },
      { type: 'separator' },
      settings,
      { type: 'separator' },
      { role: 'services' },
      { type: 'separator' },
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      { type: 'separator' },
      { role: 'quit' },
    ],
  };
}
