import type { AppInfo } from '$contract/api.ts';
import type { DesktopOption } from '$contract/desktop.ts';

const protectionWords: Readonly<Record<AppInfo['secrets']['protection'], string>> = {
  memory: 'kept in memory only: credentials are gone when the console ends',
  passphrase: 'sealed on disk by a passphrase',
  'key-file': 'sealed on disk by a key file',
  'key-chain': 'sealed by the system’s key chain',
};

export const settingsText = {
  title: 'Settings',
  appearance: 'Appearance',
  theme: 'Theme',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  density: 'Density',
  densities: { compact: 'Compact', comfortable: 'Comfortable' },
  keys: 'Keys',
  letters: 'Single letters as commands',
  lettersHint: 'F, /, ?, g and others; off, only combinations with Ctrl act.',
  on: 'On',
  off: 'Off',
  secrets: 'Secrets',
  secretsSub: 'credentials of devices',
  protection: protectionWords,
  locked: 'The secrets are locked: devices that need them wait.',
  passphrase: 'Passphrase',
  newPassphrase: 'New passphrase',
  newHint: 'at least 8 characters; it cannot be recovered',
  unlock: 'Unlock the secrets',
  protect: 'Seal with this passphrase',
  done: { title: 'The secrets are sealed.', detail: 'The console asks for the passphrase when it starts.' },
  unlocked: { title: 'The secrets are unlocked.', detail: 'Waiting devices are tried again.' },
  desktop: 'Desktop',
  desktopSub: 'this window, on this computer',
  noDesktop: 'These belong to the desktop window; this console runs in a browser, where they do not apply.',
  options: {
    notifications: {
      label: 'Messages of the system',
      hint: 'when something goes down or comes back; never for what you did',
    },
    tray: { label: 'Icon beside the clock', hint: 'shows the worst state of the estate' },
    closeToTray: {
      label: 'Close into the icon',
      hint: 'the console goes on watching; starting it again brings it back',
    },
    autostart: { label: 'Start when I sign in', hint: 'out of sight where it can be closed into the icon' },
  } satisfies Record<DesktopOption, { readonly label: string; readonly hint: string }>,
  about: 'About',
  version: 'Version',
  shell: 'Runs as',
  shells: { electron: 'desktop window', web: 'console in a browser', cli: 'command line' } satisfies Record<
    AppInfo['shell'],
    string
  >,
  node: 'Node',
  kinds: 'Kinds of device',
  devices: 'Devices',
  openDevices: 'Open the inventory',
  raw: 'Raw answer',
} as const;
