import { Endpoint } from '../http1/request-view.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { Attach } from '../sockets/accept.ts';
import type { ByteReader } from '../sockets/byte-reader.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { readProxyHeader, type AcceptedVersions } from './proxy-protocol.ts';

const nothing = Buffer.alloc(0);

/**
 * Reads the PROXY header that must stand at the beginning of a connection, then hands the connection on with the client
 * that it told. What does not begin with one, or takes too long over it, is closed: it may be anybody.
 */
export class ProxyPreface<Kind extends ByteSocket> extends Timed implements ByteReader, OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #accepted: AcceptedVersions;
  readonly #next: (attach: Attach<Kind>, endpoint: Endpoint, rest: Buffer) => boolean;
  readonly #socket: Kind;
  /** Somebody else listens to the socket's events now, or nobody needs to. */
  #isOver = false;
  #bytes: Buffer = nothing;
  #reader: ByteReader | undefined = undefined;

  constructor(
    context: WorkerContext,
    listener: Listener,
    attach: Attach<Kind>,
    accepted: AcceptedVersions,
    next: (attach: Attach<Kind>, endpoint: Endpoint, rest: Buffer) => boolean,
  ) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#accepted = accepted;
    this.#next = next;
    this.#socket = attach(this);
    const onGone = (): void => {
      if (!this.#isOver) this.#drop(S.clientAbort);
    };
    this.#socket.on('end', onGone);
    this.#socket.on('error', onGone);
    this.#socket.on('close', onGone);
    listener.connections.add(this);
    const { protocol, http, tcp } = listener.server.settings;
    context.wheel.arm(this, protocol === 'http' ? http.headerTimeoutMs : tcp.helloTimeoutMs);
  }

  readBuffer(): Buffer {
    return this.#reader?.readBuffer() ?? this.#context.readBuffer;
  }

  onBytes(bytes: Buffer, start: number, end: number): boolean {
    if (this.#reader !== undefined) return this.#reader.onBytes(bytes, start, end);
    const whole = Buffer.concat([this.#bytes, bytes.subarray(start, end)]);
    const reading = readProxyHeader(whole, this.#accepted);
    if (reading.kind === 'incomplete') {
      this.#bytes = whole;
      return true;
    }
    if (reading.kind === 'malformed') {
      this.#drop(S.badRequest);
      return false;
    }
    this.#leave();
    return this.#handOn(
      whole.subarray(reading.length),
      new Endpoint(this.#socket, reading.kind === 'proxied' ? reading.addresses : undefined),
    );
  }

  drain(): void {
    this.#drop(undefined);
  }

  cut(): void {
    // No member has it yet.
  }

  override onDeadline(): void {
    this.#drop(S.headerTimeout);
  }

  #handOn(rest: Buffer, endpoint: Endpoint): boolean {
    return this.#next(
      (reader) => {
        this.#reader = reader;
        return this.#socket;
      },
      endpoint,
      rest,
    );
  }

  /** Closes the connection for this reason among the virtual server's drops. */
  #drop(reason: number | undefined): void {
    this.#leave();
    const { counters } = this.#listener.server;
    add(counters, S.connections, 1);
    if (reason !== undefined) add(counters, reason, 1);
    this.#socket.destroy();
  }

  #leave(): void {
    this.#isOver = true;
    this.#bytes = nothing;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
  }
}
