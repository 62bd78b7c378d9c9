import type { AnswerMessage, CallContext, EventName, Events } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { toProblem } from '../contract/errors.ts';
import { answerMessage, type Report } from '../dispatch.ts';

/** One open connection that carries texts, whatever it is made of. */
export interface Wire {
  /** Sends one message; `sent` is called once the system has taken it, at once if the wire has closed. */
  readonly send: (text: string, sent: () => void) => void;
  /** Stops and goes on reading: what the other end writes meanwhile waits with it. */
  readonly pause: () => void;
  readonly resume: () => void;
}

export interface Peer {
  readonly take: (text: string) => void;
  /** Calls that are not answered yet. */
  readonly openCalls: () => number;
  readonly end: () => void;
}

/** So many calls of one client run at a time; the rest waits unread in the client's own socket. */
const mostOpenCalls = 64;

/** Joins a client to the console: takes its calls, tells it the events, until `end`. */
export function joinPeer(console: Console, wire: Wire, context: CallContext, report: Report): Peer {
  const outbox = openOutbox(wire);
  const stopEvents = console.onEvent(context.client, outbox.tell);
  let openCalls = 0;

  async function answer(text: string): Promise<void> {
    openCalls += 1;
    if (openCalls >= mostOpenCalls) wire.pause();
    const reply = await answerMessage(console.handlers, parseJson(text), context, report);
    wire.send(encode(reply), () => {
      openCalls -= 1;
      wire.resume();
    });
  }

  return {
    take: (text) => void answer(text),
    openCalls: () => openCalls,
    end: () => {
      stopEvents();
      outbox.close();
      console.dropClient(context.client);
    },
  };
}

/**
 * Events on their way to one client. While it has not taken one, newer snapshots replace older ones of the same subject, so that a
 * slow client costs one snapshot per subject and gets the newest when it can.
 */
function openOutbox(wire: Wire): { tell: <K extends EventName>(name: K, data: Events[K]) => void; close: () => void } {
  const waiting = new Map<string, { readonly event: EventName; readonly data: unknown }>();
  let isSending = false;
  let isClosed = false;

  function sendNext(): void {
    const [next] = waiting;
    if (isClosed || next === undefined) {
      isSending = false;
      return;
    }
    isSending = true;
    waiting.delete(next[0]);
    wire.send(JSON.stringify(next[1]), sendNext);
  }

  return {
    tell: (name, data) => {
      waiting.set(subjectOf(name, data), { event: name, data });
      if (!isSending) sendNext();
    },
    close: () => {
      isClosed = true;
      waiting.clear();
    },
  };
}

/** What a snapshot replaces: pushes and tests run side by side, one must not swallow the end of another. */
function subjectOf<K extends EventName>(name: K, data: Events[K]): string {
  if ('testId' in data) return `${name} ${data.testId}`;
  if ('phase' in data) return `${name} ${data.id}`;
  return name;
}

/** A handler's value that JSON cannot carry is our mistake; the client is told so and does not wait for ever. */
function encode(reply: AnswerMessage): string {
  try {
    return JSON.stringify(reply);
  } catch (error) {
    return JSON.stringify({ id: reply.id, outcome: { ok: false, problem: toProblem(error) } });
  }
}

/** What is not JSON comes out as `undefined`, which no message schema takes. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
