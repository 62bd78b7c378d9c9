/** Something that happened in the engine, as `/v1/events` and the JSON lines on standard output tell it. */
export interface EngineEvent {
  /** Of this engine, from 1 on. */
  readonly id: number;
  readonly at: string;
  readonly event:
    | 'health'
    | 'config'
    | 'member'
    | 'worker'
    | 'certificate'
    | 'limit'
    | 'reload-failed'
    | 'log-failed'
    | 'finishing'
    | 'discovery';
  readonly [key: string]: unknown;
}

type Listener = (event: EngineEvent) => void;

/** So many events are kept for whoever comes back. */
const keptEvents = 1000;

/** Hands events to whoever listens, and keeps the last for whoever comes back. */
export class EventBus {
  readonly #listeners = new Set<Listener>();
  readonly #kept: EngineEvent[] = [];
  #lastId = 0;

  emit(event: EngineEvent['event'], about: Readonly<Record<string, unknown>>): void {
    this.#lastId++;
    const whole: EngineEvent = { id: this.#lastId, at: new Date().toISOString(), event, ...about };
    this.#kept.push(whole);
    if (this.#kept.length > keptEvents) this.#kept.shift();
    for (const listener of this.#listeners) listener(whole);
  }

  /** Answers the function that ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** What is kept of the events after `id`, and how many of them are not kept any more. */
  after(id: number): { readonly events: readonly EngineEvent[]; readonly missed: number } {
    const events = this.#kept.filter((event) => event.id > id);
    return { events, missed: Math.max(0, (events[0]?.id ?? this.#lastId + 1) - id - 1) };
  }
}
