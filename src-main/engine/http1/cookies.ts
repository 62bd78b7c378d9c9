import { equalsName, HTAB, LF, SP } from './bytes.ts';

/** Single cookies of a Cookie field (RFC 6265 4.2), found and cut in the bytes of a well-formed request head. */

const fieldName = Buffer.from('cookie');
const colon = 58;
const semicolon = 59;
const equalsSign = 61;
const tilde = 126;

/** Value of the first cookie of this name in the head `bytes[0, length)`; empty where there is none. */
export function findCookie(bytes: Buffer, length: number, name: Buffer): string {
  for (let line = nextLine(bytes, 0); line < length; line = nextLine(bytes, line)) {
    if (!isCookieLine(bytes, line)) continue;
    const end = lineEnd(bytes, line);
    const pair = findPair(bytes, line + fieldName.length + 1, end, name);
    if (pair >= 0) return bytes.toString('latin1', pair + name.length + 1, pairEnd(bytes, pair, end)).trim();
  }
  return '';
}

/**
 * Cuts every cookie of this name out of the head `bytes[0, length)`, and a Cookie field that has nothing left; what stands
 * up to `total` moves up. Answers how many bytes shorter the head is.
 */
export function cutCookie(bytes: Buffer, length: number, total: number, name: Buffer): number {
  let cut = 0;
  let line = nextLine(bytes, 0);
  while (line < length - cut) {
    const start = line + fieldName.length + 1;
    const end = lineEnd(bytes, line);
    const pair = isCookieLine(bytes, line) ? findPair(bytes, start, end, name) : -1;
    if (pair < 0) {
      line = nextLine(bytes, line);
      continue;
    }
    let from = pair;
    let to = pairEnd(bytes, pair, end);
    if (to < end) {
      to++;
      while (to < end && isSpace(bytes[to])) to++;
    } else {
      while (from > start && (isSpace(bytes[from - 1]) || bytes[from - 1] === semicolon)) from--;
      if (from === start) {
        from = line;
        to = nextLine(bytes, line);
      }
    }
    bytes.copyWithin(from, to, total - cut);
    cut += to - from;
  }
  return cut;
}

/**
 * Cuts what stands before the first `~`, and it, from the value of every cookie of this name in the head `bytes[0, length)`;
 * what stands up to `total` moves up. Answers how many bytes shorter the head is.
 */
export function cutPrefix(bytes: Buffer, length: number, total: number, name: Buffer): number {
  let cut = 0;
  for (let line = nextLine(bytes, 0); line < length - cut; line = nextLine(bytes, line)) {
    if (!isCookieLine(bytes, line)) continue;
    let at = line + fieldName.length + 1;
    for (;;) {
      const pair = findPair(bytes, at, lineEnd(bytes, line), name);
      if (pair < 0) break;
      at = pair + name.length + 1;
      const end = pairEnd(bytes, at, lineEnd(bytes, line));
      const prefix = bytes.subarray(at, end).indexOf(tilde);
      if (prefix < 0) continue;
      bytes.copyWithin(at, at + prefix + 1, total - cut);
      cut += prefix + 1;
      at = pairEnd(bytes, at, lineEnd(bytes, line));
    }
  }
  return cut;
}

/** First byte of the line behind the one at `at`. */
function nextLine(bytes: Buffer, at: number): number {
  return bytes.indexOf(LF, at) + 1;
}

/** Where the line's CR stands. */
function lineEnd(bytes: Buffer, at: number): number {
  return bytes.indexOf(LF, at) - 1;
}

function isCookieLine(bytes: Buffer, at: number): boolean {
  const end = at + fieldName.length;
  return bytes[end] === colon && equalsName(bytes, at, end, fieldName);
}

function findPair(bytes: Buffer, start: number, end: number, name: Buffer): number {
  let at = start;
  while (at < end) {
    while (at < end && isSpace(bytes[at])) at++;
    if (isPairOf(bytes, at, end, name)) return at;
    at = pairEnd(bytes, at, end) + 1;
  }
  return -1;
}

function isPairOf(bytes: Buffer, at: number, end: number, name: Buffer): boolean {
  if (at + name.length >= end || bytes[at + name.length] !== equalsSign) return false;
  for (let index = 0; index < name.length; index++) if (bytes[at + index] !== name[index]) return false;
  return true;
}

/** Where the pair's semicolon stands, or the field's end. */
function pairEnd(bytes: Buffer, pair: number, end: number): number {
  let at = pair;
  while (at < end && bytes[at] !== semicolon) at++;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}
