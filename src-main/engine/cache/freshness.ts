import type { Directives } from './directives.ts';
import { parseHttpDate, type Fields } from './fields.ts';

/** When things were asked and answered, in ms of the wall clock. */
export interface Timing {
  readonly requestedAtMs: number;
  readonly receivedAtMs: number;
}

/** Statuses that may be stored without being told how long (RFC 9110 15.1); 206 is never stored: only wholes are. */
const heuristicStatuses: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Statuses whose caching this cache understands: what must-understand asks for (RFC 9111 5.2.2.3). */
const understoodStatuses: ReadonlySet<number> = new Set([
  ...heuristicStatuses,
  ...[201, 202, 302, 303, 307, 400, 401, 403, 406, 409, 412, 413, 415, 421, 422, 429, 451, 500, 502, 503, 504],
]);
/** A tenth of the time since the last change, as RFC 9111 4.2.2 suggests, at most a day. */
const heuristicShare = 0.1;
const longestHeuristicMs = 86_400_000;

/** May a shared cache keep the response to a GET (RFC 9111 3)? */
export function isStorable(
  status: number,
  fields: Fields,
  directives: Directives,
  request: { readonly hasAuthorization: boolean; readonly noStore: boolean },
): boolean {
  if (request.noStore || status === 206 || status === 304 || status < 200) return false;
  if (directives.mustUnderstand) {
    if (!understoodStatuses.has(status)) return false;
  } else if (directives.noStore) return false;
  if (directives.isPrivate || fields.get('vary')?.includes('*') === true) return false;
  // Common caches agree that such a response is one client's own.
  if (fields.has('set-cookie')) return false;
  if (request.hasAuthorization && !mayShareAuthorized(directives)) return false;
  return heuristicStatuses.has(status) || directives.isPublic || hasLifetime(fields, directives);
}

function hasLifetime(fields: Fields, { sMaxAgeMs, maxAgeMs, isTargeted }: Directives): boolean {
  return sMaxAgeMs !== undefined || maxAgeMs !== undefined || (!isTargeted && fields.has('expires'));
}

/** RFC 9111 3.5. */
function mayShareAuthorized({ isPublic, mustRevalidate, sMaxAgeMs }: Directives): boolean {
  return isPublic || mustRevalidate || sMaxAgeMs !== undefined;
}

/** How long it is fresh, counted from its Date (RFC 9111 4.2.1). */
export function freshnessLifetimeMs(
  status: number,
  fields: Fields,
  directives: Directives,
  receivedAtMs: number,
  defaultTtlMs: number,
): number {
  const explicit = directives.sMaxAgeMs ?? directives.maxAgeMs;
  if (explicit !== undefined) return explicit;
  const dateMs = parseHttpDate(fields.get('date')) ?? receivedAtMs;
  if (!directives.isTargeted && fields.has('expires'))
    return Math.max(0, (parseHttpDate(fields.get('expires')) ?? 0) - dateMs);
  if (!heuristicStatuses.has(status) && !directives.isPublic) return 0;
  if (defaultTtlMs > 0) return defaultTtlMs;
  const modifiedMs = parseHttpDate(fields.get('last-modified'));
  if (modifiedMs === undefined) return 0;
  return Math.min(longestHeuristicMs, Math.max(0, (dateMs - modifiedMs) * heuristicShare));
}

/** Its age when it came (RFC 9111 4.2.3). */
export function initialAgeMs(fields: Fields, { requestedAtMs, receivedAtMs }: Timing): number {
  const dateMs = parseHttpDate(fields.get('date')) ?? receivedAtMs;
  const apparentMs = Math.max(0, receivedAtMs - dateMs);
  const text = /^\s*(\d+)\s*(?:,|$)/.exec(fields.get('age') ?? '')?.[1];
  const toldMs = Math.min(Number(text ?? 0), 2_147_483_648) * 1000;
  return Math.max(apparentMs, toldMs + receivedAtMs - requestedAtMs);
}
