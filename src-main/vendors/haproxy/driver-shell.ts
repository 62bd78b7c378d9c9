/**
 * A word for a POSIX shell. What needs no quotes gets none, for the eye; all else stands in single quotes, where nothing has a meaning
 * but the quote itself. Throws RangeError on a NUL, which no argument can hold.
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new RangeError('A NUL cannot stand in a shell argument.');
  return /^[A-Za-z0-9_./:@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * A format for the shell's `printf` that prints exactly these bytes (POSIX printf: `%%`, `\\`, octal of three digits), as a quoted
 * word. Bytes that are not printable ASCII are octal, so that the command survives a terminal, a log and a paste.
 */
export function printfFormat(bytes: Uint8Array): string {
  let text = '';
  for (const [index, byte] of bytes.entries()) text += escapeByte(byte, index === 0);
  return `'${text}'`;
}

function escapeByte(byte: number, isFirst: boolean): string {
  if (byte === 0x0a) return String.raw`\n`;
  if (byte === 0x09) return String.raw`\t`;
  if (byte === 0x25) return '%%';
  if (byte === 0x5c) return String.raw`\\`;
  const isOption = isFirst && byte === 0x2d; // a leading minus sign would be an option of printf
  const isPlain = byte >= 0x20 && byte < 0x7f && byte !== 0x27 && !isOption;
  return isPlain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`;
}
