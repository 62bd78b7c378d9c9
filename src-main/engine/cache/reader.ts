import type { BodyListener } from './body.ts';
import type { Entry } from './entry.ts';
import type { ByteRange } from './ranges.ts';
import type { ResponseSink, ResponseSource } from './sink.ts';

/** What one client gets of an entry. */
export interface Selection {
  readonly status: number;
  /** 206: one part, or several as multipart/byteranges; else the whole. */
  readonly ranges: readonly ByteRange[] | undefined;
  /** Cache-Status (RFC 9211): how it was found. */
  readonly found: string;
  readonly ageMs: number;
}

/** Bytes of its own, or a part of the body. */
type Piece =
  | { readonly literal: Buffer; readonly range?: undefined }
  | { readonly literal?: undefined; readonly range: ByteRange };

const crlf = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');
/** Head and body of a small response leave in one write. */
const joinedBytes = 16_384;

/** Sends an entry, or parts of it, to one client at the client's pace, as far as it has arrived. */
export class Reader implements ResponseSource, BodyListener {
  readonly #sink: ResponseSink;
  readonly #entry: Entry;
  readonly #onServed: (bytes: number) => void;
  #pieces: Piece[] = [];
  #at = 0;
  #isChunked = false;
  #isBlocked = false;
  #isOver = false;

  constructor(sink: ResponseSink, entry: Entry, onServed: (bytes: number) => void) {
    this.#sink = sink;
    this.#entry = entry;
    this.#onServed = onServed;
  }

  start(selection: Selection, dateMs: number): void {
    const { body } = this.#entry;
    this.#sink.attach(this);
    const boundary = selection.ranges !== undefined && selection.ranges.length > 1 ? boundaryOf(dateMs) : '';
    this.#pieces = this.#plan(selection, boundary);
    const isBodiless = this.#pieces.length === 0;
    const length = isBodiless ? undefined : this.#length();
    this.#isChunked = length === undefined && !isBodiless && !this.#sink.isHttp10;
    this.#sink.begin(selection.status, length === undefined && !isBodiless && this.#sink.isHttp10);
    const head = Buffer.from(this.#head(selection, boundary, length), 'latin1');
    if (this.#sink.isHead) this.#pieces = [];
    const small = this.#joined(head);
    if (small !== undefined) {
      this.#pieces = [];
      this.#send(small, small.length - head.length);
    } else this.#send(head, 0);
    body.listen(this);
    this.#pump();
  }

  onFlushed(): void {
    this.#isBlocked = false;
    this.#pump();
  }

  /** Where it reads next. */
  get offset(): number {
    const [piece] = this.#pieces;
    return piece?.range === undefined ? 0 : piece.range.from + this.#at;
  }

  onBody(): void {
    if (!this.#isBlocked) this.#pump();
  }

  cancel(): void {
    this.#isOver = true;
    this.#entry.body.leave(this);
  }

  #plan({ status, ranges }: Selection, boundary: string): Piece[] {
    const { body, fields } = this.#entry;
    if (status === 304 || status === 204 || status === 416) return [];
    if (ranges === undefined) return [{ range: { from: 0, to: body.length ?? Number.POSITIVE_INFINITY } }];
    if (ranges.length === 1) return ranges.map((range) => ({ range }));
    const type = fields.get('content-type');
    const typeLine = type === undefined ? '' : `Content-Type: ${type}\r\n`;
    const pieces = ranges.flatMap((range): Piece[] => {
      const top = `\r\n--${boundary}\r\n${typeLine}Content-Range: ${contentRange(range, body.length)}\r\n\r\n`;
      return [{ literal: Buffer.from(top, 'latin1') }, { range }];
    });
    return [...pieces, { literal: Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1') }];
  }

  #length(): number | undefined {
    const sum = this.#pieces.reduce(
      (total, { literal, range }) => total + (literal?.length ?? (range === undefined ? 0 : range.to - range.from)),
      0,
    );
    return Number.isFinite(sum) ? sum : undefined;
  }

  #head({ status, ranges, found, ageMs }: Selection, boundary: string, length: number | undefined): string {
    const { headText, fields, body } = this.#entry;
    const age = `Age: ${Math.floor(ageMs / 1000)}\r\nCache-Status: Steelyard; ${found}\r\n`;
    const connection = this.#sink.keepsAlive
      ? this.#sink.isHttp10
        ? 'Connection: keep-alive\r\n'
        : ''
      : 'Connection: close\r\n';
    const framing = this.#isChunked
      ? 'Transfer-Encoding: chunked\r\n'
      : length === undefined
        ? ''
        : `Content-Length: ${length}\r\n`;
    if (status === 304)
      return `HTTP/1.1 304 Not Modified\r\n${fields.without(bodyFields).render()}${age}${connection}\r\n`;
    if (status === 416) {
      return `HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */${body.length ?? '*'}\r\nContent-Length: 0\r\n${age}${connection}\r\n`;
    }
    if (ranges === undefined) return `${headText}${age}${framing}${connection}\r\n`;
    const [only] = ranges;
    const part =
      only !== undefined && ranges.length === 1
        ? `${fields.render()}Content-Range: ${contentRange(only, body.length)}\r\n`
        : `${fields.without(typeField).render()}Content-Type: multipart/byteranges; boundary=${boundary}\r\n`;
    return `HTTP/1.1 206 Partial Content\r\n${part}${age}${framing}${connection}\r\n`;
  }

  /** Head and whole body in one buffer, where the body is there and small. */
  #joined(head: Buffer): Buffer | undefined {
    const range = this.#pieces.length === 1 ? this.#pieces[0]?.range : undefined;
    if (range === undefined || range.to - range.from > joinedBytes) return undefined;
    const bytes = this.#entry.body.read(range.from, range.to);
    return bytes?.length === range.to - range.from ? Buffer.concat([head, bytes]) : undefined;
  }

  #pump(): void {
    const { body } = this.#entry;
    while (!this.#isOver && !this.#isBlocked) {
      const [piece] = this.#pieces;
      if (piece === undefined) {
        this.#finish();
        return;
      }
      const { literal, range } = piece;
      if (literal !== undefined) {
        this.#pieces.shift();
        this.#send(literal, literal.length);
        continue;
      }
      const from = range.from + this.#at;
      const end = body.isComplete ? Math.min(range.to, body.arrived) : range.to;
      if (from >= end) {
        this.#pieces.shift();
        this.#at = 0;
        continue;
      }
      const bytes = body.read(from, Math.min(end, from + this.#sink.pieceBytes));
      if (bytes === undefined) {
        if (body.isBroken) this.#truncate();
        return;
      }
      this.#at += bytes.length;
      if (body.isWindow) body.consumed();
      if (this.#isChunked) {
        const size = Buffer.from(`${bytes.length.toString(16)}\r\n`, 'latin1');
        this.#send(Buffer.concat([size, bytes, crlf]), bytes.length);
      } else this.#send(bytes, bytes.length);
    }
  }

  #send(bytes: Buffer, bodyBytes: number): void {
    this.#onServed(bodyBytes);
    if (!this.#sink.send(bytes)) this.#isBlocked = true;
  }

  #finish(): void {
    this.cancel();
    if (this.#isChunked && !this.#sink.isHead) this.#sink.send(lastChunk);
    this.#sink.finish();
  }

  #truncate(): void {
    this.cancel();
    this.#sink.truncate();
  }
}

/** Fields that describe a body which a 304 does not have. */
const bodyFields: ReadonlySet<string> = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'content-range',
]);
const typeField: ReadonlySet<string> = new Set(['content-type']);

function contentRange({ from, to }: ByteRange, length: number | undefined): string {
  return `bytes ${from}-${to - 1}/${length ?? '*'}`;
}

let boundaries = 0;

/** Unlikely in any body: RFC 2046 asks that it does not occur there. */
function boundaryOf(dateMs: number): string {
  boundaries++;
  return `steelyard-${dateMs.toString(36)}-${boundaries.toString(36)}-${Math.trunc(performance.now() * 1e6).toString(36)}`;
}
