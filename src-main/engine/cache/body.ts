const smallSegmentBytes = 65_536;
const largeSegmentBytes = 262_144;

/** Hears of a body that is still coming. */
export interface BodyListener {
  readonly onBody: () => void;
  /** Bytes before it are not needed any more. */
  readonly offset: number;
}

/** A response's body as it arrives, and ever after: written once, in segments that are sent without a copy. */
export class Body {
  /** Announced by the member; undefined = nobody knows yet. */
  length: number | undefined;
  arrived = 0;
  isComplete = false;
  isBroken = false;
  /** Too large to be kept: only what its readers still need is held. */
  isWindow = false;
  #onConsumed: () => void = () => undefined;
  #firstHeld = 0;
  readonly #segments: (Buffer | undefined)[] = [];
  readonly #segmentBytes: number;
  readonly #listeners = new Set<BodyListener>();

  constructor(length: number | undefined) {
    this.length = length;
    this.#segmentBytes = length !== undefined && length > smallSegmentBytes ? largeSegmentBytes : smallSegmentBytes;
  }

  append(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end;) {
      const place = this.arrived % this.#segmentBytes;
      let segment = this.#segments[Math.floor(this.arrived / this.#segmentBytes)];
      if (segment === undefined) {
        const left = this.length === undefined ? this.#segmentBytes : this.length - this.arrived;
        segment = Buffer.allocUnsafeSlow(Math.min(this.#segmentBytes, Math.max(left, 1)));
        this.#segments.push(segment);
      }
      const taken = Math.min(end - at, segment.length - place);
      if (taken <= 0) return; // more than was announced: the framing has already cut it
      bytes.copy(segment, place, at, at + taken);
      at += taken;
      this.arrived += taken;
    }
  }

  /** Memory that it holds. */
  get heldBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + (segment?.length ?? 0), 0);
  }

  /** What has arrived of `[from, to)`, as much as lies in one piece; undefined = nothing yet. It never changes. */
  read(from: number, to: number): Buffer | undefined {
    const end = Math.min(to, this.arrived);
    if (from >= end) return undefined;
    const index = Math.floor(from / this.#segmentBytes);
    const place = from - index * this.#segmentBytes;
    return this.#segments[index]?.subarray(place, Math.min(place + end - from, this.#segmentBytes));
  }

  /** From now on it is not kept. `onConsumed` is called when its readers have gone on. */
  makeWindow(onConsumed: () => void): void {
    this.isWindow = true;
    this.#onConsumed = onConsumed;
  }

  /** What the slowest reader has still before it. */
  get unreadBytes(): number {
    return this.arrived - this.#leastOffset;
  }

  consumed(): void {
    const first = Math.floor(this.#leastOffset / this.#segmentBytes);
    while (this.#firstHeld < first) this.#segments[this.#firstHeld++] = undefined;
    this.#onConsumed();
  }

  get #leastOffset(): number {
    let least = this.arrived;
    for (const { offset } of this.#listeners) least = Math.min(least, offset);
    return least;
  }

  complete(): void {
    this.isComplete = true;
    this.length = this.arrived;
    const last = this.#segments.at(-1);
    const used = this.arrived % this.#segmentBytes;
    // The last segment of a body of unknown length is mostly empty.
    if (last !== undefined && used > 0 && used < last.length / 2)
      this.#segments[this.#segments.length - 1] = Buffer.from(last.subarray(0, used));
    this.tell();
  }

  break(): void {
    this.isBroken = true;
    this.tell();
  }

  listen(listener: BodyListener): void {
    this.#listeners.add(listener);
  }

  leave(listener: BodyListener): void {
    this.#listeners.delete(listener);
    if (this.isWindow) this.consumed();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  tell(): void {
    for (const listener of [...this.#listeners]) listener.onBody();
  }
}
