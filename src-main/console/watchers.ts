import type { EventName, Events } from '../contract/api.ts';
import type { EventListener } from '../contract/console.ts';

export interface WatchedPool {
  readonly device: string;
  readonly pool: string;
}

/** Who listens, and to which pools. */
export class Watchers {
  readonly #listeners = new Map<string, Set<EventListener>>();
  readonly #pools = new Map<string, readonly WatchedPool[]>();

  onEvent(client: string, listener: EventListener): () => void {
    const listeners = this.#listeners.get(client) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(client, listeners);
    return () => {
      listeners.delete(listener);
    };
  }

  set(client: string, pools: readonly WatchedPool[]): void {
    this.#pools.set(client, pools);
  }

  drop(client: string): void {
    this.#listeners.delete(client);
    this.#pools.delete(client);
  }

  clients(): readonly string[] {
    return [...this.#listeners.keys()];
  }

  isAnybodyListening(): boolean {
    return [...this.#listeners.values()].some((listeners) => listeners.size > 0);
  }

  poolsOf(client: string): readonly WatchedPool[] {
    return this.#pools.get(client) ?? [];
  }

  tell<K extends EventName>(client: string, name: K, data: Events[K]): void {
    for (const listener of this.#listeners.get(client) ?? []) listener(name, data);
  }

  tellAll<K extends EventName>(name: K, data: Events[K]): void {
    for (const client of this.#listeners.keys()) this.tell(client, name, data);
  }
}
