import type { RequestParts } from '../algorithms/request-parts.ts';
import type { Persistence } from '../../contract/model.ts';
import type { PoolSettings } from '../config/settings.ts';

export type PersistenceSettings = NonNullable<PoolSettings['persistence']>;

/** What a method may look at. Absent values are empty. */
export interface HeldRequest extends RequestParts {
  readonly destinationAddress: () => string;
  /** The cookie's value as the client sent it. */
  readonly cookie: (name: Buffer) => string;
  /** Hexadecimal; empty on TLS 1.3, where each connection has a new one, and without TLS. */
  readonly tlsSessionId: () => string;
}

interface MethodBase {
  readonly id: string;
  /** Which settings beside `method` it understands; any other is refused. */
  readonly settings: readonly (keyof Persistence)[];
  /** Which of them must be given. */
  readonly required?: readonly (keyof Persistence)[];
}

/**
 * A cookie that names the member: the client keeps it, so nothing is kept here and any number of workers agree.
 * What is done with it: see `CookieRule`.
 */
export interface CookieMethod extends MethodBase {
  readonly kind: 'cookie';
  readonly mode: 'insert' | 'rewrite' | 'prefix';
}

/** Entries by a key of the request, in a table that all workers share. */
export interface TableMethod extends MethodBase {
  readonly kind: 'table';
  /** Two settings with the same space have keys that mean the same: a reload keeps the entries. */
  readonly spaceOf: (settings: PersistenceSettings) => string;
  /** The request's key; empty = it has none. */
  readonly keyOf: (settings: PersistenceSettings) => (request: HeldRequest) => string;
  /** The key of a client's address or of what an operator typed; empty = it cannot be one. */
  readonly keyOfText: (settings: PersistenceSettings, text: string) => string;
  /** Entries are made by what members answer (a cookie of theirs), not by what clients ask. */
  readonly isLearned: boolean;
  /** What it looks at is there without HTTP. */
  readonly isOfConnection: (settings: Pick<PersistenceSettings, 'expression'>) => boolean;
}

/** How clients are held on their members. */
export type PersistenceMethod = CookieMethod | TableMethod;

/** No bytes: no field line, no cookie. */
export const noBytes: Buffer = Buffer.alloc(0);
