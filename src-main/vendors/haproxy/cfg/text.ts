/**
 * A file as text of one character per byte, so that an offset in the text is an offset in the file and every byte survives.
 */
export function asByteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The bytes of such a text. */
export function asBytes(byteText: string): Buffer {
  return Buffer.from(byteText, 'latin1');
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a person reads: UTF-8 where the bytes are UTF-8, else a character per byte. */
export function readable(byteText: string): string {
  if (!/[\x80-\xff]/.test(byteText)) return byteText;
  try {
    return strictUtf8.decode(asBytes(byteText));
  } catch {
    return byteText; // not UTF-8: shown byte by byte, compared the same way everywhere
  }
}

/** Text of ours as it is written to a file: UTF-8, one character per byte. */
export function writable(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
