import { equalsName } from './bytes.ts';
import { head } from './head.ts';
import type { OwnResponse } from './own-response.ts';

const fieldName = Buffer.from('max-forwards');
const allow = 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n';

/**
 * Takes one from `Max-Forwards` of the TRACE or OPTIONS request that the last scan of `bytes` found, where it stands: the
 * number keeps its digits, so that nothing moves. Where none was left we are its final recipient (RFC 9110 7.6.2): then it
 * answers what we say. TRACE is never echoed: that would tell a script what it may not read.
 */
export function takeForward(bytes: Buffer): OwnResponse | undefined {
  for (let index = 0; index < head.fieldCount; index++) {
    const field = index * 5;
    if (!equalsName(bytes, head.fields[field] ?? 0, head.fields[field + 1] ?? 0, fieldName)) continue;
    if (!decrement(bytes, head.fields[field + 2] ?? 0, head.fields[field + 3] ?? 0))
      return head.isTrace ? { status: 405, extraLines: allow } : { status: 200, body: '', extraLines: allow };
  }
  return undefined;
}

/** False where the number is 0. What is no number is left alone: it binds nobody. */
function decrement(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.toString('latin1', start, end);
  if (!/^\d+$/.test(text)) return true;
  if (/^0+$/.test(text)) return false;
  const less = (BigInt(text) - 1n).toString().padStart(text.length, '0');
  bytes.write(less, start, 'latin1');
  return true;
}
