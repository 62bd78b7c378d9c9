import { type Problem, toProblem } from '$contract/errors.ts';
import type { LogEntry } from '$contract/log.ts';
import type { Connection } from '../api.ts';

/** Lines that are kept in the window. */
const mostEntries = 500;
const everyMs = 1000;

/** A line with a number of its own, as the same text may come twice. */
export interface NumberedEntry extends LogEntry {
  readonly number: number;
}

/** The end of a device's log: read once when shown, and on while it is followed. What failed stands until it works again. */
export class LogTail {
  entries = $state.raw<readonly NumberedEntry[]>([]);
  source = $state<string | undefined>(undefined);
  problem = $state.raw<Problem | undefined>(undefined);
  readonly #connection: Connection;
  readonly #device: string;
  #cursor: string | undefined;
  #count = 0;
  #isReading = false;

  constructor(connection: Connection, device: string) {
    this.#connection = connection;
    this.#device = device;
  }

  /** What has come since the last time. One at a time: a slow device is not asked again meanwhile. */
  async read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      const after = this.#cursor === undefined ? {} : { after: this.#cursor };
      const page = await this.#connection.call('log.read', { device: this.#device, ...after });
      this.#cursor = page.cursor;
      this.source = page.source;
      this.problem = undefined;
      const fresh = page.entries.map((entry) => ({ ...entry, number: ++this.#count }));
      if (fresh.length > 0) this.entries = [...this.entries, ...fresh].slice(-mostEntries);
    } catch (error) {
      this.problem = toProblem(error);
    }
    this.#isReading = false;
  }

  /** Reads on every second until what it gives back is called. */
  follow(): () => void {
    void this.read();
    const timer = setInterval(() => void this.read(), everyMs);
    return () => {
      clearInterval(timer);
    };
  }
}

/** Newest first, as many as a table shows; only what went wrong where that is asked for. */
export function shownEntries(
  entries: readonly NumberedEntry[],
  onlyFailed: boolean,
  most: number,
): readonly NumberedEntry[] {
  const chosen = onlyFailed ? entries.filter(({ state }) => state?.isNormal === false) : entries;
  return chosen.slice(-most).toReversed();
}
