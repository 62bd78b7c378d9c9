/**
 * `Cache-Control` of RFC 9111 5.2 as far as a shared cache needs it. Delta-seconds are in ms; what is malformed counts as 0, so that
 * nothing is fresh by mistake (4.2.1).
 */
export interface Directives {
  readonly noStore: boolean;
  readonly noCache: boolean;
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly mustUnderstand: boolean;
  readonly noTransform: boolean;
  readonly onlyIfCached: boolean;
  readonly maxAgeMs: number | undefined;
  readonly sMaxAgeMs: number | undefined;
  /** Infinity where it has no argument. */
  readonly maxStaleMs: number | undefined;
  readonly minFreshMs: number | undefined;
  /** RFC 5861. */
  readonly staleWhileRevalidateMs: number | undefined;
  readonly staleIfErrorMs: number | undefined;
}

/** RFC 9111 1.2.2: so much or more counts as this. */
const longestS = 2_147_483_648;

const pattern = /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,;"]*)))?/g;

/** Several lines of the field are joined by commas before. */
export function parseDirectives(text: string | undefined): Directives {
  if (text === undefined || text === '') return none;
  const found = new Map<string, string | undefined>();
  for (const match of text.matchAll(pattern)) {
    const name = (match[1] ?? '').toLowerCase();
    const value = match[2] ?? match[3];
    const earlier = found.get(name);
    // Two different values: the shorter time is the safe one.
    found.set(
      name,
      earlier === undefined || value === undefined || seconds(value) < seconds(earlier) ? value : earlier,
    );
  }
  function time(name: string): number | undefined {
    return found.has(name) ? seconds(found.get(name)) * 1000 : undefined;
  }
  return {
    noStore: found.has('no-store'),
    noCache: found.has('no-cache'),
    isPrivate: found.has('private'),
    isPublic: found.has('public'),
    mustRevalidate: found.has('must-revalidate') || found.has('proxy-revalidate'),
    mustUnderstand: found.has('must-understand'),
    noTransform: found.has('no-transform'),
    onlyIfCached: found.has('only-if-cached'),
    maxAgeMs: time('max-age'),
    sMaxAgeMs: time('s-maxage'),
    maxStaleMs: found.has('max-stale') && found.get('max-stale') === undefined ? Infinity : time('max-stale'),
    minFreshMs: time('min-fresh'),
    staleWhileRevalidateMs: time('stale-while-revalidate'),
    staleIfErrorMs: time('stale-if-error'),
  };
}

function seconds(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), longestS) : 0;
}

const none: Directives = {
  noStore: false,
  noCache: false,
  isPrivate: false,
  isPublic: false,
  mustRevalidate: false,
  mustUnderstand: false,
  noTransform: false,
  onlyIfCached: false,
  maxAgeMs: undefined,
  sMaxAgeMs: undefined,
  maxStaleMs: undefined,
  minFreshMs: undefined,
  staleWhileRevalidateMs: undefined,
  staleIfErrorMs: undefined,
};
