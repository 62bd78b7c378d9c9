import type { FrameSender, SendingStream } from './frame-sender.ts';

/** What one of several waiting streams sends in its turn. */
const turnBytes = 32_768;

/** The fields and the body of one message on their way out: what the peer's windows hold back waits here, in order. */
export class OutgoingBody {
  #unsent: Buffer[] = [];
  bytes = 0;
  #endsBehind = false;
  /** Trailers behind it. */
  #tail: Buffer | undefined = undefined;
  /** The last frame of the message has been put. */
  isEnded = false;

  /** `block[0, length)` is copied where it has to wait. */
  sendFields(sender: FrameSender, stream: SendingStream, block: Buffer, length: number, isEnd: boolean): void {
    if (this.bytes > 0) {
      this.#tail = Buffer.from(block.subarray(0, length));
      return;
    }
    sender.putFields(stream.id, block, length, isEnd);
    this.isEnded = isEnd;
  }

  /** The bytes must not change until `bytes` is 0. */
  sendBody(
    sender: FrameSender,
    stream: SendingStream,
    bytes: Buffer,
    start: number,
    end: number,
    isEnd: boolean,
  ): void {
    let at = start;
    if (this.bytes === 0) {
      at = sender.putData(stream, bytes, start, end, isEnd, Number.MAX_SAFE_INTEGER);
      if (at === end) {
        this.isEnded = isEnd;
        return;
      }
    }
    if (end > at) this.#unsent.push(bytes.subarray(at, end));
    this.bytes += end - at;
    this.#endsBehind ||= isEnd;
    sender.awaitRoom(stream);
  }

  /** There is room: one turn's part of what waits. */
  sendOn(sender: FrameSender, stream: SendingStream): void {
    let left = turnBytes;
    while (left > 0) {
      const [first] = this.#unsent;
      if (first === undefined) break;
      const isEnd = this.#endsBehind && this.#unsent.length === 1 && this.#tail === undefined;
      const sent = sender.putData(stream, first, 0, first.length, isEnd, left);
      left -= sent;
      this.bytes -= sent;
      if (sent < first.length) {
        this.#unsent[0] = first.subarray(sent);
        return;
      }
      this.#unsent.shift();
      if (isEnd) this.isEnded = true;
    }
    const tail = this.#tail;
    if (this.#unsent.length > 0 || tail === undefined) return;
    this.#tail = undefined;
    sender.putFields(stream.id, tail, tail.length, true);
    this.isEnded = true;
  }

  /** Nothing of it is wanted any more. */
  clear(): void {
    this.#unsent = [];
    this.bytes = 0;
    this.#tail = undefined;
  }
}
