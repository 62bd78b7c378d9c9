import { Notification } from 'electron';
import type { Shown, Tick } from '../contract/api.ts';
import type { PushState } from '../contract/plan.ts';
import { type Notice, NoticeBoard } from '../core/notices/notice-board.ts';

/** After a change has ended, what it did to health still shows for so long. */
const aftermathMs = 60_000;
const runningPhases: readonly PushState['phase'][] = ['running', 'waiting', 'keeping', 'reverting'];

/** Messages of the system about what happened to us, and nothing about what we did. */
export class Notifications {
  readonly #board = new NoticeBoard();
  readonly #show: (shown: Shown) => void;
  /** Until when what happens on a device is a person's doing, by its name. */
  readonly #causedUntilMs = new Map<string, number>();
  /** Electron forgets a message that nobody holds, and its click with it. */
  #held: Notification | undefined;
  isWanted = true;

  constructor(show: (shown: Shown) => void) {
    this.#show = show;
  }

  /** Whether the system has messages at all. */
  static get isAvailable(): boolean {
    return Notification.isSupported();
  }

  takePush({ device, phase }: PushState): void {
    this.#causedUntilMs.set(device, runningPhases.includes(phase) ? Infinity : Date.now() + aftermathMs);
  }

  takeTick(tick: Tick): void {
    const nowMs = Date.now();
    const notice = this.#board.take(tick, nowMs, (device) => (this.#causedUntilMs.get(device) ?? 0) > nowMs);
    if (notice !== undefined && this.isWanted) this.#tell(notice);
  }

  wake(): void {
    this.#board.wake(Date.now());
  }

  #tell({ title, body, place }: Notice): void {
    const message = new Notification({ title, body, silent: true });
    this.#held = message;
    message.on('click', () => {
      this.#show({ place });
    });
    message.on('close', () => {
      if (this.#held === message) this.#held = undefined;
    });
    message.show();
  }
}
