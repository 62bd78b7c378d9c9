import type { Bridge, CallInput, CallName, CallOutput, EventName, Events } from '$contract/api.ts';
import { AppError } from '$contract/errors.ts';
import { openWebBridge } from './web-bridge.ts';

/** The console as the window sees it: calls that throw `AppError`, events by name, and whether it can be reached. */
export interface Connection {
  readonly call: <K extends CallName>(name: K, input: CallInput<K>) => Promise<CallOutput<K>>;
  readonly on: <E extends EventName>(event: E, listener: (data: Events[E]) => void) => () => void;
  readonly onStatus: (listener: (status: 'open' | 'closed') => void) => () => void;
}

declare global {
  interface Window {
    /** Put there by the preload script of the desktop shell; absent in a browser. */
    readonly steelyard?: Bridge;
  }
}

/** The way to the console: the preload's bridge where there is one, else a WebSocket to the page's own origin. */
export function connect(): Connection {
  return overBridge(window.steelyard ?? openWebBridge(`${location.origin.replace(/^http/, 'ws')}/bridge`));
}

/** Types the bridge by the contract and turns failed outcomes into thrown `AppError`s again. */
export function overBridge(bridge: Bridge): Connection {
  return {
    async call<K extends CallName>(name: K, input: CallInput<K>): Promise<CallOutput<K>> {
      const outcome = await bridge.call(name, input);
      // The console answers each call with the contract's own type: one code base is built for both ends.
      if (outcome.ok) return outcome.value as CallOutput<K>;
      const { code, detail, raw } = outcome.problem;
      throw new AppError(code, detail, raw === undefined ? {} : { raw });
    },
    on<E extends EventName>(event: E, listener: (data: Events[E]) => void): () => void {
      return bridge.onEvent((name, data) => {
        if (name === event) listener(data as Events[E]); // the name decides the type of the data
      });
    },
    onStatus(listener: (status: 'open' | 'closed') => void): () => void {
      return bridge.onStatus?.(listener) ?? nothingToStop;
    },
  };
}

function nothingToStop(): void {
  // A bridge that is always open has no status to listen to.
}
