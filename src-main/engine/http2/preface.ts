import type { Socket } from 'node:net';
import { ClientConnection } from '../http1/client.ts';
import type { Endpoint } from '../http1/request-view.ts';
import type { WorkerContext } from '../runtime/context.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { Http2Connection } from './session.ts';

/** RFC 9113 3.4: what a client with prior knowledge says first. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** A clear text connection until it is known which HTTP it speaks; then only what hands its bytes on. */
export class PrefaceReader extends Timed implements ByteReader, OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #raw: Socket;
  readonly #endpoint: Endpoint | undefined;
  #gathered: Buffer = Buffer.alloc(0);
  #next: ByteReader | undefined = undefined;
  #isOver = false;

  constructor(context: WorkerContext, listener: Listener, attach: (reader: ByteReader) => Socket, endpoint?: Endpoint) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#endpoint = endpoint;
    this.#raw = attach(this);
    this.#raw.on('error', () => this.#raw.destroy());
    this.#raw.on('end', () => {
      if (!this.#isOver) this.#raw.destroy();
    });
    this.#raw.on('close', () => {
      this.#leave();
    });
    listener.connections.add(this);
    context.wheel.arm(this, listener.server.settings.http.headerTimeoutMs);
  }

  readBuffer(): Buffer {
    return this.#next?.readBuffer() ?? this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    if (this.#next !== undefined) return this.#next.onBytes(bytes, start, end);
    if (this.#isOver) return false;
    const gathered = Buffer.concat([this.#gathered, bytes.subarray(start, end)]);
    this.#gathered = gathered;
    const length = Math.min(gathered.length, preface.length);
    const isHttp2 = gathered.compare(preface, 0, length, 0, length) === 0;
    if (isHttp2 && length < preface.length) return true;
    this.#leave();
    return isHttp2 ? this.#startHttp2(gathered) : this.#startHttp1(gathered);
  }

  drain(): void {
    if (this.#gathered.length === 0) this.#raw.destroy();
  }

  /** No member works for it yet. */
  cut(): void {
    return undefined;
  }

  override onDeadline(): void {
    this.#raw.destroy();
  }

  #startHttp2(gathered: Buffer): boolean {
    this.#raw.pause();
    this.#raw.unshift(gathered);
    new Http2Connection(this.#context, this.#listener, this.#raw, this.#endpoint);
    return false;
  }

  #startHttp1(gathered: Buffer): boolean {
    new ClientConnection(
      this.#context,
      this.#listener,
      (reader) => {
        this.#next = reader;
        return this.#raw;
      },
      undefined,
      this.#endpoint,
    );
    return this.#next?.onBytes(gathered, 0, gathered.length) ?? false;
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
  }
}
