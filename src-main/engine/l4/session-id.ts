const handshakeRecord = 22;
const serverHello = 2;
/** Of the record, of the message, its version and its random. */
const idAt = 5 + 4 + 2 + 32;
const supportedVersions = 43;

/**
 * The id that a ServerHello gives the session, hexadecimal; empty where `bytes` begin otherwise, and in TLS 1.3, where it only
 * repeats what the client made up (RFC 5246 7.4.1.3, RFC 8446 4.1.3).
 */
export function readSessionId(bytes: Buffer): string {
  if (bytes.length < idAt + 1 || bytes[0] !== handshakeRecord || bytes[5] !== serverHello) return '';
  const length = bytes[idAt] ?? 0;
  const end = idAt + 1 + length;
  if (length === 0 || length > 32 || end > bytes.length || hasSupportedVersions(bytes, end + 3)) return '';
  return bytes.toString('hex', idAt + 1, end);
}

/** The extension with which a server says that it chose TLS 1.3. `start` = behind cipher suite and compression. */
function hasSupportedVersions(bytes: Buffer, start: number): boolean {
  const messageEnd = Math.min(bytes.length, 9 + bytes.readUIntBE(6, 3));
  for (let at = start + 2; at + 4 <= messageEnd; at += 4 + bytes.readUInt16BE(at + 2)) {
    if (bytes.readUInt16BE(at) === supportedVersions) return true;
  }
  return false;
}
