import type { FetchOwner, RunningFetch } from './fetch-owner.ts';
import { readHead, type Fields } from './fields.ts';
import { askMember } from './peer-wire.ts';

interface Link {
  readonly goOn: () => void;
  readonly close: () => void;
}

/** What of a response has been handed on, to go on from there. */
interface Begun {
  readonly status: number;
  readonly length: number;
  readonly validator: string;
  bytes: number;
}

/**
 * A request that another worker makes for all workers. Where that one does not answer it is made here; where it breaks off, what is
 * left comes from here too, if it is sure to be the same.
 */
export class PeerFetch implements FetchOwner, RunningFetch {
  readonly #owner: FetchOwner;
  readonly #fetchHere: (owner: FetchOwner) => RunningFetch;
  #link: Link | undefined;
  #own: RunningFetch | undefined;
  #begun: Begun | undefined;
  #hasHead = false;
  #isCancelled = false;

  constructor(owner: FetchOwner, ask: (owner: FetchOwner) => Link, fetchHere: (owner: FetchOwner) => RunningFetch) {
    this.#owner = owner;
    this.#fetchHere = fetchHere;
    this.#link = ask(this);
  }

  goOn(): void {
    this.#link?.goOn();
    this.#own?.goOn();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#link?.close();
    this.#own?.cancel();
  }

  onInterim(bytes: Buffer): void {
    this.#owner.onInterim(bytes);
  }

  onHead(bytes: Buffer, status: number, length: number | undefined): void {
    this.#hasHead = true;
    if (bytes.equals(askMember)) {
      // `onEnd` follows: this answer has no body.
      this.#hasHead = false;
      return;
    }
    const { startLine, fields } = readHead(bytes.toString('latin1'));
    const validator = validatorOf(fields);
    if (length !== undefined && validator !== '') this.#begun = { status, length, validator, bytes: 0 };
    const lines = fields.lines.filter(([name, value]) => !isOwnStatus(name, value));
    const text = `${startLine}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
    this.#owner.onHead(Buffer.from(text, 'latin1'), status, length);
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#begun !== undefined) this.#begun.bytes += to - from;
    this.#owner.onData(bytes, from, to);
  }

  onRaw(bytes: Buffer, from: number, to: number): boolean {
    return this.#owner.onRaw(bytes, from, to);
  }

  onEnd(): void {
    this.#link = undefined;
    if (this.#hasHead) this.#owner.onEnd();
    else this.#fetch(this.#owner);
  }

  onBroken(): void {
    this.#link = undefined;
    if (!this.#hasHead) this.#fetch(this.#owner);
    else if (this.#begun === undefined) this.#owner.onBroken();
    else this.#fetch(new Rest(this.#owner, this.#begun));
  }

  #fetch(owner: FetchOwner): void {
    // Its owner may not have it yet while it is being made.
    queueMicrotask(() => {
      if (this.#isCancelled) return;
      const own = this.#fetchHere(owner);
      this.#own = own;
      if (owner instanceof Rest) owner.begin(own);
    });
  }
}

/** The same response once more, of which the beginning is there already. */
class Rest implements FetchOwner {
  readonly #owner: FetchOwner;
  readonly #begun: Begun;
  #fetch: RunningFetch | undefined;
  #skipData: number;
  #skipRaw: number;
  #isOther = false;

  constructor(owner: FetchOwner, begun: Begun) {
    this.#owner = owner;
    this.#begun = begun;
    this.#skipData = this.#skipRaw = begun.bytes;
  }

  begin(fetch: RunningFetch): void {
    this.#fetch = fetch;
    if (this.#isOther) fetch.cancel();
  }

  onInterim(): void {
    // The client has the head already.
  }

  onHead(bytes: Buffer, status: number, length: number | undefined): void {
    const { fields } = readHead(bytes.toString('latin1'));
    const { status: before, length: whole, validator } = this.#begun;
    if (status === before && length === whole && validatorOf(fields) === validator) return;
    this.#isOther = true;
    this.#fetch?.cancel();
    this.#owner.onBroken();
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (this.#isOther) return;
    const skipped = Math.min(this.#skipData, to - from);
    this.#skipData -= skipped;
    if (from + skipped < to) this.#owner.onData(bytes, from + skipped, to);
  }

  onRaw(bytes: Buffer, from: number, to: number): boolean {
    const skipped = Math.min(this.#skipRaw, to - from);
    this.#skipRaw -= skipped;
    return this.#isOther || from + skipped >= to || this.#owner.onRaw(bytes, from + skipped, to);
  }

  onEnd(): void {
    if (!this.#isOther) this.#owner.onEnd();
  }

  onBroken(): void {
    if (!this.#isOther) this.#owner.onBroken();
  }
}

/** A strong ETag (RFC 9110 8.8.1): the bytes are the same; empty = there is none. */
function validatorOf(fields: Fields): string {
  const etag = fields.get('etag') ?? '';
  return etag.startsWith('"') ? etag : '';
}

function isOwnStatus(name: string, value: string): boolean {
  return name.toLowerCase() === 'cache-status' && value.startsWith('Steelyard;');
}
