/** The few rules of BER that SNMP needs (X.690; RFC 1157, 3416), written for tests apart from the code under test. */

export interface Tlv {
  readonly tag: number;
  readonly body: Buffer;
}

export function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  if (body.length < 256) return Buffer.concat([Buffer.from([tag, 0x81, body.length]), body]);
  return Buffer.concat([Buffer.from([tag, 0x82, body.length >> 8, body.length & 255]), body]);
}

export function readTlvs(bytes: Buffer): Tlv[] {
  const found: Tlv[] = [];
  for (let at = 0; at + 1 < bytes.length;) {
    const tag = bytes.readUInt8(at);
    const first = bytes.readUInt8(at + 1);
    const more = first < 128 ? 0 : first - 128;
    const length = more === 0 ? first : bytes.readUIntBE(at + 2, more);
    const from = at + 2 + more;
    found.push({ tag, body: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return found;
}

/** A signed (INTEGER) or unsigned number as its shortest two's complement. */
export function integer(value: bigint | number, tag = 2): Buffer {
  let left = BigInt(value);
  const bytes: number[] = [];
  do {
    bytes.unshift(Number(left & 255n));
    left >>= 8n;
  } while (!((left === 0n && (bytes[0] ?? 0) < 128) || (left === -1n && (bytes[0] ?? 0) >= 128)));
  return tlv(tag, Buffer.from(bytes));
}

export function readInteger(body: Buffer): number {
  return body.length === 0 ? 0 : body.readIntBE(0, Math.min(body.length, 6));
}

export function oidBody(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes: number[] = [];
  for (const number of [first * 40 + second, ...rest]) {
    const septets = [number % 128];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128))
      septets.unshift((left % 128) | 128);
    bytes.push(...septets);
  }
  return Buffer.from(bytes);
}

export function readOid(body: Buffer): string {
  const numbers: number[] = [];
  let number = 0;
  for (const byte of body) {
    number = number * 128 + (byte & 127);
    if (byte < 128) {
      numbers.push(number);
      number = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}
