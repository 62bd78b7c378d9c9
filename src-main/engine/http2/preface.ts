import { ClientConnection } from '../http1/client.ts';
import type { Endpoint } from '../http1/request-view.ts';
import type { WorkerContext } from '../runtime/context.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { Http2Connection } from './connection.ts';
import { clientPreface } from './frames.ts';

/** A clear text connection until it is known which HTTP it speaks; then only what hands its bytes on. */
export class PrefaceReader extends Timed implements ByteReader, OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #raw: ByteSocket;
  readonly #endpoint: Endpoint | undefined;
  #gathered: Buffer = Buffer.alloc(0);
  #next: ByteReader | undefined = undefined;
  #isOver = false;

  constructor(
    context: WorkerContext,
    listener: Listener,
    attach: (reader: ByteReader) => ByteSocket,
    endpoint?: Endpoint,
  ) {
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
    const length = Math.min(gathered.length, clientPreface.length);
    const isHttp2 = gathered.compare(clientPreface, 0, length, 0, length) === 0;
    if (isHttp2 && length < clientPreface.length) return true;
    this.#leave();
    return this.#start(isHttp2, gathered);
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

  #start(isHttp2: boolean, gathered: Buffer): boolean {
    const attach = (reader: ByteReader): ByteSocket => {
      this.#next = reader;
      return this.#raw;
    };
    if (isHttp2) new Http2Connection(this.#context, this.#listener, attach, this.#endpoint);
    else new ClientConnection(this.#context, this.#listener, attach, undefined, this.#endpoint);
    return this.#next?.onBytes(gathered, 0, gathered.length) ?? false;
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
  }
}
