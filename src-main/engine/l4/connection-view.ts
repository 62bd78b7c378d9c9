import type { Choice } from '../algorithms/algorithm.ts';
import { Endpoint } from '../http1/request-view.ts';
import type { HeldRequest } from '../persistence/method.ts';

type Place = Pick<Endpoint, 'clientAddress' | 'clientPort' | 'localAddress'>;

const nowhere = new Endpoint(undefined);

/**
 * A connection or a UDP session as algorithms and persistence look at it: addresses, and what the hello of a TLS client
 * says. One per worker, pointed at one connection after another.
 */
export class ConnectionView implements Choice, HeldRequest {
  #place: Place = nowhere;
  #serverName = '';
  #sessionId = '';

  look(place: Place, serverName: string, sessionId: string): this {
    this.#place = place;
    this.#serverName = serverName;
    this.#sessionId = sessionId;
    return this;
  }

  sourceAddress = (): string => this.#place.clientAddress;

  sourcePort = (): number => this.#place.clientPort;

  destinationAddress = (): string => this.#place.localAddress;

  /** The name in the ClientHello of a connection that is passed through. */
  host = (): string => this.#serverName;

  sni = (): string => this.#serverName;

  tlsSessionId = (): string => this.#sessionId;

  target = (): string => '';

  header = (): string => '';

  cookie = (): string => '';
}
