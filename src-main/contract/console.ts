import type { EventName, Events, Handlers } from './api.ts';
import type { DeviceModel } from './model.ts';

/** Told of every event; one function for all names, so that a way in can pass them on unread. */
export type EventListener = <K extends EventName>(name: K, data: Events[K]) => void;

/**
 * The console as its ways in see it: window, browser, local socket and command line call `handlers` and pass events on, and know
 * nothing else of it. `client` is the same string as in the `CallContext` of that client's calls.
 */
export interface Console {
  readonly handlers: Handlers;
  /** Starts telling `listener`; the answer ends it. The tick that it hears carries the pools that this client watches. */
  readonly onEvent: (client: string, listener: EventListener) => () => void;
  /** Forgets what a client that has gone watched and was told. */
  readonly dropClient: (client: string) => void;
  /** The computer goes to sleep: what is unlocked is locked, nothing is polled, and no tick is told until `wake`. */
  readonly sleep: () => Promise<void>;
  /** Notes when it slept, and polls every device anew. */
  readonly wake: () => Promise<void>;
  /** Ends polls, pushes (as their journal says) and the lab, and gives the data directory free. */
  readonly close: () => Promise<void>;
}

/** A file of a native configuration on its way into a driver or out of it: bytes, never decoded and written back. */
export interface NativeFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** What the commands do with native configurations without a device. Both throw `AppError`. */
export interface NativeTools {
  readonly parseNative: (vendor: string, files: readonly NativeFile[]) => DeviceModel;
  /** The base with the model's changes written in: byte for byte the base where there are none. */
  readonly renderNative: (vendor: string, base: readonly NativeFile[], model: DeviceModel) => readonly NativeFile[];
}
