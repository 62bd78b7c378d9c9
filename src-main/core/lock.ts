import type { DeviceState, Environment } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import type { Clock } from './clock.ts';

interface Unlocked {
  readonly untilMs: number;
  readonly reason: string;
  readonly cancelTimer: () => void;
}

export interface LockTools {
  readonly clock: Clock;
  /** A lock opened or closed, by hand or by itself. */
  readonly onChange: () => void;
}

/**
 * The read-only locks. Every device but one of a lab is locked until somebody unlocks it, with a reason and for a time; it is locked
 * again by itself. Polls, readings and plans need no unlocking, a push does.
 */
export class Locks {
  readonly #tools: LockTools;
  readonly #unlocked = new Map<string, Unlocked>();
  /** Devices of a lab that were locked by hand. */
  readonly #closed = new Set<string>();

  constructor(tools: LockTools) {
    this.#tools = tools;
  }

  stateOf(device: string, environment: Environment): DeviceState['lock'] {
    const unlocked = this.#unlocked.get(device);
    if (unlocked && unlocked.untilMs > this.#tools.clock.now()) {
      const unlockedUntil = new Date(unlocked.untilMs).toISOString();
      return { isLocked: false, unlockedUntil, reason: unlocked.reason };
    }
    return { isLocked: environment !== 'lab' || this.#closed.has(device) };
  }

  /** Throws INPUT_INVALID where no reason is given: it goes into the history of what is done meanwhile. */
  unlock(devices: readonly string[], reason: string, minutes: number): void {
    if (reason.trim() === '') throw new AppError('INPUT_INVALID', 'Unlocking needs a reason. Nothing was unlocked.');
    const untilMs = this.#tools.clock.now() + minutes * 60_000;
    for (const device of devices) {
      this.#unlocked.get(device)?.cancelTimer();
      this.#closed.delete(device);
      const cancelTimer = this.#tools.clock.setTimer(minutes * 60_000, () => {
        this.#unlocked.delete(device);
        this.#tools.onChange();
      });
      this.#unlocked.set(device, { untilMs, reason, cancelTimer });
    }
    this.#tools.onChange();
  }

  lock(devices: readonly string[]): void {
    for (const device of devices) {
      this.#end(device);
      this.#closed.add(device);
    }
    this.#tools.onChange();
  }

  /** Ends every unlocking: the computer sleeps, its screen is locked, or the console ends. */
  lockAll(): void {
    for (const device of [...this.#unlocked.keys()]) this.#end(device);
    this.#tools.onChange();
  }

  /** Forgets a device that left the inventory: one that gets its name later starts anew. */
  forget(device: string): void {
    this.#end(device);
    this.#closed.delete(device);
  }

  /**
   * Throws LOCKED where a push may not write. `typed` is the device's name as a person typed it for one plan (or `--yes` stands for it):
   * it lets that plan through and unlocks nothing.
   */
  assertWritable(device: string, environment: Environment, typed?: string): void {
    if (typed === device || !this.stateOf(device, environment).isLocked) return;
    const why = typed === undefined ? '' : 'What was typed is not its name. ';
    throw new AppError(
      'LOCKED',
      `${why}Nothing was sent to "${device}". Unlock it with a reason, or type its name for this plan alone.`,
    );
  }

  #end(device: string): void {
    this.#unlocked.get(device)?.cancelTimer();
    this.#unlocked.delete(device);
  }
}
