import { indexOfStatus, staticIndexOf } from './static-table.ts';

/**
 * HPACK encoding (RFC 7541) without a dynamic table and without Huffman coding: each block stands for itself, so nothing is
 * kept per connection, and bytes are copied as they are. HAProxy's does the same.
 */

/** The first block of a connection begins with it: the table is empty and stays so, whatever the client's setting (RFC 7541 4.2). */
export const emptyTableUpdate = 0x20;

/** Room that a field may need beside its name and value. */
export const fieldRoomBytes = 12;

const indexOfStatusName = 8;

/** Writes `:status`; answers the place behind it. */
export function putStatus(out: Buffer, place: number, status: number): number {
  const index = indexOfStatus.get(status);
  if (index !== undefined) {
    out[place] = 128 | index;
    return place + 1;
  }
  out[place] = indexOfStatusName;
  out[place + 1] = 3;
  out[place + 2] = 48 + Math.floor(status / 100);
  out[place + 3] = 48 + (Math.floor(status / 10) % 10);
  out[place + 4] = 48 + (status % 10);
  return place + 5;
}

/** Writes the field whose name (in any case) and value stand in `bytes`; answers the place behind it. */
export function putField(
  out: Buffer,
  place: number,
  bytes: Buffer,
  nameStart: number,
  nameEnd: number,
  valueStart: number,
  valueEnd: number,
): number {
  const index = staticIndexOf(bytes, nameStart, nameEnd);
  let at: number;
  if (index > 0) at = putInteger(out, place, 0, 15, index);
  else {
    out[place] = 0;
    at = putInteger(out, place + 1, 0, 127, nameEnd - nameStart);
    for (let from = nameStart; from < nameEnd; from++) {
      const byte = bytes[from] ?? 0;
      out[at++] = byte >= 65 && byte <= 90 ? byte | 32 : byte;
    }
  }
  at = putInteger(out, at, 0, 127, valueEnd - valueStart);
  if (valueEnd - valueStart > 40) {
    bytes.copy(out, at, valueStart, valueEnd);
    return at + valueEnd - valueStart;
  }
  for (let from = valueStart; from < valueEnd; from++) out[at++] = bytes[from] ?? 0;
  return at;
}

/** RFC 7541 5.1: `flags` are the bits above the prefix. */
export function putInteger(out: Buffer, place: number, flags: number, prefix: number, value: number): number {
  if (value < prefix) {
    out[place] = flags | value;
    return place + 1;
  }
  out[place] = flags | prefix;
  let at = place + 1;
  let left = value - prefix;
  for (; left >= 128; left = Math.floor(left / 128)) out[at++] = 128 | (left & 127);
  out[at] = left;
  return at + 1;
}
