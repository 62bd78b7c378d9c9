import type { Transform } from 'node:stream';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { ResponseSink, ResponseSource } from '../cache/sink.ts';
import type { Coding } from './negotiate.ts';

/** So many responses of a worker are compressed at a time, the others leave as they are: each holds memory and a share of the threads. */
const maxEncoders = 64;
const crlf = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');

let running = 0;

export function hasEncoderRoom(): boolean {
  return running < maxEncoders;
}

/**
 * Compresses one body on its way: what a member sends goes in, at the pace at which the client takes what comes out. Node compresses in
 * threads of its own.
 */
export class Encoder implements ResponseSource {
  readonly #stream: Transform;
  readonly #sink: ResponseSink;
  readonly #isFramed: boolean;
  #isOver = false;

  /** `onRoom` = more may be written. */
  constructor(coding: Coding, sink: ResponseSink, onRoom: () => void) {
    running++;
    this.#sink = sink;
    this.#isFramed = !sink.isHttp10;
    this.#stream = create(coding);
    this.#stream.on('data', (bytes: Buffer) => {
      this.#onOutput(bytes);
    });
    this.#stream.on('drain', onRoom);
    this.#stream.on('end', () => {
      this.#finish();
    });
    this.#stream.on('error', () => {
      if (this.#isOver) return;
      this.cancel();
      sink.truncate();
    });
  }

  /** The bytes are copied. False = `onRoom` comes. */
  write(bytes: Buffer, from: number, to: number): boolean {
    return this.#stream.write(Buffer.from(bytes.subarray(from, to)));
  }

  end(): void {
    this.#stream.end();
  }

  onFlushed(): void {
    this.#stream.resume();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    running--;
    this.#stream.destroy();
  }

  #onOutput(bytes: Buffer): void {
    if (this.#isOver) return;
    for (let at = 0; at < bytes.length; at += this.#sink.pieceBytes) {
      const piece = bytes.subarray(at, at + this.#sink.pieceBytes);
      const size = Buffer.from(`${piece.length.toString(16)}\r\n`, 'latin1');
      const isSent = this.#sink.send(this.#isFramed ? Buffer.concat([size, piece, crlf]) : piece);
      if (!isSent) this.#stream.pause();
    }
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    running--;
    if (this.#isFramed) this.#sink.send(lastChunk);
    this.#sink.finish();
  }
}

/** Levels that keep up with a network: more costs several times the processor for a few per cent. */
function create(coding: Coding): Transform {
  switch (coding) {
    case 'gzip':
      return createGzip({ level: 5 });
    case 'br':
      return createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
    case 'zstd':
      return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  }
}
