import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { readClientHello, type ClientHello } from './client-hello.ts';
import { startHandshake, type HandshakeOwner, type TlsTermination } from './server.ts';

/** RFC 8446 6.2: a fatal alert `unrecognized_name`. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);
/** The same of `decode_error`: who made the hello learns that it was not understood. */
const decodeError = Buffer.from([21, 3, 3, 0, 2, 2, 50]);

/** A connection from its first byte to the end of its handshake: which certificate serves it is decided here. */
export class TlsAccept extends Timed implements ByteReader, OpenConnection, HandshakeOwner {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #tls: TlsTermination;
  readonly #raw: Socket;
  readonly #onReady: (socket: TLSSocket) => void;
  #partial: Buffer | undefined = undefined;
  #isStarted = false;
  #isOver = false;

  /** `onReady` is called with a socket that nobody reads yet. `early` was read already; where it is not enough it comes to `onBytes`. */
  constructor(
    context: WorkerContext,
    listener: Listener,
    tls: TlsTermination,
    attach: (reader: ByteReader) => Socket,
    onReady: (socket: TLSSocket) => void,
    early?: Buffer,
  ) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#tls = tls;
    this.#onReady = onReady;
    this.#raw = attach(this);
    this.#raw.on('error', () => this.#raw.destroy());
    this.#raw.on('end', () => {
      if (!this.#isStarted) this.#raw.destroy();
    });
    this.#raw.on('close', () => {
      this.#fail();
    });
    listener.connections.add(this);
    context.wheel.arm(this, listener.server.settings.http.headerTimeoutMs);
    if (!tls.hasOneAnswer) return;
    if (early !== undefined && early.length > 0) this.#partial = early;
    this.#start(undefined);
  }

  readBuffer(): Buffer {
    return this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    if (this.#isStarted || this.#isOver) return false;
    const read = bytes.subarray(start, end);
    const gathered = this.#partial === undefined ? Buffer.from(read) : Buffer.concat([this.#partial, read]);
    this.#partial = gathered;
    const reading = readClientHello(gathered, 0, gathered.length);
    if (reading.kind === 'incomplete') return true;
    if (reading.kind === 'hello') this.#start(reading.hello);
    else if (reading.kind === 'not-tls') this.#raw.destroy();
    else this.#refuse(decodeError);
    return false;
  }

  /** The worker is ending: who has not said anything goes now. */
  drain(): void {
    if (!this.#isStarted && this.#partial === undefined) this.#raw.destroy();
  }

  /** No member works for it yet. */
  cut(): void {
    return undefined;
  }

  onSecure(socket: TLSSocket): void {
    if (!this.#leave()) return;
    this.#onReady(socket);
  }

  onHandshakeFailed(): void {
    this.#raw.destroy();
  }

  override onDeadline(): void {
    this.#raw.destroy();
  }

  #start(hello: ClientHello | undefined): void {
    const server = this.#tls.choose(hello);
    if (server === undefined) {
      this.#refuse(unrecognizedName);
      return;
    }
    this.#isStarted = true;
    if (this.#partial !== undefined) {
      this.#raw.pause();
      this.#raw.unshift(this.#partial);
      this.#partial = undefined;
    }
    startHandshake(server, this.#raw, this);
  }

  #refuse(alert: Buffer): void {
    this.#raw.end(alert, () => this.#raw.destroy());
  }

  #fail(): void {
    if (this.#leave()) add(this.#listener.server.counters, S.tlsHandshake, 1);
  }

  /** True the first time. */
  #leave(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
    return true;
  }
}
