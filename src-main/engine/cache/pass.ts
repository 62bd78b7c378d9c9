import { readHead } from './fields.ts';
import type { ResponseSink, ResponseSource } from './sink.ts';

const notForwarded: ReadonlySet<string> = new Set(['connection', 'transfer-encoding']);

/** Hands a response that is not kept to the one client that asked, byte for byte as the member framed it, without a copy. */
export class Pass implements ResponseSource {
  readonly #sink: ResponseSink;
  readonly #onFlushed: () => void;
  readonly #onCancel: () => void;
  /** HTTP/1.0 knows no chunks: it gets the data and the end of the connection. */
  #decodes = false;
  isOver = false;

  constructor(sink: ResponseSink, calls: { readonly onFlushed: () => void; readonly onCancel: () => void }) {
    this.#sink = sink;
    this.#onFlushed = calls.onFlushed;
    this.#onCancel = calls.onCancel;
  }

  /** Answers false where nothing of the body is to come. */
  start(headText: string, status: number, length: number | undefined, found: string): void {
    const { startLine, fields } = readHead(headText);
    const isChunked = fields.get('transfer-encoding')?.toLowerCase() === 'chunked';
    this.#decodes = isChunked && this.#sink.isHttp10;
    this.#sink.attach(this);
    this.#sink.begin(status, length === undefined && (this.#decodes || !isChunked) && !this.#sink.isHead);
    const connection = this.#sink.keepsAlive
      ? this.#sink.isHttp10
        ? 'Connection: keep-alive\r\n'
        : ''
      : 'Connection: close\r\n';
    const framing = isChunked && !this.#decodes ? 'Transfer-Encoding: chunked\r\n' : '';
    const text = `${startLine}\r\n${fields.without(notForwarded).render()}Cache-Status: Steelyard; ${found}\r\n${framing}${connection}\r\n`;
    if (!this.#sink.send(Buffer.from(text, 'latin1'))) this.#isBlocked = true;
    if (this.#sink.isHead) this.end();
  }

  #isBlocked = false;

  onRaw(bytes: Buffer, from: number, to: number): boolean {
    if (this.isOver || this.#decodes) return !this.#isBlocked;
    if (!this.#sink.send(bytes.subarray(from, to))) this.#isBlocked = true;
    return !this.#isBlocked;
  }

  onData(bytes: Buffer, from: number, to: number): void {
    if (!this.#decodes || this.isOver) return;
    if (!this.#sink.send(Buffer.from(bytes.subarray(from, to)))) this.#isBlocked = true;
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#sink.finish();
  }

  break(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#sink.truncate();
  }

  onFlushed(): void {
    this.#isBlocked = false;
    if (!this.isOver) this.#onFlushed();
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#onCancel();
  }
}
