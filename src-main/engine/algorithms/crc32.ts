/** CRC-32 as zlib and NGINX compute it (polynomial 0xEDB88320). */
const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** The state before any byte. */
export const crcStart = 0xffffffff;

/** The state after one more byte. */
export function crcByte(state: number, byte: number): number {
  return ((table[(state ^ byte) & 0xff] ?? 0) ^ (state >>> 8)) >>> 0;
}

/** The state after text whose characters are bytes. */
export function crcText(state: number, text: string): number {
  let value = state;
  for (let index = 0; index < text.length; index++) value = crcByte(value, text.charCodeAt(index) & 0xff);
  return value;
}

export function crcEnd(state: number): number {
  return (state ^ 0xffffffff) >>> 0;
}

export function crc32(text: string): number {
  return crcEnd(crcText(crcStart, text));
}
