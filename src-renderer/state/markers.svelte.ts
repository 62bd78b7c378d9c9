import type { Series } from '$contract/metrics.ts';
import type { Connection } from '../api.ts';
import { follow } from './follow.ts';

/** Changes of configuration over the last minutes, for the charts that draw what this window saw by itself. */
export class Markers {
  #version = $state(0);
  readonly #connection: Connection;
  readonly #lists = new Map<string, Series['markers']>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Markers of a device, oldest first; none until they were read. */
  of(device: string): Series['markers'] {
    follow(this.#version);
    return this.#lists.get(device) ?? [];
  }

  /** Reads them anew. A failure leaves what was there: markers come again with the next change. */
  async load(device: string, fromMs: number, toMs: number): Promise<void> {
    try {
      this.#lists.set(device, await this.#connection.call('history.markers', { device, fromMs, toMs }));
      this.#version += 1;
    } catch {
      // The console is out of reach, which the status bar says.
    }
  }
}
