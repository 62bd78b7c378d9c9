/** A part of a body: bytes from `from` up to `to`, which is not part of it. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/** More parts than this are not served one by one (RFC 9110 14.2: a server may ignore what looks like an attack). */
const maxRanges = 32;

/** What a Range field asks for of a body of this length: parts, `none` satisfiable (416), or nothing that is understood (the whole). */
export function parseRange(text: string, length: number): readonly ByteRange[] | 'none' | undefined {
  const match = /^bytes\s*=\s*(.+)$/i.exec(text);
  if (match === null) return undefined;
  const ranges: ByteRange[] = [];
  const specs = (match[1] ?? '')
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  if (specs.length > maxRanges) return undefined;
  for (const spec of specs) {
    const parts = /^(\d{0,15})-(\d{0,15})$/.exec(spec);
    if (parts === null || spec === '-') return undefined;
    const [, first = '', last = ''] = parts;
    if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
    if (first === '') {
      const suffix = Math.min(Number(last), length);
      if (suffix > 0) ranges.push({ from: length - suffix, to: length });
    } else if (Number(first) < length) {
      ranges.push({ from: Number(first), to: last === '' ? length : Math.min(Number(last) + 1, length) });
    }
  }
  if (ranges.length === 0) return specs.length === 0 ? undefined : 'none';
  // RFC 9110 14.2: many overlapping parts are more than the whole.
  const asked = ranges.reduce((sum, range) => sum + range.to - range.from, 0);
  return asked > length && ranges.length > 1 ? undefined : ranges;
}

/** The offset at which the first part begins where that is known without the length. */
export function firstOffset(text: string): number | undefined {
  const first = /^bytes\s*=\s*(\d{1,15})-/i.exec(text)?.[1];
  return first === undefined ? undefined : Number(first);
}

export function isMultiple(text: string): boolean {
  return text.includes(',');
}
