import type { Persistence } from '../../contract/model.ts';
import type { PoolSettings } from '../config/settings.ts';

export type PersistenceSettings = NonNullable<PoolSettings['persistence']>;

/** What a method may look at. Absent values are empty. */
export interface HeldRequest {
  /** Empty for a client on a Unix socket. */
  readonly sourceAddress: () => string;
  /** The cookie's value as the client sent it. */
  readonly cookie: (name: Buffer) => string;
}

/** A client that is held, as the admin interface tells it. */
export interface HeldClient {
  /** The client's network as it is held: `10.0.0.0/24`. */
  readonly client: string;
  readonly member: string;
  readonly idleMs: number;
  readonly expiresInMs: number;
}

/** Who is held on which member of one pool. Members are known by name, so entries outlast a reload. Times are `performance.now`'s. */
export interface Holder {
  /** Its cookie, cut from requests and from members' responses; empty = it has none. */
  readonly cookieName: Buffer;
  /** Name of the member that the client is held on, whatever its state. */
  readonly find: (request: HeldRequest, nowMs: number) => string | undefined;
  /** From now on the client is held on this member. Answers the field line that the response gains, or nothing. */
  readonly hold: (request: HeldRequest, member: string, nowMs: number) => Buffer;
  /** What is kept of a client's address. */
  readonly look: (address: string, nowMs: number) => HeldClient | undefined;
  readonly forget: (address: string) => boolean;
}

/** How clients are held on their members. */
export interface PersistenceMethod {
  readonly id: string;
  /** Which settings beside `method` it understands; any other is refused. */
  readonly settings: readonly (keyof Persistence)[];
  /** It keeps entries, which workers do not share: it needs a single worker. */
  readonly keepsEntries: boolean;
  /** `before` is what the pool had until now: its entries are kept as far as they still mean the same. */
  readonly create: (pool: PoolSettings, settings: PersistenceSettings, before: Holder | undefined) => Holder;
}

/** No field line. */
export const noLine: Buffer = Buffer.alloc(0);
