/** CRC-32C (Castagnoli, RFC 3720 B.4): the checksum of PROXY protocol v2. */
export function crc32c(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8);
  return ~crc >>> 0;
}

const polynomial = 0x82f63b78; // reflected

const table: Int32Array = Int32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value;
});
