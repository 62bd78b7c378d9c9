import { TLSSocket } from 'node:tls';
import type { Choice } from '../algorithms/algorithm.ts';
import type { ProxyAddresses } from '../l4/proxy-protocol.ts';
import type { HeldRequest } from '../persistence/method.ts';
import { findCookie } from './cookies.ts';
import type { ByteSocket } from '../sockets/raw-socket.ts';
import type { RouteRequest } from '../runtime/route-request.ts';

/** Where a connection came from and to. Only what is asked for is asked of the system. */
export class Endpoint {
  /** What a TLS client's hello said; empty without TLS. */
  readonly tls: TlsHello;
  readonly #socket: ByteSocket | undefined;
  readonly #told: ProxyAddresses | undefined;
  #clientAddress: string | undefined = undefined;

  /** `told` is what a PROXY header said: it is believed instead of the socket. */
  constructor(socket: ByteSocket | undefined, told?: ProxyAddresses) {
    this.#socket = socket;
    this.tls = socket instanceof TLSSocket ? { sni: servernameOf(socket), sessionId: '' } : clearText;
    this.#told = told;
  }

  /** Empty for a client on a Unix socket. The system is asked once, when it is first needed: a socket that is closed does not know any more. */
  get clientAddress(): string {
    return (this.#clientAddress ??= plainAddress(this.#told?.clientAddress ?? this.#socket?.remoteAddress));
  }

  /** The same client, now inside TLS. */
  inside(socket: TLSSocket): Endpoint {
    return new Endpoint(socket, this.#told);
  }

  get clientPort(): number {
    return this.#told?.clientPort ?? this.#socket?.remotePort ?? 0;
  }

  /** `TLSv1.3`; empty in clear text. */
  get tlsVersion(): string {
    const socket = this.#socket;
    return socket instanceof TLSSocket ? (socket.getProtocol() ?? '') : '';
  }

  get localAddress(): string {
    return plainAddress(this.#told?.localAddress ?? this.#socket?.localAddress);
  }

  get localPort(): number {
    return this.#told?.localPort ?? this.#socket?.localPort ?? 0;
  }
}

/** An IPv4 address on a socket of both families is written as what it is. */
function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** What of a TLS client's hello balancing may look at. */
export interface TlsHello {
  readonly sni: string;
  /** Hexadecimal; empty in TLS 1.3, where each connection has a new one, and where TLS ends here: its clients come with tickets. */
  readonly sessionId: string;
}

/** Node.js: a name, false or null; its types lack the member. */
function servernameOf(socket: TLSSocket): string {
  const { servername } = socket as { readonly servername?: unknown };
  return typeof servername === 'string' ? servername.toLowerCase() : '';
}

const clearText: TlsHello = { sni: '', sessionId: '' };

const nowhere = new Endpoint(undefined);

/**
 * A well-formed request head (as rewritten for the member) as text, decoded only when asked: routes by host or header and
 * hashes pay for what they look at, plain balancing pays nothing. One per worker, pointed at one request after another.
 */
export class RequestView implements Choice, RouteRequest, HeldRequest {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #endpoint: Endpoint = nowhere;

  /** The head stands in `bytes[0, length)`. */
  look(bytes: Buffer, length: number, endpoint: Endpoint): this {
    this.#bytes = bytes;
    this.#length = length;
    this.#endpoint = endpoint;
    return this;
  }

  sourceAddress = (): string => this.#endpoint.clientAddress;

  sourcePort = (): number => this.#endpoint.clientPort;

  destinationAddress = (): string => this.#endpoint.localAddress;

  sni = (): string => this.#endpoint.tls.sni;

  tlsSessionId = (): string => this.#endpoint.tls.sessionId;

  cookie = (name: Buffer): string => findCookie(this.#bytes, this.#length, name);

  method = (): string => this.#bytes.toString('latin1', 0, this.#bytes.indexOf(32));

  target = (): string => {
    const start = this.#bytes.indexOf(32) + 1;
    return this.#bytes.toString('latin1', start, this.#bytes.indexOf(32, start));
  };

  path = (): string => this.target().split('?', 1)[0] ?? '';

  host = (): string => this.header('host');

  hostName = (): string => this.host().toLowerCase().replace(/:\d*$/, '');

  header = (name: string): string => this.find(name) ?? '';

  /** The field's value; several lines are one list. Undefined where it is absent. */
  find = (name: string): string | undefined => {
    const bytes = this.#bytes;
    const values: string[] = [];
    let at = bytes.indexOf('\r\n', 0, 'latin1') + 2;
    while (at > 1 && at < this.#length && bytes[at] !== 13) {
      const end = bytes.indexOf('\r\n', at, 'latin1');
      if (end < 0) break;
      const line = bytes.toString('latin1', at, end);
      const colon = line.indexOf(':');
      if (line.slice(0, colon).toLowerCase() === name) values.push(line.slice(colon + 1).trim());
      at = end + 2;
    }
    return values.length === 0 ? undefined : values.join(name === 'cookie' ? '; ' : ', ');
  };
}
