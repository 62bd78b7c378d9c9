import { app } from 'electron';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { OptionState } from '../contract/desktop.ts';

/** Whether the console starts when its user signs in, as each system keeps that. */
export interface Autostart {
  readonly isOn: () => boolean;
  readonly set: (isOn: boolean) => void;
}

const hidden = '--hidden';

export function openAutostart(platform: NodeJS.Platform, words: readonly string[]): Autostart {
  return platform === 'linux' ? xdgAutostart(words) : loginItem([...words, hidden]);
}

export function autostartState(platform: NodeJS.Platform): OptionState {
  if (platform === 'linux' || app.isPackaged) return { id: 'autostart', isAvailable: true };
  return { id: 'autostart', isAvailable: false, why: 'Only the installed program can be started at sign-in.' };
}

function loginItem(args: readonly string[]): Autostart {
  const entry = { args: [...args] };
  return {
    isOn: () => app.getLoginItemSettings(entry).openAtLogin,
    set: (openAtLogin) => {
      app.setLoginItemSettings({ ...entry, openAtLogin });
    },
  };
}

/** Desktop Application Autostart Specification: a desktop entry in the user's own autostart folder. */
function xdgAutostart(words: readonly string[]): Autostart {
  const base = process.env['XDG_CONFIG_HOME'];
  const config = base?.startsWith('/') === true ? base : join(homedir(), '.config');
  const file = join(config, 'autostart', 'steelyard.desktop');
  return {
    isOn: () => existsSync(file),
    set: (isOn) => {
      if (!isOn) {
        rmSync(file, { force: true });
        return;
      }
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, autostartEntry([...ownProgram(), ...words, hidden]));
    },
  };
}

/** An AppImage runs from a mount that is gone at the next start: its own file is named by the environment. */
function ownProgram(): readonly string[] {
  const program = process.env['APPIMAGE'] ?? process.execPath;
  return app.isPackaged ? [program] : [program, app.getAppPath()];
}

/** Desktop Entry Specification, "The Exec key": each word quoted, then escaped once more as any string of the file. */
export function autostartEntry(command: readonly string[]): string {
  const words = command.map((word) => {
    const quoted = `"${word.replace(/["`$\\]/g, '\\$&').replaceAll('%', '%%')}"`;
    return quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\t', '\\t').replaceAll('\r', '\\r');
  });
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Steelyard',
    'Comment=Watches the load balancers',
    `Exec=${words.join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}
