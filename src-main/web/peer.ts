import type { AnswerMessage, CallContext } from '../contract/api.ts';
import type { Console } from '../contract/console.ts';
import { toProblem } from '../contract/errors.ts';
import { answerMessage, type Report } from '../dispatch.ts';
import { openOutbox } from '../outbox.ts';

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
  const outbox = openOutbox((message, sent) => {
    wire.send(JSON.stringify(message), sent);
  });
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
