import { shellText } from '../../messages/shell.ts';
import type { Workbench } from '../../state/context.ts';
import type { PaletteItem } from '../../state/palette.ts';
import type { ShellState } from './shell-state.svelte.ts';

const words = shellText.commands;

/** The commands of the palette; one that cannot run now is there with its reason. */
export function commandsOf(bench: Workbench, shell: ShellState): readonly PaletteItem[] {
  const { console, router, staging, preferences } = bench;
  const { device } = shell;
  const nothingStaged = staging.count === 0 ? words.nothingStaged : undefined;
  const noDevice = device === undefined ? words.noDevice : undefined;
  const unlocked = shell.unlockedDevices();
  const isLabRunning = console.lab?.isRunning === true;
  return [
    command('plus', words.addDevice, () => {
      router.go({ screen: 'add' });
    }),
    command(
      'change',
      words.review,
      () => {
        router.go({ screen: 'change' });
      },
      nothingStaged,
      'Ctrl+Enter',
    ),
    command(
      'undo',
      words.discard,
      () => {
        staging.discard();
      },
      nothingStaged,
    ),
    command(
      'unlock',
      words.unlock,
      () => {
        shell.isUnlockOpen = true;
      },
      console.devices.some(({ lock }) => lock.isLocked) ? undefined : words.noLocked,
      'Ctrl+Shift+U',
    ),
    command(
      'lock',
      words.lock,
      () => {
        shell.lock(unlocked);
      },
      unlocked.length === 0 ? words.noUnlocked : undefined,
    ),
    command(
      'read',
      words.readDevice,
      () => {
        shell.readDevice();
      },
      noDevice,
      'F5',
    ),
    command(
      'history',
      words.history,
      () => {
        router.go({ screen: 'history', device: device ?? '' });
      },
      noDevice,
    ),
    command(
      'play',
      words.startLab,
      () => {
        shell.do(() => console.connection.call('lab.start', {}));
      },
      isLabRunning ? words.labRuns : undefined,
    ),
    command(
      'pause',
      words.stopLab,
      () => {
        shell.do(() => console.connection.call('lab.stop', {}));
      },
      isLabRunning ? undefined : words.labStopped,
    ),
    command(
      'moon',
      words.theme,
      () => {
        shell.do(() => preferences.setTheme(preferences.nextTheme()));
      },
      undefined,
      'Ctrl+Shift+L',
    ),
    command('rows', words.density, () => {
      shell.do(() => preferences.setDensity(preferences.density === 'compact' ? 'comfortable' : 'compact'));
    }),
    command(
      'menu',
      words.keys,
      () => {
        shell.isKeysOpen = true;
      },
      undefined,
      '?',
    ),
  ];
}

function command(icon: string, title: string, run: () => void, blockedBy?: string, keys?: string): PaletteItem {
  return {
    id: `do ${title}`,
    group: 'do',
    icon,
    title,
    detail: '',
    run,
    ...(blockedBy === undefined ? {} : { blockedBy }),
    ...(keys === undefined ? {} : { keys }),
  };
}
