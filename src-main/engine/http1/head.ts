import {
  CR,
  COLON,
  COMMA,
  equalsName,
  HTAB,
  hexValue,
  isFieldByte,
  isHostByte,
  isTargetByte,
  isToken,
  LF,
  SP,
} from './bytes.ts';

/**
 * The strict one-pass reader of message heads (RFC 9112), the hottest code there is: longer than house style because every
 * call and every object would cost on each request. It makes no strings and no objects: what it found stands in `head`,
 * valid until the next scan.
 */

/** More fields than this are refused with 431. */
export const maxFieldCount = 128;

/** Why a message was refused; the numbers are the statuses that a client gets. */
export type Refusal = 400 | 413 | 414 | 431 | 501 | 505;

/** What the last scan found. Offsets are into the scanned bytes. */
export const head = {
  /** First byte of the start line (empty lines before it skipped). */
  start: 0,
  methodEnd: 0,
  targetStart: 0,
  targetEnd: 0,
  /** First byte of the first field line. */
  fieldsStart: 0,
  status: 0,
  isHttp10: false,
  isHead: false,
  isConnect: false,
  isOptions: false,
  isTrace: false,
  /** Safe to repeat by RFC 9110 9.2.2: GET, HEAD, OPTIONS, TRACE, PUT, DELETE. */
  isIdempotent: false,
  isAbsoluteForm: false,
  contentLength: -1,
  isChunked: false,
  hasClose: false,
  hasKeepAlive: false,
  hasUpgradeOption: false,
  hasNominated: false,
  hasTrailersTe: false,
  hasDate: false,
  hasExpectContinue: false,
  /** Indexes into the fields; -1 = absent. */
  hostField: -1,
  upgradeField: -1,
  forwardedForField: -1,
  forwardedProtoField: -1,
  forwardedHostField: -1,
  forwardedField: -1,
  cookieField: -1,
  connectionField: -1,
  forwardedForCount: 0,
  /** `timeout` of a Keep-Alive field in seconds; -1 = absent. */
  keepAliveTimeoutS: -1,
  fieldCount: 0,
  cutCount: 0,
  /** Per field: name start, name end, value start, value end (white space trimmed), line end (CR LF included). */
  fields: new Int32Array(maxFieldCount * 5),
  /** 1 = hop-by-hop: not forwarded. */
  isCut: new Uint8Array(maxFieldCount),
};

function name(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

const nameTe = name('te');
const nameHost = name('host');
const nameDate = name('date');
const nameCookie = name('cookie');
const nameExpect = name('expect');
const nameUpgrade = name('upgrade');
const nameForwarded = name('forwarded');
const nameConnection = name('connection');
const nameKeepAlive = name('keep-alive');
const nameContentLength = name('content-length');
const nameHttp2Settings = name('http2-settings');
const nameForwardedFor = name('x-forwarded-for');
const nameForwardedHost = name('x-forwarded-host');
const nameProxyConnection = name('proxy-connection');
const nameForwardedProto = name('x-forwarded-proto');
const nameTransferEncoding = name('transfer-encoding');
const valueClose = name('close');
const valueTrailers = name('trailers');
const valueChunked = name('chunked');
const valueContinue = name('100-continue');

/**
 * Scans a request head in `bytes[start, end)`. Answers the offset behind it, 0 = more bytes are needed, or a negative
 * `Refusal`. `maximum` bounds the whole head.
 */
export function scanRequest(bytes: Uint8Array, start: number, end: number, maximum: number): number {
  let at = start;
  // RFC 9112 2.2: at least one empty line before the request line is ignored.
  while (at + 1 < end && at - start < 4 && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  head.start = at;
  if (at >= end) return 0;
  while (at < end && isToken[bytes[at] ?? 0] === 1) at++;
  const methodLength = at - head.start;
  if (at >= end) return methodLength > 64 || (end - at === 1 && bytes[at] === CR) ? -400 : 0;
  if (bytes[at] === CR && methodLength === 0) return at + 1 >= end ? 0 : -400;
  if (bytes[at] !== SP || methodLength === 0) return -400;
  head.methodEnd = at;
  readMethod(bytes, head.start, methodLength);
  const target = ++at;
  while (at < end && (bytes[at] ?? 0) > SP && bytes[at] !== 127) at++;
  if (at - head.start > maximum) return -414;
  if (at + 10 >= end) return isVersionPrefix(bytes, at, end) ? 0 : -400;
  if (bytes[at] !== SP || at === target) return -400;
  head.targetStart = target;
  head.targetEnd = at;
  if (
    bytes[at + 1] !== 72 ||
    bytes[at + 2] !== 84 ||
    bytes[at + 3] !== 84 ||
    bytes[at + 4] !== 80 ||
    bytes[at + 5] !== 47 ||
    bytes[at + 7] !== 46 ||
    bytes[at + 9] !== CR ||
    bytes[at + 10] !== LF
  ) {
    return -400;
  }
  if (bytes[at + 6] !== 49) return isDigit(bytes[at + 6]) && isDigit(bytes[at + 8]) ? -505 : -400;
  if (!isDigit(bytes[at + 8])) return -400;
  head.isHttp10 = bytes[at + 8] === 48;
  const targetCheck = checkTarget(bytes, target, head.targetEnd);
  if (targetCheck !== 0) return targetCheck;
  head.fieldsStart = at + 11;
  const result = scanFields(bytes, at + 11, end, start + maximum);
  if (result <= 0) return result === 0 && end - start >= maximum ? -431 : result;
  if (result - start > maximum) return -431;
  return checkRequest(bytes) ? result : -refusal;
}

/** Set by `checkRequest` where it answers false. */
let refusal: Refusal = 400;

function checkRequest(bytes: Uint8Array): boolean {
  refusal = 400;
  if (head.isConnect) {
    refusal = 501;
    return false;
  }
  if (head.isChunked && (head.contentLength >= 0 || head.isHttp10)) return false;
  if (head.hostField < 0) return head.isHttp10;
  const host = head.hostField * 5;
  return isHost(bytes, head.fields[host + 2] ?? 0, head.fields[host + 3] ?? 0);
}

/**
 * Scans a response head in `bytes[start, end)`: the offset behind it, 0 = more bytes are needed, -1 = not a response that
 * may be forwarded.
 */
export function scanResponse(bytes: Uint8Array, start: number, end: number, maximum: number): number {
  head.start = start;
  if (end - start < 15) return isResponsePrefix(bytes, start, end) ? 0 : -1;
  if (!isResponsePrefix(bytes, start, end) || bytes[start + 8] !== SP || !isDigit(bytes[start + 7])) return -1;
  const hundreds = (bytes[start + 9] ?? 0) - 48;
  const tens = (bytes[start + 10] ?? 0) - 48;
  const ones = (bytes[start + 11] ?? 0) - 48;
  if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return -1;
  head.status = hundreds * 100 + tens * 10 + ones;
  if (head.status > 599) return -1;
  head.isHttp10 = bytes[start + 7] === 48;
  let at = start + 12;
  if (bytes[at] !== SP && bytes[at] !== CR) return -1;
  while (at < end && isFieldByte[bytes[at] ?? 0] === 1) at++;
  if (at + 1 >= end) return end - start > maximum ? -1 : 0;
  if (bytes[at] !== CR || bytes[at + 1] !== LF) return -1;
  head.fieldsStart = at + 2;
  const result: number = scanFields(bytes, at + 2, end, start + maximum);
  if (result < 0 || (result === 0 && end - start >= maximum) || result - start > maximum) return -1;
  if (result > 0 && head.isChunked && (head.contentLength >= 0 || head.isHttp10)) return -1;
  return result;
}

/** Field lines up to the empty one. Answers as the scans do. */
function scanFields(bytes: Uint8Array, start: number, end: number, limit: number): number {
  forgetFields();
  const { fields, isCut } = head;
  let at = start;
  for (let count = 0; ; count++) {
    if (at >= end) return 0;
    if (bytes[at] === CR) {
      if (at + 1 >= end) return 0;
      if (bytes[at + 1] !== LF) return -400;
      head.fieldCount = count;
      return head.hasNominated ? cutNominated(bytes, at + 2) : at + 2;
    }
    const nameStart = at;
    while (at < end && isToken[bytes[at] ?? 0] === 1) at++;
    if (at >= end) return 0;
    // obs-fold, white space before the colon and bare CR or LF all end here
    if (bytes[at] !== COLON || at === nameStart) return -400;
    const nameEnd = at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    const valueStart = at;
    while (at < end && isFieldByte[bytes[at] ?? 0] === 1) at++;
    if (at + 1 >= end) return at < end && bytes[at] !== CR ? -400 : 0;
    if (bytes[at] !== CR || bytes[at + 1] !== LF) return -400;
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd--;
    at += 2;
    if (count >= maxFieldCount || at > limit) return -431;
    const field = count * 5;
    fields[field] = nameStart;
    fields[field + 1] = nameEnd;
    fields[field + 2] = valueStart;
    fields[field + 3] = valueEnd;
    fields[field + 4] = at;
    isCut[count] = 0;
    const problem = readField(bytes, count, nameStart, nameEnd, valueStart, valueEnd);
    if (problem !== 0) return problem;
  }
}

function forgetFields(): void {
  head.contentLength = -1;
  head.isChunked = head.hasClose = head.hasKeepAlive = head.hasUpgradeOption = false;
  head.hasNominated = head.hasTrailersTe = head.hasDate = head.hasExpectContinue = false;
  head.hostField = head.upgradeField = head.forwardedForField = head.forwardedProtoField = -1;
  head.forwardedHostField = head.forwardedField = head.cookieField = head.connectionField = -1;
  head.keepAliveTimeoutS = -1;
  head.forwardedForCount = head.fieldCount = head.cutCount = 0;
}

/** Looks at the fields that matter to an intermediary, by the length of their names. 0 or a negative refusal. */
function readField(
  bytes: Uint8Array,
  index: number,
  from: number,
  to: number,
  valueStart: number,
  valueEnd: number,
): number {
  switch (to - from) {
    case 2:
      if (equalsName(bytes, from, to, nameTe)) {
        head.hasTrailersTe ||= equalsName(bytes, valueStart, valueEnd, valueTrailers);
        cut(index);
      }
      return 0;
    case 4:
      if (equalsName(bytes, from, to, nameHost)) {
        if (head.hostField >= 0) return -400;
        head.hostField = index;
      } else if (equalsName(bytes, from, to, nameDate)) head.hasDate = true;
      return 0;
    case 6:
      if (equalsName(bytes, from, to, nameCookie)) head.cookieField = index;
      else if (equalsName(bytes, from, to, nameExpect)) {
        head.hasExpectContinue = equalsName(bytes, valueStart, valueEnd, valueContinue);
      }
      return 0;
    case 7:
      if (equalsName(bytes, from, to, nameUpgrade)) {
        head.upgradeField = index;
        cut(index);
      }
      return 0;
    case 9:
      if (equalsName(bytes, from, to, nameForwarded)) head.forwardedField = index;
      return 0;
    case 10:
      if (equalsName(bytes, from, to, nameConnection)) {
        head.connectionField = index;
        cut(index);
        return readConnection(bytes, valueStart, valueEnd);
      }
      if (equalsName(bytes, from, to, nameKeepAlive)) {
        cut(index);
        readKeepAlive(bytes, valueStart, valueEnd);
      }
      return 0;
    case 14:
      if (equalsName(bytes, from, to, nameContentLength)) return readContentLength(bytes, valueStart, valueEnd);
      if (equalsName(bytes, from, to, nameHttp2Settings)) cut(index);
      return 0;
    case 15:
      if (equalsName(bytes, from, to, nameForwardedFor)) {
        head.forwardedForField = index;
        head.forwardedForCount++;
      }
      return 0;
    case 16:
      if (equalsName(bytes, from, to, nameForwardedHost)) head.forwardedHostField = index;
      else if (equalsName(bytes, from, to, nameProxyConnection)) cut(index);
      return 0;
    case 17:
      if (equalsName(bytes, from, to, nameTransferEncoding)) {
        if (head.isChunked || valueStart === valueEnd) return -400;
        if (!equalsName(bytes, valueStart, valueEnd, valueChunked))
          return endsChunked(bytes, valueStart, valueEnd) ? -501 : -400;
        head.isChunked = true;
      } else if (equalsName(bytes, from, to, nameForwardedProto)) head.forwardedProtoField = index;
      return 0;
    default:
      return 0;
  }
}

/** Marks a field as not to be forwarded. */
export function cut(index: number): void {
  if (head.isCut[index] === 0) {
    head.isCut[index] = 1;
    head.cutCount++;
  }
}

/** Digits alone, once, at most 15 of them: a number that no other reader can take for another. */
function readContentLength(bytes: Uint8Array, start: number, end: number): number {
  if (head.contentLength >= 0 || start === end || end - start > 15) return -400;
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) return -400;
    value = value * 10 + digit;
  }
  head.contentLength = value;
  return 0;
}

/** Connection options: a list of tokens; names of fields among them are cut later. */
function readConnection(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const from = at;
    while (at < end && isToken[bytes[at] ?? 0] === 1) at++;
    const to = at;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    if (at < end && bytes[at] !== COMMA) return -400;
    at++;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
    if (to === from) continue;
    if (equalsName(bytes, from, to, valueClose)) head.hasClose = true;
    else if (equalsName(bytes, from, to, nameKeepAlive)) head.hasKeepAlive = true;
    else if (equalsName(bytes, from, to, nameUpgrade)) head.hasUpgradeOption = true;
    else if (!equalsName(bytes, from, to, nameTe)) head.hasNominated = true;
  }
  return 0;
}

/** Cuts the fields that Connection names. One that carries framing or routing must not be named (RFC 9110 7.6.1). */
function cutNominated(bytes: Uint8Array, result: number): number {
  const { fields } = head;
  for (let line = 0; line < head.fieldCount; line++) {
    if (!equalsName(bytes, fields[line * 5] ?? 0, fields[line * 5 + 1] ?? 0, nameConnection)) continue;
    let at = fields[line * 5 + 2] ?? 0;
    const end = fields[line * 5 + 3] ?? 0;
    while (at < end) {
      const from = at;
      while (at < end && isToken[bytes[at] ?? 0] === 1) at++;
      if (at > from && !cutNamed(bytes, from, at)) return -400;
      at++;
    }
  }
  return result;
}

function cutNamed(bytes: Uint8Array, from: number, to: number): boolean {
  for (const kept of [nameHost, nameContentLength, nameTransferEncoding, nameCookie]) {
    if (equalsName(bytes, from, to, kept)) return false;
  }
  const { fields } = head;
  for (let index = 0; index < head.fieldCount; index++) {
    const start = fields[index * 5] ?? 0;
    const end = fields[index * 5 + 1] ?? 0;
    if (end - start === to - from && isSameToken(bytes, start, from, to - from)) cut(index);
  }
  return true;
}

function isSameToken(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index++) {
    if (lower(bytes[one + index] ?? 0) !== lower(bytes[other + index] ?? 0)) return false;
  }
  return true;
}

function lower(byte: number): number {
  return byte >= 65 && byte <= 90 ? byte + 32 : byte;
}

/** `Keep-Alive: timeout=5, max=100`: how long the member keeps an idle connection. */
function readKeepAlive(bytes: Uint8Array, start: number, end: number): void {
  const match = /timeout=(\d{1,6})/i.exec(
    Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'),
  );
  if (match !== null) head.keepAliveTimeoutS = Number(match[1]);
}

/** A list of codings that ends with chunked: well formed, but no coding that this engine knows. */
function endsChunked(bytes: Uint8Array, start: number, end: number): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start)
    .toString('latin1')
    .toLowerCase();
  const codings = text.split(',').map((coding) => coding.trim());
  return codings.length > 1 && codings.at(-1) === 'chunked' && !codings.slice(0, -1).includes('chunked');
}

function readMethod(bytes: Uint8Array, start: number, length: number): void {
  const first = bytes[start];
  head.isHead = length === 4 && isText(bytes, start, 'HEAD');
  head.isConnect = length === 7 && first === 67 && isText(bytes, start, 'CONNECT');
  head.isOptions = length === 7 && first === 79 && isText(bytes, start, 'OPTIONS');
  head.isTrace = length === 5 && first === 84 && isText(bytes, start, 'TRACE');
  head.isIdempotent =
    head.isHead ||
    head.isOptions ||
    head.isTrace ||
    (length === 3 && (isText(bytes, start, 'GET') || isText(bytes, start, 'PUT'))) ||
    (length === 6 && isText(bytes, start, 'DELETE'));
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** Origin form, absolute form of http and https, or `*` for OPTIONS; each byte legal. 0 or a negative refusal. */
function checkTarget(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) if (isTargetByte[bytes[at] ?? 0] !== 1) return -400;
  head.isAbsoluteForm = false;
  const first = bytes[start];
  if (first === 47) return 0;
  if (head.isConnect) return 0;
  if (first === 42) return end - start === 1 && head.isOptions ? 0 : -400;
  const authority = authorityStart(bytes, start, end);
  if (authority < 0) return -400;
  const to = authorityEnd(bytes, authority, end);
  head.isAbsoluteForm = true;
  return isHost(bytes, authority, to) ? 0 : -400;
}

/** Where the authority of an absolute-form target begins; -1 = not http or https. */
export function authorityStart(bytes: Uint8Array, start: number, end: number): number {
  const scheme = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(8, end - start))
    .toString('latin1')
    .toLowerCase();
  if (scheme.startsWith('http://')) return start + 7;
  return scheme === 'https://' ? start + 8 : -1;
}

/** Where it ends: at the path, the query or the end. */
export function authorityEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== 47 && bytes[at] !== 63) at++;
  return at;
}

/** A host with an optional port, not empty (RFC 9110 4.2.1), without user information. */
function isHost(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || bytes[start] === COLON) return false;
  let colons = 0;
  let lastColon = -1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (isHostByte[byte] !== 1) return false;
    if (byte === COLON) {
      colons++;
      lastColon = at;
    }
  }
  if (bytes[start] === 91) return isBracketed(bytes, start, end);
  if (colons > 1) return false;
  for (let at = lastColon + 1; colons === 1 && at < end; at++) if (!isDigit(bytes[at])) return false;
  return true;
}

/** `[v6]` with an optional port. */
function isBracketed(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start + 1;
  while (at < end && (hexValue[bytes[at] ?? 0] !== 255 || bytes[at] === COLON || bytes[at] === 46)) at++;
  if (at >= end || bytes[at] !== 93 || at === start + 1) return false;
  at++;
  if (at === end) return true;
  if (bytes[at] !== COLON) return false;
  for (at++; at < end; at++) if (!isDigit(bytes[at])) return false;
  return true;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57;
}

/** May ` HTTP/1.` still follow in bytes that are not there yet? */
function isVersionPrefix(bytes: Uint8Array, at: number, end: number): boolean {
  const expected = ' HTTP/';
  for (let index = 0; at + index < end && index < expected.length; index++) {
    if (bytes[at + index] !== expected.charCodeAt(index)) return false;
  }
  return true;
}

function isResponsePrefix(bytes: Uint8Array, start: number, end: number): boolean {
  const expected = 'HTTP/1.';
  for (let index = 0; start + index < end && index < expected.length; index++) {
    if (bytes[start + index] !== expected.charCodeAt(index)) return false;
  }
  return true;
}
