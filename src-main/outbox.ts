import type { EventMessage, EventName, Events } from './contract/api.ts';
import type { EventListener } from './contract/console.ts';

export interface Outbox {
  readonly tell: EventListener;
  readonly close: () => void;
}

/**
 * Events on their way to one client. While it has not taken one, newer snapshots replace older ones of the same subject, so that a
 * slow client costs one snapshot per subject and gets the newest when it can.
 */
export function openOutbox(send: (message: EventMessage, sent: () => void) => void): Outbox {
  const waiting = new Map<string, EventMessage>();
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
    send(next[1], sendNext);
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
