import type { DeviceEvent, TrapState } from '$contract/events.ts';
import type { Connection } from '../api.ts';

const most = 100;

/** What devices told by themselves, newest first, and how the port for it does; kept current while `follow` is on. */
export class DeviceEvents {
  list = $state.raw<readonly DeviceEvent[]>([]);
  traps = $state.raw<TrapState | undefined>(undefined);
  readonly #connection: Connection;
  readonly #device: string | undefined;

  /** Without a device those of all. */
  constructor(connection: Connection, device?: string) {
    this.#connection = connection;
    this.#device = device;
  }

  /** Reads once, then takes what the console says; gives back what ends it. */
  follow(): () => void {
    void this.#read();
    return this.#connection.on('events', ({ traps, latest }) => {
      this.traps = traps;
      const known = new Set(this.list.map(({ id }) => id));
      const fresh = latest.filter(
        ({ id, device }) => !known.has(id) && (this.#device === undefined || device === this.#device),
      );
      if (fresh.length > 0) this.list = [...fresh, ...this.list].slice(0, most);
    });
  }

  /** A failure leaves what was there: that the console is out of reach stands in the status bar. */
  async #read(): Promise<void> {
    const about = this.#device === undefined ? {} : { device: this.#device };
    try {
      const [list, traps] = await Promise.all([
        this.#connection.call('events.list', { ...about, limit: most }),
        this.#connection.call('traps.get', {}),
      ]);
      this.list = list;
      this.traps = traps;
    } catch {
      // told elsewhere
    }
  }
}
