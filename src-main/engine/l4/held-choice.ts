import type { Decision } from '../persistence/decision.ts';
import type { Asker } from '../persistence/held-tables.ts';
import type { Holding } from '../persistence/holding.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import type { PoolRuntime } from '../runtime/pool.ts';
import type { ConnectionView } from './connection-view.ts';

/** A decision that never settles must not keep a client for ever. */
const maxAsks = 3;

/** Chooses for a client that its pool holds. Another worker may know it: then `onSettled` says when to choose again. */
export class HeldChoice implements Asker {
  /** The answer is still to come. */
  isAsking = false;
  readonly #onSettled: () => void;
  #holding: Holding | undefined = undefined;
  /** Name of the member that the client is held on; empty = none. */
  #heldOn = '';
  #asks = 0;
  #ticket = 0;

  constructor(onSettled: () => void) {
    this.#onSettled = onSettled;
  }

  /** The member that holds the client, else a new one which then holds it; one that is only full is stood in for. Undefined = none has room, or `isAsking`. */
  choose(
    pool: PoolRuntime,
    holding: Holding,
    view: ConnectionView,
    avoided: MemberRuntime | undefined,
  ): MemberRuntime | undefined {
    if (holding !== this.#holding) {
      this.#holding = holding;
      this.#asks = 0;
      this.#heldOn = holding.find(view, performance.now());
    }
    for (;;) {
      const held = this.#heldOn === '' ? undefined : pool.member(this.#heldOn);
      const isHeld = held?.servesHeld === true && held !== avoided;
      if (isHeld && !held.isFull) return held;
      const member = pool.choose(view, avoided);
      if (member === undefined || isHeld || this.#asks === maxAsks) return member;
      this.#asks++;
      const name = holding.hold(view, member.name, this.#heldOn, performance.now(), this, ++this.#ticket);
      if (name === '') {
        this.isAsking = true;
        return undefined;
      }
      this.#heldOn = name;
      if (name === member.name) return member;
    }
  }

  /** A member gave the client's TLS session this id. */
  learn(sessionId: string, member: string): void {
    this.#holding?.learn(sessionId, member, performance.now());
  }

  onHeld(ticket: number, member: string, by: Decision['by']): void {
    if (!this.isAsking || ticket !== this.#ticket) return;
    this.isAsking = false;
    this.#holding?.count(by);
    this.#heldOn = member;
    this.#onSettled();
  }

  /** The client has gone: an answer that still comes is nobody's. */
  cancel(): void {
    this.isAsking = false;
  }
}
