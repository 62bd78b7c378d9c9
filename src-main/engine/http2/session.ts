import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { ClientConnection } from '../http1/client.ts';
import { Endpoint } from '../http1/request-view.ts';
import { maxFieldCount } from '../http1/head.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { writeHead } from './request-head.ts';
import { StreamSocket, type Addresses } from './stream-socket.ts';

const maxConcurrentStreams = 128;
/** What a stream may bring before the member has taken any of it. */
const windowBytes = 262_144;
/** Resets by the client beyond this at once, then so many a second, end the connection (rapid reset, CVE-2023-44487). */
const resetBurst = 200;
const resetsPerSecond = 50;

/** One HTTP/2 connection of a client: each of its streams runs as an exchange like those of HTTP/1.1. */
export class Http2Connection extends Timed implements OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #session: ServerHttp2Session;
  readonly #socket: Socket;
  /** Of the connection: its streams do not know of TLS. */
  readonly #endpoint: Endpoint;
  /** Each carries one stream, or waits for the next. */
  readonly #exchanges = new Set<OpenConnection>();
  readonly #free: StreamSocket[] = [];
  #running = 0;
  readonly #onOver = (socket: StreamSocket, isFree: boolean): void => {
    this.#running--;
    if (isFree) this.#free.push(socket);
  };
  readonly #addresses: Addresses;
  #isOver = false;

  constructor(context: WorkerContext, listener: Listener, socket: Socket, endpoint?: Endpoint) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#socket = socket;
    this.#endpoint = endpoint ?? new Endpoint(socket);
    // HTTP/2 knows no half-closed connection: who ends his side is gone.
    socket.allowHalfOpen = false;
    const { remoteAddress, remotePort, localAddress } = socket;
    this.#addresses = { remoteAddress, remotePort, localAddress };
    const { maxHeaderBytes } = listener.server.settings.http;
    this.#session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams,
        initialWindowSize: windowBytes,
        enableConnectProtocol: true,
        enablePush: false,
        // As RFC 9113 6.5.2 counts: 32 bytes more for each field.
        maxHeaderListSize: maxHeaderBytes + 32 * maxFieldCount,
      },
      maxHeaderListPairs: maxFieldCount,
      maxSettings: 32,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 100,
      streamResetBurst: resetBurst,
      streamResetRate: resetsPerSecond,
    });
    this.#session.on('stream', (stream, _headers, flags, raw) => {
      this.#open(stream, flags, raw);
    });
    this.#session.on('error', () => undefined); // 'close' follows
    this.#session.on('close', () => {
      this.#end();
    });
    listener.connections.add(this);
    add(listener.server.counters, S.connections, 1);
    context.wheel.arm(this, listener.server.settings.http.clientTimeoutMs);
    if (context.isEnding) this.drain();
  }

  /** GOAWAY: streams that run finish, no new ones come. */
  drain(): void {
    if (!this.#isOver) this.#session.close();
  }

  cut(member: MemberRuntime): void {
    for (const exchange of [...this.#exchanges]) exchange.cut(member);
  }

  reselect(member: MemberRuntime): void {
    for (const exchange of [...this.#exchanges]) (exchange.reselect ?? exchange.cut).call(exchange, member);
  }

  override onDeadline(): void {
    if (this.#running > 0) this.#context.wheel.arm(this, this.#listener.server.settings.http.clientTimeoutMs);
    else if (this.#session.closed) this.#socket.destroy();
    else {
      this.drain();
      this.#context.wheel.arm(this, lingerMs);
    }
  }

  #open(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    const hasBody = (flags & constants.NGHTTP2_FLAG_END_STREAM) === 0;
    const request = writeHead(raw, hasBody);
    if ('refusal' in request) {
      this.#refuse(stream, request.refusal, hasBody);
      return;
    }
    this.#running++;
    this.#freeSocket().carry(stream, { ...request, hasBody });
  }

  /** One that has carried streams before, else a new one with a connection behind it. */
  #freeSocket(): StreamSocket {
    for (let free = this.#free.pop(); free !== undefined; free = this.#free.pop()) if (free.isUsable) return free;
    let made: StreamSocket | undefined;
    new ClientConnection(
      this.#context,
      this.#listener,
      (reader) => (made = new StreamSocket(reader, this.#addresses, this.#onOver)),
      this.#exchanges,
      this.#endpoint,
    );
    if (made === undefined) throw new Error('a client connection that took no socket');
    return made;
  }

  #refuse(stream: ServerHttp2Stream, status: number, hasBody: boolean): void {
    const { counters } = this.#listener.server;
    add(counters, S.requests, 1);
    add(counters, S.badRequest, 1);
    add(counters, S.response + 4, status < 500 ? 1 : 0);
    add(counters, S.response + 5, status < 500 ? 0 : 1);
    stream.on('error', () => undefined); // a client that goes meanwhile
    stream.respond({ ':status': status }, { endStream: true });
    if (hasBody) stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#context.wheel.disarm(this);
    this.#listener.connections.delete(this);
    for (const free of this.#free.splice(0)) free.destroy();
  }
}

/** After GOAWAY an idle client has this long to close. */
const lingerMs = 2000;
