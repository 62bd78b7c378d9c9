import type { PoolSettings } from '../config/settings.ts';
import { add, P } from '../runtime/counters.ts';
import type { Decision, Place } from './decision.ts';
import type { Asker, HeldTables } from './held-tables.ts';
import type { Keeper } from './keeper.ts';
import { noBytes, type HeldRequest, type PersistenceSettings, type TableMethod } from './method.ts';
import { persistenceMethods } from './registry.ts';
import { tableOf } from './table-names.ts';

/**
 * What happens to the cookie of this name. `insert`: cut from requests and from members' responses, ours is added.
 * `rewrite`: its value in members' responses becomes the member's. `prefix`: there it is prefixed with it and `~`, which
 * requests lose again. `learn`: read in members' responses, nothing is changed. `none`: there is no cookie.
 */
export interface CookieRule {
  readonly mode: 'insert' | 'rewrite' | 'prefix' | 'learn' | 'none';
  readonly name: Buffer;
}

export const noCookie: CookieRule = { mode: 'none', name: noBytes };

interface TablePart {
  readonly table: string;
  readonly keeper: Keeper;
  readonly keyOf: (request: HeldRequest) => string;
  readonly isLearned: boolean;
  readonly isFallback: boolean;
}

/** How a pool holds its clients, in a worker: by its method, and by `fallback` where the method finds nothing. */
export class Holding {
  readonly cookie: CookieRule;
  /** Did the method itself know the client of the last `find`? Then its cookie is right. */
  isByMethod = false;
  readonly #tables: HeldTables;
  readonly #counters: Float64Array;
  readonly #parts: readonly TablePart[];
  /** By the cookie's value, where a cookie names the member. */
  readonly #memberOf: ReadonlyMap<string, string> | undefined;
  readonly #lines: ReadonlyMap<string, Buffer>;
  readonly #values: ReadonlyMap<string, Buffer>;

  /** `owner` as in `tableOf`; its tables are there already. */
  constructor(
    owner: string,
    pool: PoolSettings,
    settings: PersistenceSettings,
    tables: HeldTables,
    counters: Float64Array,
  ) {
    const method = persistenceMethods.get(settings.method);
    if (method === undefined) throw new Error(`no persistence method ${settings.method}`);
    const isCookie = method.kind === 'cookie';
    const mode = isCookie ? method.mode : method.settings.includes('cookieName') ? 'learn' : 'none';
    this.cookie = mode === 'none' ? noCookie : { mode, name: Buffer.from(settings.cookieName, 'latin1') };
    this.#tables = tables;
    this.#counters = counters;
    const fallback = persistenceMethods.get(settings.fallback);
    this.#parts = [method, fallback].flatMap((each) =>
      each?.kind === 'table' ? partOf(owner, each, settings, tables) : [],
    );
    const values = isCookie ? pool.members.map(({ name, cookieValue }) => [name, cookieValue] as const) : [];
    this.#memberOf = isCookie ? new Map(values.map(([name, value]) => [value, name])) : undefined;
    this.#values = new Map(values.map(([name, value]) => [name, Buffer.from(value, 'latin1')]));
    this.#lines = new Map(mode === 'insert' ? values.map(([name, value]) => [name, renderLine(settings, value)]) : []);
  }

  /** Name of the member that the client is held on as far as this worker knows, whatever its state; empty = unknown. */
  find(request: HeldRequest, nowMs: number): string {
    this.isByMethod = false;
    const named = this.#memberOf?.get(valueOf(request, this.cookie));
    if (named !== undefined) return this.#found(named, true);
    for (const part of this.#parts) {
      const isMethod = !part.isFallback;
      const key = part.keyOf(request);
      if (key === '') {
        if (isMethod) add(this.#counters, P.keyless, 1);
        continue;
      }
      const member = part.keeper.find(key, nowMs);
      if (member !== '') return this.#found(member, isMethod);
      // Another worker may know the key: what the fallback says is not asked before.
      if (isMethod && !this.#tables.isComplete) return '';
    }
    return '';
  }

  /**
   * From now on the client is held on `proposed`, unless another worker has decided before or the fallback knows better.
   * Answers whom it is held on; empty = `asker` will be told. `instead` is the member that cannot serve it, or empty.
   */
  hold(request: HeldRequest, proposed: string, instead: string, nowMs: number, asker: Asker, ticket: number): string {
    const found: Place[] = [];
    for (const { table, keyOf, isLearned, isFallback } of this.#parts) {
      const key = keyOf(request);
      if (key !== '') found.push({ table, key, isLearned, isFallback });
    }
    if (found.length === 0) {
      add(this.#counters, P.heldAnew, 1);
      return proposed;
    }
    const { member, by } = this.#tables.ask({ places: found, proposed, instead }, asker, ticket, nowMs);
    if (member !== '') this.count(by);
    return member;
  }

  /** Counts an answer that came later. */
  count(by: Decision['by']): void {
    add(this.#counters, places[by], 1);
  }

  /** The field line that a client needs whose cookie is not right; empty = none. */
  line(member: string): Buffer {
    return this.#lines.get(member) ?? noBytes;
  }

  /** What `rewrite` and `prefix` write for the member that answers. */
  value(member: string): Buffer {
    return this.#values.get(member) ?? noBytes;
  }

  /** A member has set its own cookie, or given a TLS session an id. */
  learn(value: string, member: string, nowMs: number): void {
    const part = this.#parts.find(({ isLearned }) => isLearned);
    if (part === undefined) return;
    const key = part.keyOf({ ...nothing, cookie: () => value, tlsSessionId: () => value });
    if (key !== '') this.#tables.learn(part.table, key, member, nowMs);
  }

  #found(member: string, isMethod: boolean): string {
    this.isByMethod = isMethod;
    add(this.#counters, isMethod ? P.held : P.heldByFallback, 1);
    return member;
  }
}

/** Places of the counters. */
const places = { method: P.held, fallback: P.heldByFallback, algorithm: P.heldAnew } as const;

function partOf(owner: string, method: TableMethod, settings: PersistenceSettings, tables: HeldTables): TablePart[] {
  const table = tableOf(owner, method, settings);
  const keeper = tables.keeper(table);
  if (keeper === undefined) throw new Error(`no table ${table}`);
  return [
    {
      table,
      keeper,
      keyOf: method.keyOf(settings),
      isLearned: method.isLearned,
      isFallback: method.id !== settings.method,
    },
  ];
}

/** The value that names the member: of `prefix` what stands before `~`, or all. */
function valueOf(request: HeldRequest, { mode, name }: CookieRule): string {
  const value = request.cookie(name);
  const cut = mode === 'prefix' ? value.indexOf('~') : -1;
  return cut < 0 ? value : value.slice(0, cut);
}

const nothing: HeldRequest = {
  sourceAddress: () => '',
  destinationAddress: () => '',
  target: () => '',
  header: () => '',
  sni: () => '',
  tlsSessionId: () => '',
  cookie: () => '',
};

/** RFC 6265 4.1.1. */
function renderLine({ cookieName, cookie }: PersistenceSettings, value: string): Buffer {
  const parts = [
    `Set-Cookie: ${cookieName}=${value}`,
    cookie.path === '' ? '' : `Path=${cookie.path}`,
    cookie.domain === '' ? '' : `Domain=${cookie.domain}`,
    cookie.secure ? 'Secure' : '',
    cookie.httpOnly ? 'HttpOnly' : '',
    cookie.sameSite === '' ? '' : `SameSite=${cookie.sameSite}`,
  ];
  return Buffer.from(`${parts.filter((part) => part !== '').join('; ')}\r\n`, 'latin1');
}
