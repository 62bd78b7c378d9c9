import { createHash } from 'node:crypto';
import { equalsName } from '../http1/bytes.ts';
import { ChunkReader } from '../http1/chunked.ts';
import { fieldRoomBytes, putField, putInteger } from './hpack/encoder.ts';
import { isOfConnection, sendChunks, type MessageFrames } from './response.ts';

// What is left of the body: a number of bytes, or one of these.
const untilEnd = -1;
const chunked = -2;

function name(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const hostName = name('host');
const lengthName = name('content-length');
const codingName = name('transfer-encoding');
const upgradeName = name('upgrade');
const keyName = name('sec-websocket-key');
const websocketWord = name('websocket');
const connectWord = name('CONNECT');
const protocolName = name(':protocol');

// Places in HPACK's static table (RFC 7541 appendix A).
const authorityIndex = 1;
const methodIndex = 2;
const pathIndex = 4;
const schemeIndex = { http: 6, https: 7 } as const;

/** RFC 6455 1.3. */
const websocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Bytes that pseudo-headers may need beside what the head has. */
const roomBytes = 256;
let block: Buffer = Buffer.allocUnsafeSlow(16_384);

/** Turns an HTTP/1.1 request, as the engine forwards it (head whole in the first piece), into fields and data. */
export class RequestWriter {
  readonly #frames: MessageFrames;
  readonly #scheme: 'http' | 'https';
  readonly #mayTunnel: boolean;
  #hasHead = false;
  #left = 0;
  #chunks: ChunkReader | undefined = undefined;
  isHead = false;
  /** Of a WebSocket that is asked for: what the client expects as proof (RFC 6455 4.2.2); empty = none is. */
  accept = '';
  /** It asks for a tunnel that the member does not offer: nothing was written. */
  isRefused = false;

  /** `mayTunnel` = the member takes extended CONNECT (RFC 8441 3). */
  constructor(frames: MessageFrames, scheme: 'http' | 'https', mayTunnel: boolean) {
    this.#frames = frames;
    this.#scheme = scheme;
    this.#mayTunnel = mayTunnel;
  }

  write(bytes: Buffer): void {
    let at = 0;
    if (!this.#hasHead) {
      this.#hasHead = true;
      at = this.#writeHead(bytes);
    }
    if (at === bytes.length || this.isRefused) return;
    if (this.#chunks !== undefined) sendChunks(this.#frames, this.#chunks, bytes, at);
    else {
      if (this.#left > 0) this.#left -= bytes.length - at;
      this.#frames.sendBody(bytes, at, bytes.length, this.#left === 0);
    }
  }

  /** Answers where the body begins. */
  #writeHead(bytes: Buffer): number {
    const methodEnd = bytes.indexOf(32);
    const targetEnd = bytes.indexOf(32, methodEnd + 1);
    const fieldsStart = lineEnd(bytes, targetEnd) + 2;
    this.isHead = bytes.toString('latin1', 0, methodEnd) === 'HEAD';
    look(bytes, fieldsStart);
    const { isTunnel, hostStart, hostEnd } = found;
    this.isRefused = isTunnel && !this.#mayTunnel;
    if (this.isRefused) return bytes.length;
    const headEnd = bytes.indexOf('\r\n\r\n', fieldsStart - 2, 'latin1') + 4;
    const needed = 2 * headEnd + 160 * fieldRoomBytes + roomBytes;
    if (needed > block.length) block = Buffer.allocUnsafeSlow(needed);
    let at = isTunnel
      ? putText(putInteger(block, 0, 0, 15, methodIndex), connectWord, 0, connectWord.length)
      : putText(putInteger(block, 0, 0, 15, methodIndex), bytes, 0, methodEnd);
    block[at++] = 128 | schemeIndex[this.#scheme];
    at = putText(putInteger(block, at, 0, 15, pathIndex), bytes, methodEnd + 1, targetEnd);
    if (isTunnel)
      at = putField(block, at, Buffer.concat([protocolName, websocketWord]), 0, 9, 9, 9 + websocketWord.length);
    at = putText(putInteger(block, at, 0, 15, authorityIndex), bytes, hostStart, hostEnd);
    this.#left = isTunnel ? untilEnd : 0;
    at = this.#putFields(bytes, fieldsStart, at, isTunnel);
    this.#frames.sendFields(block, at, this.#left === 0);
    return headEnd;
  }

  #putFields(bytes: Buffer, fieldsStart: number, place: number, isTunnel: boolean): number {
    let at = place;
    eachField(bytes, fieldsStart, (nameStart, nameEnd, start, end) => {
      if (equalsName(bytes, nameStart, nameEnd, hostName)) return;
      if (equalsName(bytes, nameStart, nameEnd, codingName)) {
        this.#left = chunked;
        this.#chunks = new ChunkReader(true);
        this.#chunks.trailers = [];
        return;
      }
      if (isOfConnection(bytes, nameStart, nameEnd)) return;
      if (isTunnel && equalsName(bytes, nameStart, nameEnd, keyName)) {
        this.accept = createHash('sha1')
          .update(bytes.toString('latin1', start, end) + websocketGuid)
          .digest('base64');
        return;
      }
      if (!isTunnel && equalsName(bytes, nameStart, nameEnd, lengthName))
        this.#left = Number(bytes.toString('latin1', start, end));
      at = putField(block, at, bytes, nameStart, nameEnd, start, end);
    });
    return at;
  }
}

/** What has to be known before the first field is written. */
const found = { hostStart: 0, hostEnd: 0, isTunnel: false };

function look(bytes: Buffer, fieldsStart: number): void {
  found.hostStart = found.hostEnd = 0;
  found.isTunnel = false;
  eachField(bytes, fieldsStart, (nameStart, nameEnd, start, end) => {
    if (equalsName(bytes, nameStart, nameEnd, hostName)) {
      found.hostStart = start;
      found.hostEnd = end;
    } else if (equalsName(bytes, nameStart, nameEnd, upgradeName))
      found.isTunnel = equalsName(bytes, start, end, websocketWord);
  });
}

/** A string of HPACK without Huffman coding (RFC 7541 5.2). */
function putText(place: number, bytes: Buffer, start: number, end: number): number {
  const at = putInteger(block, place, 0, 127, end - start);
  bytes.copy(block, at, start, end);
  return at + end - start;
}

/** Each field of a well-formed head; the value without white space around it. */
function eachField(
  bytes: Buffer,
  fieldsStart: number,
  onField: (nameStart: number, nameEnd: number, valueStart: number, valueEnd: number) => void,
): void {
  let at = fieldsStart;
  while (bytes[at] !== 13 && at < bytes.length) {
    const nameEnd = bytes.indexOf(58, at);
    const end = lineEnd(bytes, nameEnd);
    let [from, to] = [nameEnd + 1, end];
    while (from < to && isSpace(bytes[from])) from++;
    while (to > from && isSpace(bytes[to - 1])) to--;
    onField(at, nameEnd, from, to);
    at = end + 2;
  }
}

function lineEnd(bytes: Buffer, start: number): number {
  return bytes.indexOf(13, start);
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}
