/** SEQUENCE, and the PDUs of RFC 3416, which are one with a tag of their own. */
function isConstructed(tag: number): boolean {
  return tag === 0x30 || (tag >= 0xa0 && tag <= 0xa8);
}

/** SNMP writes lengths in the definite form alone (RFC 3417, section 8); more than four bytes of them no datagram needs. */
function readLength(bytes: Buffer, at: number): { readonly length: number; readonly from: number } | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { length: first, from: at + 1 };
  const count = first - 0x80;
  if (count < 1 || count > 4 || at + 1 + count > bytes.length) return undefined;
  return { length: bytes.readUIntBE(at + 1, count), from: at + 1 + count };
}

/**
 * Whether every part of a message ends where the part that it stands in says, down to the single values. The reader of the package goes
 * by the innermost lengths alone, and so takes values out of a datagram that was damaged on the way. What follows the message is not looked at.
 */
export function nestsExactly(bytes: Buffer): boolean {
  const whole = bytes[0] === 0x30 ? readLength(bytes, 1) : undefined;
  if (whole === undefined || whole.from + whole.length > bytes.length) return false;
  return fills(bytes, whole.from, whole.from + whole.length);
}

function fills(bytes: Buffer, from: number, end: number): boolean {
  let at = from;
  while (at < end) {
    const tag = bytes[at] ?? 0;
    const part = readLength(bytes, at + 1);
    if (part === undefined) return false;
    const next = part.from + part.length;
    if (next > end || (isConstructed(tag) && !fills(bytes, part.from, next))) return false;
    at = next;
  }
  return at === end;
}
