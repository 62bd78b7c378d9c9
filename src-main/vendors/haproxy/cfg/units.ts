const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  '': 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const unitBytes: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** HAProxy's longest time (a signed 32-bit count of milliseconds). */
const longestMs = 2_147_483_647;
/** The highest number that HAProxy reads into a signed 32-bit count. */
export const highestCount = longestMs;

/** HAProxy's highest weight (SRV_UWGHT_MAX); a higher one it refuses. */
export const highestWeight = 256;

/** A time (manual 2.5) in milliseconds, without a unit in `bare` units; undefined where it is none. */
export function readTimeMs(text: string, bare: 'ms' | 's' = 'ms'): number | undefined {
  const match = /^(\d{1,12})(us|ms|s|m|h|d)?$/.exec(text);
  if (!match) return undefined;
  const scale = unitMs[match[2] ?? bare] ?? 1;
  const timeMs = Math.floor(Number(match[1]) * scale);
  return timeMs <= longestMs ? timeMs : undefined;
}

/** A size (manual 2.6), also of a stick table, as a plain number. */
export function readSize(text: string): number | undefined {
  const match = /^(\d{1,12})([kmg])?$/i.exec(text);
  if (!match) return undefined;
  const size = Number(match[1]) * (unitBytes[(match[2] ?? '').toLowerCase()] ?? 1);
  return Number.isSafeInteger(size) ? size : undefined;
}

/** A count between 0 and `most`. */
export function readCount(text: string, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const count = Number(text);
  return count <= most ? count : undefined;
}
