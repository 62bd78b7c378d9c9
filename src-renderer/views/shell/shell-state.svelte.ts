import type { DeviceState } from '$contract/api.ts';
import { toProblem } from '$contract/errors.ts';
import { createContext } from 'svelte';
import { shellText } from '../../messages/shell.ts';
import type { Workbench } from '../../state/context.ts';
import type { Grouping } from '../../state/estate-tree.ts';

/** What is open in the shell, and the commands that keys, palette and buttons share. */
export class ShellState {
  isPaletteOpen = $state(false);
  isKeysOpen = $state(false);
  /** Undefined: the screen decides. */
  isTreeShown = $state<boolean | undefined>(undefined);
  filter = $state('');
  isFaultsOnly = $state(false);
  grouping = $state<Grouping>('site');
  readonly #bench: Workbench;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  get isUnlockOpen(): boolean {
    return this.#bench.unlock.isOpen;
  }

  set isUnlockOpen(isOpen: boolean) {
    this.#bench.unlock.isOpen = isOpen;
  }

  /** The device that the screen is about. */
  get device(): string | undefined {
    const { route } = this.#bench.router;
    return 'device' in route ? route.device : undefined;
  }

  /** The devices that the screen is about: one, those under review, or all. */
  get shownDevices(): readonly DeviceState[] {
    const { console, router, review, staging } = this.#bench;
    const { device } = this;
    if (device !== undefined) return console.devices.filter(({ spec }) => spec.name === device);
    if (router.route.screen !== 'change') return console.devices;
    const names = new Set([...staging.devices, ...review.reviews.map((each) => each.device)]);
    return names.size === 0 ? console.devices : console.devices.filter(({ spec }) => names.has(spec.name));
  }

  /** Runs a call; a failure becomes a notice. */
  do(call: () => Promise<unknown>): void {
    call().catch((error: unknown) => {
      this.#bench.notices.fail(toProblem(error));
    });
  }

  /** Locks what was unlocked; where nothing is, asks what to unlock. */
  toggleLock(): void {
    const unlocked = this.unlockedDevices();
    if (unlocked.length === 0) this.isUnlockOpen = true;
    else this.lock(unlocked);
  }

  unlockedDevices(): string[] {
    return this.#bench.console.devices
      .filter(({ lock }) => !lock.isLocked && lock.unlockedUntil !== undefined)
      .map(({ spec }) => spec.name);
  }

  lock(devices: string[]): void {
    if (devices.length > 0) this.do(() => this.#bench.console.connection.call('devices.lock', { devices }));
  }

  /** Reads the open device's configuration again. */
  readDevice(): void {
    const { device } = this;
    if (device === undefined) return;
    this.do(async () => {
      await this.#bench.console.connection.call('devices.read', { device });
      this.#bench.notices.tell({ ...shellText.readAgain(device), shape: 'up' });
    });
  }
}

export const [getShell, setShell] = createContext<ShellState>();
