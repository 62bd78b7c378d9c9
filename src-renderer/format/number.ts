/** Stands where a device tells no number: never 0. */
export const missing = '–';

/** A number with its unit: `{ value: '24.7', unit: 'k/s' }`. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

/** A number with thousands separators and `digits` decimals; a true minus sign; `–` where there is none. */
export function formatNumber(value: number | null | undefined, digits = 0): string {
  if (value === undefined || value === null || !Number.isFinite(value)) return missing;
  const text = formatOf(digits).format(Math.abs(value));
  return value < 0 && Number(text.replaceAll(',', '')) !== 0 ? `−${text}` : text;
}

/** By number of decimals: to make a format costs a hundred times what it costs to use one, and a pool of 50 needs hundreds a second. */
const formats = new Map<number, Intl.NumberFormat>();

function formatOf(digits: number): Intl.NumberFormat {
  const known = formats.get(digits);
  if (known) return known;
  const made = new Intl.NumberFormat('en-GB', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(digits, made);
  return made;
}

/** A number with as many decimals as its size needs: 0.42, 3.1, 57, 24,700. */
export function formatCompact(value: number | null | undefined): string {
  if (value === undefined || value === null) return missing;
  const size = Math.abs(value);
  return formatNumber(value, size === 0 || size >= 20 ? 0 : size < 1 ? 2 : 1);
}

/** A difference with its sign always there. */
export function formatSigned(value: number, digits = 1): string {
  const text = formatNumber(Math.abs(value), digits);
  return value < 0 ? `−${text}` : `+${text}`;
}

/** A share of 0 to 1 as a percentage without its sign: 0.062 is `6.2`. */
export function formatShare(share: number | null | undefined, digits = 1): string {
  return share === undefined || share === null ? missing : formatNumber(share * 100, digits);
}

const steps = [
  { from: 1e12, prefix: 'T' },
  { from: 1e9, prefix: 'G' },
  { from: 1e6, prefix: 'M' },
  { from: 1e3, prefix: 'k' },
  { from: 0, prefix: '' },
] as const;

/** One SI scale for a column or a card: the divisor and the prefix that its largest value needs. */
export function siScale(largest: number): { readonly divisor: number; readonly prefix: string } {
  const step = steps.find(({ from }) => largest >= from) ?? { from: 0, prefix: '' };
  return { divisor: step.from === 0 ? 1 : step.from, prefix: step.prefix };
}

/** Requests per second in SI steps. */
export function formatPerSecond(value: number | undefined): Quantity {
  if (value === undefined) return { value: missing, unit: '/s' };
  const { divisor, prefix } = siScale(value >= 10_000 ? value : 0);
  return { value: formatCompact(value / divisor), unit: `${prefix}/s` };
}

/** Bytes per second as bits per second in SI steps. */
export function formatBitsPerSecond(bytesPerSecond: number | undefined): Quantity {
  if (bytesPerSecond === undefined) return { value: missing, unit: 'bit/s' };
  const bits = bytesPerSecond * 8;
  const { divisor, prefix } = siScale(bits);
  return { value: formatCompact(bits / divisor), unit: `${prefix}bit/s` };
}

/** Bytes of a file or a buffer in binary steps. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 * 1024 ? `${formatNumber(bytes / 1024, 1)} KiB` : `${formatNumber(bytes / 1024 / 1024, 1)} MiB`;
}

/** A count with its noun, singular for one: `1 change`, `3 changes`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}
