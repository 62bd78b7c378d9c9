import type { AnswerMessage, Bridge, CallMessage, CallName, EventMessage, EventName } from '$contract/api.ts';
import type { ErrorCode, Outcome } from '$contract/errors.ts';
import { errorRules } from '$contract/errors.ts';

type EventListener = (name: EventName, data: unknown) => void;
type StatusListener = (status: 'open' | 'closed') => void;
type Settle = (outcome: Outcome<unknown>) => void;

/** What the bridge needs of a socket: the browser's own has it, a test hands in another. */
export interface SocketLike {
  onopen: (() => void) | null;
  onclose: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  readonly send: (text: string) => void;
  readonly close: () => void;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** How long a call waits for a console that cannot be reached before it fails. */
const patienceMs = 8_000;

/**
 * A bridge over one WebSocket that is opened again with growing delays (0.25 s to 10 s) for as long as the page lives. Calls made
 * while it is closed wait at most 8 s; calls in flight when it closes fail and say that nobody knows whether they were carried out.
 */
export function openWebBridge(url: string, openSocket: (url: string) => SocketLike = browserSocket): Bridge {
  const events = new Set<EventListener>();
  const statuses = new Set<StatusListener>();
  const inFlight = new Map<number, Settle>();
  const waiting = new Map<number, { readonly message: CallMessage; readonly settle: Settle }>();
  let socket: SocketLike | undefined;
  let nextId = 1;
  let delayMs = firstDelayMs;

  function open(): void {
    const opening = openSocket(url);
    opening.onopen = () => {
      socket = opening;
      delayMs = firstDelayMs;
      for (const listener of statuses) listener('open');
      for (const [id, { message, settle }] of waiting) send(opening, message, settle, id);
      waiting.clear();
    };
    opening.onmessage = ({ data }) => {
      receive(String(data));
    };
    opening.onclose = () => {
      const wasOpen = socket === opening;
      if (wasOpen) socket = undefined;
      for (const settle of inFlight.values()) settle(failed('SESSION_CLOSED', lostDetail));
      inFlight.clear();
      if (wasOpen || delayMs === firstDelayMs) for (const listener of statuses) listener('closed');
      setTimeout(open, delayMs);
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    };
  }

  function receive(text: string): void {
    // The server is our own: it sends the contract's two forms and nothing else.
    const message = JSON.parse(text) as AnswerMessage | EventMessage;
    if ('event' in message) {
      for (const listener of events) listener(message.event, message.data);
      return;
    }
    inFlight.get(message.id)?.(message.outcome);
    inFlight.delete(message.id);
  }

  function send(to: SocketLike, message: CallMessage, settle: Settle, id: number): void {
    inFlight.set(id, settle);
    to.send(JSON.stringify(message));
  }

  function call(name: CallName, input: unknown): Promise<Outcome<unknown>> {
    const id = nextId++;
    const message: CallMessage = { id, call: name, input };
    return new Promise((settle) => {
      if (socket !== undefined) {
        send(socket, message, settle, id);
        return;
      }
      waiting.set(id, { message, settle });
      setTimeout(() => {
        if (waiting.delete(id)) settle(failed('UNREACHABLE', unreachableDetail));
      }, patienceMs);
    });
  }

  open();
  return {
    call,
    onEvent: (listener) => subscribe(events, listener),
    onStatus: (listener) => subscribe(statuses, listener),
  };
}

const lostDetail =
  'The connection to the console was lost before it answered. Whether the call was carried out is not known: look before you repeat it.';
const unreachableDetail =
  'The console does not answer. Nothing was sent. If it was restarted, open the link that it printed.';

function failed(code: ErrorCode, detail: string): Outcome<unknown> {
  return { ok: false, problem: { code, title: errorRules[code].title, detail } };
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function browserSocket(url: string): SocketLike {
  // A browser's socket passes a MessageEvent, which is more than the bridge asks for.
  return new WebSocket(url) as unknown as SocketLike;
}
