import { Body } from './body.ts';
import { parseDirectives, responseDirectives, type Directives } from './directives.ts';
import { Fields, parseList } from './fields.ts';
import { freshnessLifetimeMs, initialAgeMs, type Timing } from './freshness.ts';
import type { SieveNode } from './sieve.ts';

/** Fields that are not kept: of the connection, or written anew for each client. */
const notKept: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'content-length',
  'trailer',
  'te',
  'upgrade',
  'age',
]);
/** What a 304 does not change in the stored response (RFC 9111 3.2). */
const notUpdated: ReadonlySet<string> = new Set([
  ...notKept,
  'content-encoding',
  'content-type',
  'content-range',
  'set-cookie',
]);
const fieldOverheadBytes = 512;

/** Everything of a stored response but its body, as plain data. */
export interface EntryHead {
  readonly key: string;
  readonly startLine: string;
  readonly status: number;
  readonly fields: [string, string][];
  readonly vary: [string, string][];
  readonly initialAgeMs: number;
  readonly receivedAtMs: number;
}

/** A stored response: one variant of one URL. */
export class Entry implements SieveNode {
  readonly key: string;
  readonly startLine: string;
  readonly status: number;
  readonly body: Body;
  /** Values of the request's fields that Vary names, by name. */
  readonly vary: ReadonlyMap<string, string>;
  fields: Fields;
  directives: Directives;
  tags: readonly string[] = [];
  /** Its head as it is written, up to where the variable fields begin. */
  headText = '';
  isRemoved = false;
  isRevalidating = false;
  wasVisited = false;
  newer: this | undefined = undefined;
  older: this | undefined = undefined;
  /** What it was charged for in the store. */
  chargedBytes = 0;
  #initialAgeMs = 0;
  #receivedAtMs = 0;
  #lifetimeMs = 0;
  readonly #defaultTtlMs: number;

  private constructor(
    stored: { readonly key: string; readonly startLine: string; readonly status: number; readonly fields: Fields },
    vary: ReadonlyMap<string, string>,
    body: Body,
    age: { readonly initialAgeMs: number; readonly receivedAtMs: number },
    defaultTtlMs: number,
  ) {
    this.key = stored.key;
    this.startLine = stored.startLine;
    this.status = stored.status;
    this.#defaultTtlMs = defaultTtlMs;
    this.fields = stored.fields;
    this.directives = parseDirectives(undefined);
    this.body = body;
    this.vary = vary;
    this.#describe(stored.fields, age.initialAgeMs, age.receivedAtMs);
  }

  /** A response that begins to come, for the request that it answers. */
  static receive(
    key: string,
    response: {
      readonly startLine: string;
      readonly status: number;
      readonly fields: Fields;
      readonly bodyBytes: number | undefined;
    },
    request: Fields,
    timing: Timing,
    defaultTtlMs: number,
  ): Entry {
    const { startLine, status, fields } = response;
    const names = parseList(fields.get('vary')).map((name) => name.toLowerCase());
    const vary = new Map(names.map((name) => [name, variantValue(name, request)]));
    const age = { initialAgeMs: initialAgeMs(fields, timing), receivedAtMs: timing.receivedAtMs };
    const stored = { key, startLine, status, fields: fields.without(notKept) };
    return new Entry(stored, vary, new Body(response.bodyBytes), age, defaultTtlMs);
  }

  /** One that was written down before. */
  static restore(head: EntryHead, body: Body, defaultTtlMs: number): Entry {
    return new Entry({ ...head, fields: new Fields(head.fields) }, new Map(head.vary), body, head, defaultTtlMs);
  }

  /** What is written down of it. */
  describe(): EntryHead {
    return {
      key: this.key,
      startLine: this.startLine,
      status: this.status,
      fields: this.fields.lines.map(([name, value]): [string, string] => [name, value]),
      vary: [...this.vary],
      initialAgeMs: this.#initialAgeMs,
      receivedAtMs: this.#receivedAtMs,
    };
  }

  matches(request: Fields): boolean {
    for (const [name, value] of this.vary) if (variantValue(name, request) !== value) return false;
    return true;
  }

  ageMs(nowMs: number): number {
    return this.#initialAgeMs + Math.max(0, nowMs - this.#receivedAtMs);
  }

  /** Positive = fresh for so long, else stale since. */
  freshForMs(nowMs: number): number {
    return this.#lifetimeMs - this.ageMs(nowMs);
  }

  get hasValidator(): boolean {
    return this.fields.has('etag') || this.fields.has('last-modified');
  }

  get headBytes(): number {
    return this.headText.length + this.key.length + fieldOverheadBytes;
  }

  /** A 304 has come for it: it is as good as new. */
  freshen(update: Fields, timing: Timing): void {
    const fresh = update.without(notUpdated);
    const names = new Set(fresh.lines.map(([name]) => name.toLowerCase()));
    const fields = new Fields([...this.fields.without(names).lines, ...fresh.lines]);
    this.#describe(fields, initialAgeMs(update, timing), timing.receivedAtMs);
  }

  #describe(fields: Fields, ageMs: number, receivedAtMs: number): void {
    this.fields = fields;
    this.directives = responseDirectives(fields);
    this.#initialAgeMs = ageMs;
    this.#receivedAtMs = receivedAtMs;
    this.#lifetimeMs = this.directives.noCache
      ? 0
      : freshnessLifetimeMs(this.status, fields, this.directives, receivedAtMs, this.#defaultTtlMs);
    this.tags = `${fields.get('surrogate-key') ?? ''} ${(fields.get('cache-tag') ?? '').replaceAll(',', ' ')}`
      .split(/\s+/)
      .filter((tag) => tag !== '');
    this.headText = `${this.startLine}\r\n${fields.render()}`;
  }
}

/** Values that mean the same select the same variant; of Accept-Encoding the set of codings counts. */
function variantValue(name: string, request: Fields): string {
  const value = request.get(name);
  if (value === undefined) return '\n';
  // Tags of languages know no case (RFC 5646 2.1.1); their order is kept, some members take the first.
  if (name === 'accept-language') return value.replace(/\s+/g, '').toLowerCase();
  if (name !== 'accept-encoding') return value.replace(/\s*,\s*/g, ',').trim();
  return parseList(value.toLowerCase())
    .filter((coding) => !/;\s*q=0(\.0*)?\s*$/.test(coding))
    .map((coding) => coding.replace(/;.*$/, '').trim())
    .sort()
    .join();
}
