import { equalsName, HTAB, SP } from './bytes.ts';
import { cut, head } from './head.ts';
import { noBytes } from '../persistence/method.ts';
import type { CookieRule } from '../persistence/holding.ts';

/** Set-Cookie fields (RFC 6265 4.1) of the response that was scanned last. */

const fieldName = Buffer.from('set-cookie');
const equalsSign = 61;
const semicolon = 59;
const equals = Buffer.from('=');
const tilde = Buffer.from('~');
const crlf = Buffer.from('\r\n');
const nameAndColon = Buffer.from('Set-Cookie: ');

/**
 * Cuts the fields that set this cookie and answers what stands in their place: nothing for `insert`. For `rewrite` the
 * value is replaced, for `prefix` prefixed, attributes stay: as HAProxy 2.6 was seen to do, with several fields, quoted and
 * empty values and spaces around `=` too.
 */
export function editSetCookies(bytes: Buffer, { mode, name }: CookieRule, memberValue: Buffer): Buffer {
  if (mode === 'learn') return noBytes;
  const lines: Buffer[] = [];
  for (let index = 0; index < head.fieldCount; index++) {
    const value = valueStart(bytes, index, name);
    if (value < 0) continue;
    cut(index);
    if (mode === 'insert') continue;
    const end = head.fields[index * 5 + 3] ?? 0;
    const rest = mode === 'rewrite' ? valueEnd(bytes, value, end) : value;
    const kept = bytes.subarray(rest, end);
    lines.push(nameAndColon, name, equals, memberValue, mode === 'prefix' ? tilde : noBytes, kept, crlf);
  }
  return lines.length === 0 ? noBytes : Buffer.concat(lines);
}

/** How much longer than the fields of the scanned head the edited ones may be. */
export function setCookieRoom(memberValue: Buffer): number {
  return head.fieldCount * (nameAndColon.length + memberValue.length + 1);
}

/** The value that a member sets, or empty; of several the last. */
export function readSetCookie(bytes: Buffer, name: Buffer): string {
  let found = '';
  for (let index = 0; index < head.fieldCount; index++) {
    const value = valueStart(bytes, index, name);
    if (value >= 0) found = bytes.toString('latin1', value, valueEnd(bytes, value, head.fields[index * 5 + 3] ?? 0));
  }
  return found;
}

/** Where the value begins if the field sets this cookie, else -1. */
function valueStart(bytes: Buffer, index: number, name: Buffer): number {
  const field = index * 5;
  if (!equalsName(bytes, head.fields[field] ?? 0, head.fields[field + 1] ?? 0, fieldName)) return -1;
  const start = head.fields[field + 2] ?? 0;
  const end = head.fields[field + 3] ?? 0;
  let at = start + name.length;
  if (at > end || bytes.compare(name, 0, name.length, start, at) !== 0) return -1;
  while (at < end && isSpace(bytes[at])) at++;
  if (at >= end || bytes[at] !== equalsSign) return -1;
  at++;
  while (at < end && isSpace(bytes[at])) at++;
  return at;
}

function valueEnd(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== semicolon) at++;
  while (at > start && isSpace(bytes[at - 1])) at--;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}
