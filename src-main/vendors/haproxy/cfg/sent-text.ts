import { AppError } from '../../../contract/errors.ts';

/**
 * What a check sends and awaits, as the model writes it: `\r \n \t \0 \\ \xHH` stand for their bytes, every other character for its
 * UTF-8. (A file of HAProxy writes the same bytes with other rules: quotes, or hexadecimal digits.)
 */
export function escapeSent(text: string): string {
  return text.replace(/[\\\p{Cc}]/gu, (character) => escapes.get(character) ?? hexEscape(character));
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['\\', '\\\\'],
  ['\r', '\\r'],
  ['\n', '\\n'],
  ['\t', '\\t'],
  ['\0', '\\0'],
]);

function hexEscape(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** The model's text for bytes in hexadecimal digits; undefined where they are none. */
export function escapeHex(digits: string): string | undefined {
  if (!/^(?:[0-9a-f]{2})+$/i.test(digits)) return undefined;
  return [...Buffer.from(digits, 'hex')]
    .map((byte) => (byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : escapeByte(byte)))
    .join('');
}

function escapeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  return escapes.get(character) ?? hexEscape(character);
}

const named: Readonly<Record<string, number>> = { r: 13, n: 10, t: 9, '0': 0, '\\': 92 };

/** The bytes of the model's text. Throws PLAN_INVALID for an escape that is none. */
export function bytesOfSent(text: string): Buffer {
  const parts: Buffer[] = [];
  for (const [part] of text.matchAll(/\\x[0-9a-fA-F]{2}|\\.?|[^\\]+/gs)) {
    if (!part.startsWith('\\')) {
      parts.push(Buffer.from(part));
      continue;
    }
    const byte = part.length === 4 ? Number.parseInt(part.slice(2), 16) : named[part.slice(1)];
    if (byte === undefined) {
      const detail = `"${part}" in what a check sends or awaits is no escape: \\r, \\n, \\t, \\0, \\\\ and \\xHH are.`;
      throw new AppError('PLAN_INVALID', detail);
    }
    parts.push(Buffer.from([byte]));
  }
  return Buffer.concat(parts);
}

/** The same bytes always in the same spelling; a regular expression, and what has no bytes, as it is. */
export function spellSent(text: string): string {
  if (isPattern.test(text) || !text.includes('\\')) return text;
  try {
    return escapeHex(bytesOfSent(text).toString('hex')) ?? text;
  } catch (error) {
    if (error instanceof AppError) return text;
    throw error;
  }
}

/** `/regex/`, where the model awaits one. */
export const isPattern = /^\/.+\/$/s;

/** The bytes as one bare word of a line, or undefined where only hexadecimal digits can say them. */
export function wordOfBytes(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return undefined;
  const isPlain = bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13);
  if (!isPlain) return undefined;
  return bytes.toString('latin1').replace(/[ "'\\#\r\n\t]/g, (character) => escapes.get(character) ?? `\\${character}`);
}
