/**
 * `Cache-Control` of RFC 9111 5.2 as far as a shared cache needs it. Delta-seconds are in ms; what is malformed counts as 0, so that
 * nothing is fresh by mistake (4.2.1).
 */
export interface Directives {
  /** They are meant for caches as this one: `Cache-Control` and `Expires` of the same response do not count. */
  readonly isTargeted: boolean;
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
    isTargeted: false,
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

/** Bare items of RFC 8941 3.3, in its order: numbers, strings, tokens, bytes, booleans. */
const item = String.raw`(?:-?\d{1,15}(?:\.\d{1,3})?|"(?:[ !#-\[\]-~]|\\["\\])*"|[A-Za-z*][\w!#$%&'*+\-.^\`|~:/]*|:[\w+/=]*:|\?[01])`;
const key = '[a-z*][a-z0-9_.*-]*';
const member = `${key}(?:=${item})?(?:; *${key}(?:=${item})?)*`;
const dictionary = new RegExp(`^${member}(?:[ \\t]*,[ \\t]*${member})*$`);
/** A time that is no whole number makes the field as if it were not there. */
const wrongTime = /(?:^|[\s,])(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)(?!=\d+\s*(?:[,;]|$)|[\w.*-])/;

/**
 * What a response says to a shared cache: `CDN-Cache-Control` where it is a well-formed dictionary that says anything, else
 * `Cache-Control` (RFC 9213 2.2).
 */
export function responseDirectives(fields: { readonly get: (name: string) => string | undefined }): Directives {
  const targeted = fields.get('cdn-cache-control')?.trim();
  if (targeted === undefined || !dictionary.test(targeted) || wrongTime.test(targeted))
    return parseDirectives(fields.get('cache-control'));
  return { ...parseDirectives(targeted), isTargeted: true };
}

function seconds(text: string | undefined): number {
  return text !== undefined && /^\d+$/.test(text) ? Math.min(Number(text), longestS) : 0;
}

const none: Directives = {
  isTargeted: false,
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
