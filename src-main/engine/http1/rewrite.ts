import { authorityEnd, authorityStart, cut, head } from './head.ts';
import { editSetCookies } from './set-cookie.ts';
import { noCookie, type CookieRule } from '../persistence/holding.ts';
import { noBytes } from '../persistence/method.ts';

/** How heads are forwarded: made once per listener and configuration. */
export interface Forwarding {
  readonly mode: 'append' | 'replace' | 'none';
  readonly hasForwarded: boolean;
  /** `X-Forwarded-Proto: http\r\n` */
  readonly protoLine: Buffer;
  /** `Host` of a request that has none: the address it came to. */
  readonly defaultHost: Buffer;
}

const crlf = Buffer.from('\r\n');
const space = Buffer.from(' ');
const slash = Buffer.from('/');
const star = Buffer.from('*');
const comma = Buffer.from(', ');
const version = Buffer.from(' HTTP/1.1\r\n');
const hostName = Buffer.from('Host: ');
const forName = Buffer.from('X-Forwarded-For: ');
const forwardedHostName = Buffer.from('X-Forwarded-Host: ');
const forwardedName = Buffer.from('Forwarded: ');
const upgradeLines = Buffer.from('Connection: Upgrade\r\nUpgrade: ');
const trailersLines = Buffer.from('Connection: TE\r\nTE: trailers\r\n');
const closeLine = Buffer.from('Connection: close\r\n');
const keepAliveLine = Buffer.from('Connection: keep-alive\r\n');

/** Room that a rewritten head may need beside thrice its own length. */
export const rewriteRoomBytes = 1024;

/** Writes `from[start, end)` at `at`; answers the place behind it. Few bytes are quicker by hand than by a call. */
function put(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  if (end - start > 40) {
    from.copy(to, at, start, end);
    return at + end - start;
  }
  let place = at;
  for (let index = start; index < end; index++) to[place++] = from[index] ?? 0;
  return place;
}

function putAll(from: Buffer, to: Buffer, at: number): number {
  return put(from, 0, from.length, to, at);
}

/**
 * Writes the request that the last scan of `bytes` found as it goes to a member: HTTP/1.1, origin form, hop-by-hop
 * fields cut, the client named. Answers its length.
 */
export function writeRequestHead(
  bytes: Buffer,
  end: number,
  out: Buffer,
  forwarding: Forwarding,
  forLine: Buffer,
  isUpgrade: boolean,
): number {
  let at = 0;
  const hostField = head.hostField * 5;
  let host = bytes;
  let hostStart = head.fields[hostField + 2] ?? 0;
  let hostEnd = head.fields[hostField + 3] ?? 0;
  if (head.isAbsoluteForm) {
    // RFC 9112 3.2.2: the target's authority replaces Host.
    hostStart = authorityStart(bytes, head.targetStart, head.targetEnd);
    hostEnd = authorityEnd(bytes, hostStart, head.targetEnd);
    at = put(bytes, head.start, head.methodEnd, out, at);
    at = putAll(space, out, at);
    if (bytes[hostEnd] !== 47) at = putAll(hostEnd === head.targetEnd && head.isOptions ? star : slash, out, at);
    at = put(bytes, hostEnd, head.targetEnd, out, at);
    at = putAll(version, out, at);
    if (head.hostField >= 0) cut(head.hostField);
    at = putHost(host, hostStart, hostEnd, out, at);
  } else {
    at = put(bytes, head.start, head.fieldsStart, out, at);
    out[at - 3] = 49; // HTTP/1.0 becomes HTTP/1.1
    if (head.hostField < 0) {
      host = forwarding.defaultHost;
      hostStart = 0;
      hostEnd = host.length;
      at = putHost(host, 0, hostEnd, out, at);
    }
  }
  if (forwarding.mode !== 'none') cutForwarded(forwarding);
  const hasEarlier = forwarding.mode === 'append' && head.forwardedForField >= 0;
  if (hasEarlier) cutEvery(bytes, head.forwardedForField);
  at = putFields(bytes, end, out, at);
  if (forwarding.mode !== 'none') {
    at = hasEarlier ? putEarlierClients(bytes, forLine, out, at) : putAll(forLine, out, at);
    if (head.forwardedProtoField < 0 || forwarding.mode === 'replace') at = putAll(forwarding.protoLine, out, at);
    if (head.forwardedHostField < 0 || forwarding.mode === 'replace') {
      at = putAll(forwardedHostName, out, at);
      at = put(host, hostStart, hostEnd, out, at);
      at = putAll(crlf, out, at);
    }
  }
  if (forwarding.hasForwarded)
    at = putForwarded(forwarding, forLine, host.toString('latin1', hostStart, hostEnd), out, at);
  if (isUpgrade) {
    const field = head.upgradeField * 5;
    at = putAll(upgradeLines, out, at);
    at = put(bytes, head.fields[field + 2] ?? 0, head.fields[field + 3] ?? 0, out, at);
    at = putAll(crlf, out, at);
  } else if (head.hasTrailersTe) at = putAll(trailersLines, out, at);
  return putAll(crlf, out, at);
}

function putHost(host: Buffer, start: number, end: number, out: Buffer, place: number): number {
  const at = put(host, start, end, out, putAll(hostName, out, place));
  return putAll(crlf, out, at);
}

/** What a client says about itself is cut where ours replaces it. */
function cutForwarded(forwarding: Forwarding): void {
  if (forwarding.mode !== 'replace') return;
  for (const field of [
    head.forwardedForField,
    head.forwardedProtoField,
    head.forwardedHostField,
    head.forwardedField,
  ]) {
    if (field >= 0) cut(field);
  }
}

/** Every field of the same name as `field`: several lines become one. */
function cutEvery(bytes: Buffer, field: number): void {
  for (let index = 0; index < head.fieldCount; index++) if (isSameName(bytes, index, field)) cut(index);
}

function isSameName(bytes: Buffer, one: number, other: number): boolean {
  return one === other || nameOf(bytes, one) === nameOf(bytes, other);
}

function nameOf(bytes: Buffer, field: number): string {
  return bytes.toString('latin1', head.fields[field * 5], head.fields[field * 5 + 1]).toLowerCase();
}

function putEarlierClients(bytes: Buffer, forLine: Buffer, out: Buffer, place: number): number {
  let at = putAll(forName, out, place);
  for (let index = 0; index < head.fieldCount; index++) {
    if (!isSameName(bytes, index, head.forwardedForField)) continue;
    const start = head.fields[index * 5 + 2] ?? 0;
    const end = head.fields[index * 5 + 3] ?? 0;
    if (end === start) continue;
    at = putAll(comma, out, put(bytes, start, end, out, at));
  }
  return put(forLine, forName.length, forLine.length, out, at);
}

/** `X-Forwarded-For: <client>\r\n`, made once per connection. */
export function renderForLine(clientAddress: string): Buffer {
  return Buffer.from(`X-Forwarded-For: ${clientAddress}\r\n`, 'latin1');
}

/** RFC 7239: an IPv6 address is quoted and in brackets, a host with a port quoted. */
function putForwarded(forwarding: Forwarding, forLine: Buffer, host: string, out: Buffer, place: number): number {
  const client = forLine.toString('latin1', forName.length, forLine.length - 2);
  const quoted = client.includes(':') ? `"[${client}]"` : client;
  const proto = forwarding.protoLine.includes('https') ? 'https' : 'http';
  const text = Buffer.from(`for=${quoted};host="${host}";proto=${proto}\r\n`, 'latin1');
  return putAll(text, out, putAll(forwardedName, out, place));
}

/** What the client's connection needs said about the response. */
export interface ResponseRewrite {
  readonly connection: 'silent' | 'close' | 'keep-alive';
  /** The client does not know chunks (HTTP/1.0) or the status has no body. */
  readonly dropsTransferEncoding: boolean;
  readonly dropsContentLength: boolean;
  /** `Date: ...\r\n` for a response that has none; empty otherwise. */
  readonly dateLine: Buffer;
  /** What becomes of the persistence cookie where a member sets it. */
  readonly cookie: CookieRule;
  /** What `rewrite` and `prefix` write. */
  readonly cookieValue: Buffer;
  /** `Set-Cookie: ...\r\n` of the engine's own, or empty. */
  readonly cookieLine: Buffer;
  /** `Strict-Transport-Security: ...\r\n` in the place of a member's, or empty. */
  readonly hstsLine: Buffer;
}

/** Writes the response that the last scan of `bytes` found as it goes to the client. Answers its length. */
export function writeResponseHead(
  bytes: Buffer,
  end: number,
  out: Buffer,
  rewrite: ResponseRewrite,
  isUpgrade: boolean,
): number {
  if (rewrite.dropsTransferEncoding) cutNamedFields(bytes, 'transfer-encoding');
  if (rewrite.dropsContentLength) cutNamedFields(bytes, 'content-length');
  if (rewrite.hstsLine.length > 0) cutNamedFields(bytes, 'strict-transport-security');
  let at = put(bytes, head.start, head.fieldsStart, out, 0);
  out[7] = 49; // our own version (RFC 9110 2.5)
  const changed = rewrite.cookie === noCookie ? noBytes : editSetCookies(bytes, rewrite.cookie, rewrite.cookieValue);
  at = putAll(changed, out, putFields(bytes, end, out, at));
  if (!head.hasDate) at = putAll(rewrite.dateLine, out, at);
  at = putAll(rewrite.cookieLine, out, at);
  at = putAll(rewrite.hstsLine, out, at);
  if (isUpgrade && head.upgradeField >= 0) {
    const field = head.upgradeField * 5;
    at = putAll(upgradeLines, out, at);
    at = put(bytes, head.fields[field + 2] ?? 0, head.fields[field + 3] ?? 0, out, at);
    at = putAll(crlf, out, at);
  } else if (rewrite.connection !== 'silent') {
    at = putAll(rewrite.connection === 'close' ? closeLine : keepAliveLine, out, at);
  }
  return putAll(crlf, out, at);
}

function cutNamedFields(bytes: Buffer, name: string): void {
  for (let index = 0; index < head.fieldCount; index++) if (nameOf(bytes, index) === name) cut(index);
}

/** The field lines that are not cut, in runs. */
function putFields(bytes: Buffer, end: number, out: Buffer, place: number): number {
  if (head.cutCount === 0) return put(bytes, head.fieldsStart, end - 2, out, place);
  let at = place;
  let runStart = head.fieldsStart;
  for (let index = 0; index < head.fieldCount; index++) {
    if (head.isCut[index] !== 1) continue;
    at = put(bytes, runStart, head.fields[index * 5] ?? 0, out, at);
    runStart = head.fields[index * 5 + 4] ?? 0;
  }
  return put(bytes, runStart, end - 2, out, at);
}
