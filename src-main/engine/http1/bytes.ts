/** Byte classes of RFC 9110 and 9112 as tables: 1 = allowed. */

const tokenText = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** `tchar` of RFC 9110 5.6.2: methods and field names. */
export const isToken = table((byte) => tokenText.includes(String.fromCharCode(byte)));

/** `field-vchar`, SP, HTAB and obs-text of RFC 9110 5.5: what a field value may hold. */
export const isFieldByte = table((byte) => byte === 9 || (byte >= 32 && byte !== 127));

/** What a request target may hold: printable US-ASCII without SP and without a fragment (RFC 9112 3.2, RFC 3986). */
export const isTargetByte = table((byte) => byte > 32 && byte < 127 && byte !== 35);

/** `uri-host` and `port` of RFC 3986 3.2.2, IP literals in brackets included. */
export const isHostByte = table((byte) =>
  "-._~!$&'()*+,;=:[]%0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".includes(
    String.fromCharCode(byte),
  ),
);

/** Value of a hexadecimal digit; 255 = none. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = /^[0-9a-fA-F]$/.test(String.fromCharCode(byte)) ? Number.parseInt(String.fromCharCode(byte), 16) : 255;
  return value;
});

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const HTAB = 9;
export const COLON = 58;
export const COMMA = 44;

function table(isAllowed: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isAllowed(byte) ? 1 : 0));
}

/** Does `bytes[start, end)` equal `lower` (lower-case letters, digits, `-`) whatever its case? Field names only: tokens. */
export function equalsName(bytes: Uint8Array, start: number, end: number, lower: Uint8Array): boolean {
  if (end - start !== lower.length) return false;
  for (let index = 0; index < lower.length; index++) {
    if (((bytes[start + index] ?? 0) | 32) !== lower[index]) return false;
  }
  return true;
}
