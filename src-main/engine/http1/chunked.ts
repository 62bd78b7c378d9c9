import { CR, hexValue, HTAB, isFieldByte, isToken, LF, COLON, SP } from './bytes.ts';

const sizeStart = 0;
const size = 1;
const extension = 2;
const sizeLf = 3;
const data = 4;
const dataCr = 5;
const dataLf = 6;
const trailerStart = 7;
const trailerName = 8;
const trailerValue = 9;
const trailerLf = 10;
const finalLf = 11;
const padding = 12;

/** Chunk extensions and trailers together may not be longer than this. */
const maxOverheadBytes = 16_384;

const needMore = -1;
const broken = -2;

/**
 * Follows a chunked body (RFC 9112 7.1) byte by byte of its framing, whole pieces of its data. Strict: a size has 1 to 13
 * hexadecimal digits, lines end with CR LF, trailers are well-formed fields that carry no framing. White space behind a size
 * stands before an extension; of members it may also fill up the line, as old servers do.
 */
export class ChunkReader {
  #state = sizeStart;
  #left = 0;
  #digits = 0;
  #overhead = 0;
  #name = '';
  #value = '';
  /** Where it is an array, trailers are gathered there: name, value, name, value ... (values latin1, white space trimmed). */
  trailers: string[] | undefined = undefined;
  /** Bytes of data so far. */
  dataBytes = 0;
  readonly #isOfClient: boolean;

  /** `isOfClient` = of a request. */
  constructor(isOfClient = false) {
    this.#isOfClient = isOfClient;
  }

  reset(): void {
    this.#state = sizeStart;
    this.#left = this.#digits = this.#overhead = this.dataBytes = 0;
    this.#name = '';
  }

  /**
   * Reads `bytes[start, end)`; `reset` comes before each body. Answers the offset behind the body's end, -1 = it goes on, -2 = it is broken. With `onData`
   * the data without its framing is handed on (offsets are valid during the call).
   */
  read(bytes: Uint8Array, start: number, end: number, onData?: (from: number, to: number) => void): number {
    let at = start;
    while (at < end) {
      const byte = bytes[at] ?? 0;
      switch (this.#state) {
        case sizeStart:
        case size: {
          const digit = hexValue[byte] ?? 255;
          if (digit !== 255) {
            if (++this.#digits > 13) return broken;
            this.#left = this.#left * 16 + digit;
            this.#state = size;
          } else if (this.#state === sizeStart) return broken;
          else if (byte === CR) this.#state = sizeLf;
          else if (byte === 59) this.#state = extension;
          else if (byte === SP || byte === HTAB) this.#state = padding;
          else return broken;
          at++;
          break;
        }
        case padding:
          if (byte === 59) this.#state = extension;
          else if (byte === CR && !this.#isOfClient) this.#state = sizeLf;
          else if ((byte !== SP && byte !== HTAB) || ++this.#overhead > maxOverheadBytes) return broken;
          at++;
          break;
        case extension:
          if (byte === CR) this.#state = sizeLf;
          else if (isFieldByte[byte] !== 1 || ++this.#overhead > maxOverheadBytes) return broken;
          at++;
          break;
        case sizeLf:
          if (byte !== LF) return broken;
          this.#digits = 0;
          this.#state = this.#left === 0 ? trailerStart : data;
          at++;
          break;
        case data: {
          const take = Math.min(this.#left, end - at);
          onData?.(at, at + take);
          this.#left -= take;
          this.dataBytes += take;
          at += take;
          if (this.#left === 0) this.#state = dataCr;
          break;
        }
        case dataCr:
          if (byte !== CR) return broken;
          this.#state = dataLf;
          at++;
          break;
        case dataLf:
          if (byte !== LF) return broken;
          this.#state = sizeStart;
          at++;
          break;
        case trailerStart:
          if (byte === CR) this.#state = finalLf;
          else if (isToken[byte] === 1) {
            this.#name = String.fromCharCode(byte);
            this.#state = trailerName;
          } else return broken;
          at++;
          break;
        case trailerName:
          if (byte === COLON) {
            if (isForbiddenTrailer(this.#name)) return broken;
            this.#value = '';
            this.#state = trailerValue;
          } else if (isToken[byte] === 1) {
            if (++this.#overhead > maxOverheadBytes) return broken;
            this.#name += String.fromCharCode(byte);
          } else return broken;
          at++;
          break;
        case trailerValue:
          if (byte === CR) this.#state = trailerLf;
          else if (isFieldByte[byte] !== 1 || ++this.#overhead > maxOverheadBytes) return broken;
          else if (this.trailers !== undefined) this.#value += String.fromCharCode(byte);
          at++;
          break;
        case trailerLf:
          if (byte !== LF) return broken;
          this.trailers?.push(this.#name, this.#value.trim());
          this.#state = trailerStart;
          at++;
          break;
        default:
          if (byte !== LF) return broken;
          return at + 1;
      }
    }
    return needMore;
  }
}

/** Framing, routing and the like must not come behind the body (RFC 9110 6.5.1). */
function isForbiddenTrailer(name: string): boolean {
  return forbiddenTrailers.has(name.toLowerCase());
}

const forbiddenTrailers: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'connection',
  'trailer',
  'te',
  'upgrade',
  'expect',
  'authorization',
  'cookie',
  'set-cookie',
  'content-encoding',
  'content-type',
  'content-range',
]);
