import { createZstdCompress } from 'node:zlib';

export type Coding = 'zstd' | 'br' | 'gzip';

/** The codings of a list that this Node.js can make. */
export function usableCodings(wanted: readonly Coding[]): readonly Coding[] {
  // Absent before Node.js 22.15, whatever the types say.
  const hasZstd = typeof (createZstdCompress as unknown) === 'function';
  return wanted.filter((coding) => coding !== 'zstd' || hasZstd);
}

/**
 * The coding that the client likes best (RFC 9110 12.5.3), the earlier offered where it likes several as well; undefined = it gets the
 * plain one.
 */
export function negotiate(acceptEncoding: string | undefined, offered: readonly Coding[]): Coding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const qualities = new Map<string, number>();
  for (const item of acceptEncoding.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    const q = parameters.map((each) => /^q\s*=\s*(.*)$/.exec(each)?.[1]).find((each) => each !== undefined);
    if (name !== '') qualities.set(name === 'x-gzip' ? 'gzip' : name, q === undefined ? 1 : quality(q));
  }
  let best: Coding | undefined;
  let bestQuality = qualities.get('identity') ?? 0;
  for (const coding of offered) {
    const q = qualities.get(coding) ?? qualities.get('*') ?? 0;
    if (q <= 0 || q < bestQuality || (best !== undefined && q === bestQuality)) continue;
    best = coding;
    bestQuality = q;
  }
  return best;
}

/** 0 to 1 with at most three decimals; anything else is 0. */
function quality(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;
}
