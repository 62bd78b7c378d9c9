import { randomBytes } from 'node:crypto';
import type { EngineSettings } from '../config/settings.ts';
import type { TicketKeys } from '../messages.ts';

interface Rotation {
  readonly everyMs: number;
  readonly timer: NodeJS.Timeout;
  keys: Buffer;
}

/**
 * The keys of session tickets: made here so that a ticket of one worker counts with all, and outlasts them. A ticket of a
 * key that was turned is not refused: its client makes a full handshake.
 */
export class TicketKeyRing {
  readonly #rotations = new Map<string, Rotation>();
  readonly #onTurned: (keys: TicketKeys) => void;

  constructor(onTurned: (keys: TicketKeys) => void) {
    this.#onTurned = onTurned;
  }

  /** Virtual servers that stay keep their keys. */
  configure(settings: EngineSettings): void {
    const wanted = new Map(
      settings.virtualServers.flatMap(({ name, tls }) =>
        tls?.sessionTickets === true ? [[name, tls.ticketRotationMs] as const] : [],
      ),
    );
    for (const [name, { everyMs, timer }] of this.#rotations) {
      if (wanted.get(name) === everyMs) continue;
      clearInterval(timer);
      this.#rotations.delete(name);
    }
    for (const [name, everyMs] of wanted) {
      if (!this.#rotations.has(name)) this.#rotations.set(name, this.#open(name, everyMs));
    }
  }

  keys(): TicketKeys {
    return Object.fromEntries([...this.#rotations].map(([name, { keys }]) => [name, keys]));
  }

  close(): void {
    for (const { timer } of this.#rotations.values()) clearInterval(timer);
    this.#rotations.clear();
  }

  #open(name: string, everyMs: number): Rotation {
    const timer = setInterval(
      () => {
        rotation.keys = randomBytes(48);
        this.#onTurned({ [name]: rotation.keys });
      },
      Math.max(everyMs, 1000),
    );
    timer.unref();
    const rotation: Rotation = { everyMs, timer, keys: randomBytes(48) };
    return rotation;
  }
}
