/** The length of the prefix that a dotted mask means (255.255.255.0 is 24); undefined where it is none. */
export function prefixOfMask(mask: string): number | undefined {
  const bytes = mask.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : NaN));
  if (bytes.length !== 4 || !bytes.every((byte) => byte <= 255)) return undefined;
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
