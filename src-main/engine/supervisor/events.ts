/** Something that happened in the engine, as `/v1/events` and the JSON lines on standard output tell it. */
export interface EngineEvent {
  readonly at: string;
  readonly event:
    | 'health'
    | 'config'
    | 'member'
    | 'worker'
    | 'certificate'
    | 'reload-failed'
    | 'log-failed'
    | 'finishing'
    | 'discovery';
  readonly [key: string]: unknown;
}

type Listener = (event: EngineEvent) => void;

/** Hands events to whoever listens now; nothing is kept. */
export class EventBus {
  readonly #listeners = new Set<Listener>();

  emit(event: EngineEvent['event'], about: Readonly<Record<string, unknown>>): void {
    const whole: EngineEvent = { at: new Date().toISOString(), event, ...about };
    for (const listener of this.#listeners) listener(whole);
  }

  /** Answers the function that ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
