import { type CallName, calls, type EventName, type Events, type Handlers } from '../../src-main/contract/api.ts';
import type { Console, EventListener } from '../../src-main/contract/console.ts';
import { AppError } from '../../src-main/contract/errors.ts';

export interface SmallConsole extends Console {
  /** Tells every client. */
  readonly tell: <K extends EventName>(name: K, data: Events[K]) => void;
  /** Clients that listen now. */
  readonly clients: () => readonly string[];
  readonly dropped: readonly string[];
}

/** A console without parts, for tests of the ways in: it does what `handlers` say and refuses every other call. */
export function openSmallConsole(handlers: Partial<Handlers> = {}): SmallConsole {
  const listeners = new Map<EventListener, string>();
  const dropped: string[] = [];
  return {
    handlers: { ...refuseAll(), ...handlers },
    onEvent: (client, listener) => {
      listeners.set(listener, client);
      return () => listeners.delete(listener);
    },
    dropClient: (client) => {
      dropped.push(client);
    },
    sleep: () => Promise.resolve(),
    wake: () => Promise.resolve(),
    close: () => Promise.resolve(),
    tell: (name, data) => {
      for (const listener of listeners.keys()) listener(name, data);
    },
    clients: () => [...listeners.values()],
    dropped,
  };
}

function refuseAll(): Handlers {
  const names = Object.keys(calls) as CallName[]; // Object.keys gives string[]
  return Object.fromEntries(names.map((name) => [name, refuse])) as unknown as Handlers; // one entry for every name
}

function refuse(): Promise<never> {
  return Promise.reject(new AppError('NOT_FOUND', 'The small console has no such part.'));
}
