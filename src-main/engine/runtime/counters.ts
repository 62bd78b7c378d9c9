/** Places of the counters in their arrays: workers count in typed arrays, the supervisor sums them. */

export const memberCounterNames = [
  'requests',
  'totalConnections',
  'bytesIn',
  'bytesOut',
  '1xx',
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  'connect-error',
  'connect-timeout',
  'reset-before-response',
  'reset-in-response',
  'response-timeout',
  'bad-response',
] as const;

/** Places in a member's counters. `response` is the place of class 0: add the class. */
export const M = {
  requests: 0,
  connections: 1,
  bytesIn: 2,
  bytesOut: 3,
  response: 3,
  firstError: 9,
  connectError: 9,
  connectTimeout: 10,
  resetBefore: 11,
  resetIn: 12,
  responseTimeout: 13,
  badResponse: 14,
} as const;

export const serverCounterNames = [
  'requests',
  'totalConnections',
  'bytesIn',
  'bytesOut',
  '1xx',
  '2xx',
  '3xx',
  '4xx',
  '5xx',
  'bad-request',
  'too-large',
  'header-timeout',
  'client-timeout',
  'client-abort',
  'connection-limit',
  'no-member',
  'queue-full',
  'queue-timeout',
  'member-failure',
  'tls-handshake',
  'request-rate',
  'bandwidth',
] as const;

/** Places in a virtual server's counters; from `firstDrop` on they are drops by reason. */
export const S = {
  requests: 0,
  connections: 1,
  bytesIn: 2,
  bytesOut: 3,
  response: 3,
  firstDrop: 9,
  badRequest: 9,
  tooLarge: 10,
  headerTimeout: 11,
  clientTimeout: 12,
  clientAbort: 13,
  connectionLimit: 14,
  noMember: 15,
  queueFull: 16,
  queueTimeout: 17,
  memberFailure: 18,
  tlsHandshake: 19,
  requestRate: 20,
  /** Datagrams that waited too long for their turn. */
  bandwidth: 21,
} as const;

export const poolCounterNames = [
  'no-member',
  'queue-full',
  'queue-timeout',
  'retries',
  'held',
  'held-by-fallback',
  'held-anew',
  'keyless',
] as const;

/** Places in a pool's counters; before `retries` they are drops by reason, from `held` on persistence's. */
export const P = {
  noMember: 0,
  queueFull: 1,
  queueTimeout: 2,
  retries: 3,
  held: 4,
  heldByFallback: 5,
  heldAnew: 6,
  keyless: 7,
} as const;

/** Adds `amount` at `place`; typed arrays read `undefined` only out of bounds. */
export function add(counters: Float64Array, place: number, amount: number): void {
  counters[place] = (counters[place] ?? 0) + amount;
}
