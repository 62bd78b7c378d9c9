import { ChunkReader } from '../http1/chunked.ts';
import { equalsName } from '../http1/bytes.ts';
import { head, scanResponse } from '../http1/head.ts';
import { fieldRoomBytes, putField, putStatus } from './hpack/encoder.ts';

// What is left of the body: a number of bytes, or one of these.
const untilClose = -1;
const chunked = -2;

/** Where the parts of a message go to; bytes are valid during the call only, and `isEnd` = nothing follows. */
export interface MessageFrames {
  readonly sendFields: (block: Buffer, length: number, isEnd: boolean) => void;
  readonly sendBody: (bytes: Buffer, start: number, end: number, isEnd: boolean) => void;
}

/** Where blocks are put together. */
let block: Buffer = Buffer.allocUnsafeSlow(16_384);

/** Turns the bytes of HTTP/1.1 responses (whole heads at a time), one after another, into fields and data. */
export class ResponseWriter {
  readonly #frames: MessageFrames;
  #isHead = false;
  #isTunnel = false;
  #hasHead = false;
  #left = 0;
  #chunks: ChunkReader | undefined = undefined;
  isTunnelling = false;
  /** Everything that the head announced has come. */
  isComplete = false;

  constructor(frames: MessageFrames) {
    this.#frames = frames;
  }

  /** The next response answers such a request. */
  begin(isHead: boolean, isTunnel: boolean): void {
    this.#isHead = isHead;
    this.#isTunnel = isTunnel;
    this.#hasHead = this.isTunnelling = this.isComplete = false;
    this.#left = 0;
  }

  /** True where nothing but the end of the connection can tell that the body is whole. */
  get endsByClose(): boolean {
    return this.#hasHead && this.#left === untilClose;
  }

  /** False = a head that cannot be read: only a mistake of our own. */
  write(bytes: Buffer): boolean {
    let at = 0;
    while (!this.#hasHead) {
      if (at === bytes.length) return true;
      const end = scanResponse(bytes, at, bytes.length, bytes.length);
      if (end <= 0) return false;
      this.#takeHead(bytes, end - at);
      at = end;
    }
    if (!this.isComplete && at < bytes.length) this.#takeBody(bytes, at);
    return true;
  }

  #takeHead(bytes: Buffer, length: number): void {
    let { status } = head;
    if (status === 101 && this.#isTunnel) {
      this.#hasHead = this.isTunnelling = true;
      this.#left = untilClose;
      status = 200;
    } else if (status >= 200) {
      this.#hasHead = true;
      const hasNoBody = this.#isHead || status === 204 || status === 304;
      this.#left = hasNoBody ? 0 : head.isChunked ? chunked : head.contentLength;
      this.isComplete = this.#left === 0;
      if (this.#left === chunked) this.#startChunks();
    }
    const room = length + (head.fieldCount + 1) * fieldRoomBytes;
    if (room > block.length) block = Buffer.allocUnsafeSlow(room);
    this.#frames.sendFields(block, this.#putFields(bytes, status), this.isComplete);
  }

  #startChunks(): void {
    const chunks = (this.#chunks ??= new ChunkReader());
    chunks.reset();
    chunks.trailers = [];
  }

  #putFields(bytes: Buffer, status: number): number {
    const { fields, fieldCount } = head;
    let at = putStatus(block, 0, status);
    for (let index = 0; index < fieldCount; index++) {
      const from = index * 5;
      const nameStart = fields[from] ?? 0;
      const nameEnd = fields[from + 1] ?? 0;
      if (isOfConnection(bytes, nameStart, nameEnd)) continue;
      if (this.isTunnelling && equalsName(bytes, nameStart, nameEnd, acceptName)) continue;
      at = putField(block, at, bytes, nameStart, nameEnd, fields[from + 2] ?? 0, fields[from + 3] ?? 0);
    }
    return at;
  }

  readonly #onLastChunk = (): void => {
    this.isComplete = true;
  };

  #takeBody(bytes: Buffer, start: number): void {
    if (this.#left === chunked) {
      if (this.#chunks !== undefined) sendChunks(this.#frames, this.#chunks, bytes, start, this.#onLastChunk);
      return;
    }
    if (this.#left > 0) {
      this.#left -= bytes.length - start;
      this.isComplete = this.#left === 0;
    }
    this.#frames.sendBody(bytes, start, bytes.length, this.isComplete);
  }
}

/**
 * Sends what `bytes` from `start` on has of a chunked body. One piece behind, so that the last one ends the
 * stream; `onEnd` comes before what ends it is sent.
 */
export function sendChunks(
  frames: MessageFrames,
  chunks: ChunkReader,
  bytes: Buffer,
  start: number,
  onEnd?: () => void,
): void {
  let [pieceStart, pieceEnd] = [0, 0];
  const after = chunks.read(bytes, start, bytes.length, (from, to) => {
    if (from === to) return;
    if (pieceEnd > pieceStart) frames.sendBody(bytes, pieceStart, pieceEnd, false);
    pieceStart = from;
    pieceEnd = to;
  });
  const isEnd = after >= 0;
  const trailers = isEnd ? (chunks.trailers ?? []) : [];
  if (isEnd) onEnd?.();
  const endsHere = isEnd && trailers.length === 0;
  if (pieceEnd > pieceStart || endsHere) frames.sendBody(bytes, pieceStart, pieceEnd, endsHere);
  if (trailers.length === 0) return;
  const fields = trailerBlock(trailers);
  frames.sendFields(fields, fields.length, true);
}

/** Trailers (name, value, name, value ...) as a block of fields, valid until the next one is made. */
function trailerBlock(trailers: readonly string[]): Buffer {
  return block.subarray(0, putTrailers(trailers));
}

function putTrailers(trailers: readonly string[]): number {
  let at = 0;
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] ?? '';
    const line = Buffer.from(name + (trailers[index + 1] ?? ''), 'latin1');
    if (isOfConnection(line, 0, name.length)) continue;
    const room = at + line.length + fieldRoomBytes;
    if (room > block.length) block = Buffer.concat([block.subarray(0, at), Buffer.allocUnsafeSlow(room)]);
    at = putField(block, at, line, 0, name.length, name.length, line.length);
  }
  return at;
}

const acceptName = Buffer.from('sec-websocket-accept', 'latin1');

/** RFC 9113 8.2.2: what concerns one HTTP/1.1 connection is not said. */
const ofConnection = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'].map((name) =>
  Buffer.from(name, 'latin1'),
);

/** Does the field of this name concern one HTTP/1.1 connection alone? */
export function isOfConnection(bytes: Buffer, start: number, end: number): boolean {
  switch (end - start) {
    case 7:
    case 10:
    case 16:
    case 17:
      return ofConnection.some((name) => equalsName(bytes, start, end, name));
    default:
      return false;
  }
}
