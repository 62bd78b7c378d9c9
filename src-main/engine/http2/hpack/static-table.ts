import { newField, type HeaderField } from './field.ts';

/** RFC 7541 appendix A; the first has index 1. */
const entries: readonly (readonly [name: string, value?: string])[] = [
  [':authority'],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset'],
  ['accept-encoding', 'gzip, deflate'],
  ['accept-language'],
  ['accept-ranges'],
  ['accept'],
  ['access-control-allow-origin'],
  ['age'],
  ['allow'],
  ['authorization'],
  ['cache-control'],
  ['content-disposition'],
  ['content-encoding'],
  ['content-language'],
  ['content-length'],
  ['content-location'],
  ['content-range'],
  ['content-type'],
  ['cookie'],
  ['date'],
  ['etag'],
  ['expect'],
  ['expires'],
  ['from'],
  ['host'],
  ['if-match'],
  ['if-modified-since'],
  ['if-none-match'],
  ['if-range'],
  ['if-unmodified-since'],
  ['last-modified'],
  ['link'],
  ['location'],
  ['max-forwards'],
  ['proxy-authenticate'],
  ['proxy-authorization'],
  ['range'],
  ['referer'],
  ['refresh'],
  ['retry-after'],
  ['server'],
  ['set-cookie'],
  ['strict-transport-security'],
  ['transfer-encoding'],
  ['user-agent'],
  ['vary'],
  ['via'],
  ['www-authenticate'],
];

/** By index; 0 is none. */
export const staticFields: readonly (HeaderField | undefined)[] = [
  undefined,
  ...entries.map(([name, value]) => newField(name, value ?? '')),
];

/** `:status` values that one byte says. */
export const indexOfStatus: ReadonlyMap<number, number> = new Map(
  entries.flatMap(([name, value], at) => (name === ':status' ? [[Number(value), at + 1] as const] : [])),
);

interface StaticName {
  readonly index: number;
  readonly name: Buffer;
}

const slots: StaticName[][] = Array.from({ length: 128 }, () => []);
for (const [at, [text]] of entries.entries()) {
  const name = Buffer.from(text, 'latin1');
  const slot = slots[slotOf(name, 0, name.length)];
  if (slot?.some((each) => each.name.equals(name)) === false) slot.push({ index: at + 1, name });
}

/** By length, first and last byte, without regard to case. */
function slotOf(bytes: Buffer, start: number, end: number): number {
  return ((end - start) * 5 + ((bytes[start] ?? 0) | 32) * 3 + ((bytes[end - 1] ?? 0) | 32) * 11) & 127;
}

/** The index of the name in `bytes[start, end)`, in any case; 0 = not in the table. */
export function staticIndexOf(bytes: Buffer, start: number, end: number): number {
  for (const { index, name } of slots[slotOf(bytes, start, end)] ?? []) {
    if (name.length === end - start && isSame(name, bytes, start)) return index;
  }
  return 0;
}

/** Names of the table are letters and hyphens, so one bit is all that case makes; `-` has it set. */
function isSame(name: Buffer, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < name.length; at++) if (name[at] !== ((bytes[start + at] ?? 0) | 32)) return false;
  return true;
}
