/** What a person can choose of the desktop window, kept as settings (`on`, `off`) under these keys. */
export const desktopOptions = {
  notifications: { key: 'desktop.notifications', isOnAtFirst: true },
  tray: { key: 'desktop.tray', isOnAtFirst: true },
  closeToTray: { key: 'desktop.closeToTray', isOnAtFirst: false },
  autostart: { key: 'desktop.autostart', isOnAtFirst: false },
} as const;
export type DesktopOption = keyof typeof desktopOptions;

/** Whether an option applies to this console; the reason where it does not. */
export interface OptionState {
  readonly id: DesktopOption;
  readonly isAvailable: boolean;
  readonly why?: string;
}

export function isOn(settings: Readonly<Record<string, string>>, id: DesktopOption): boolean {
  const { key, isOnAtFirst } = desktopOptions[id];
  return (settings[key] ?? (isOnAtFirst ? 'on' : 'off')) === 'on';
}
