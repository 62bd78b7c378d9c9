import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { AppError } from '../contract/errors.ts';

/**
 * A table of numbers as bytes: columns (each with an id, ascending or not) by rows; NaN where there is nothing. What is packed comes
 * back exactly.
 *
 *     byte 0      form of the values: 0 whole numbers, 1 whole thousandths, 2 float64
 *     byte 1      bytes per value (8 for float64)
 *     2..5        columns, 6..9 rows (uint32, little endian)
 *     then        ids (uint32 each), then the values, column by column
 *
 * Values of the forms 0 and 1 are stored plus one (0 = nothing) and by byte planes: all lowest bytes, then all second bytes, and so on.
 * The high planes hardly change and the low ones are noise, which the compressor (zstd) over all of it finds for itself.
 */
export interface Block {
  readonly ids: readonly number[];
  readonly rows: number;
  /** The value of a column (by its place in `ids`) at a row. */
  readonly at: (column: number, row: number) => number;
}

const headerBytes = 10;
const largestStored = 2 ** 48 - 1;
const maxBlockBytes = 1 << 28;

export function packBlock(ids: readonly number[], columns: readonly (readonly number[])[], rows: number): Buffer {
  const values = columns.flatMap((column) => column);
  const form = formOf(values);
  const width = form === 2 ? 8 : bytesFor(values, form === 1 ? 1000 : 1);
  const bytes = Buffer.alloc(headerBytes + ids.length * 4 + values.length * width);
  bytes[0] = form;
  bytes[1] = width;
  bytes.writeUInt32LE(ids.length, 2);
  bytes.writeUInt32LE(rows, 6);
  ids.forEach((id, index) => bytes.writeUInt32LE(id, headerBytes + index * 4));
  const start = headerBytes + ids.length * 4;
  if (form === 2) values.forEach((value, index) => bytes.writeDoubleLE(value, start + index * 8));
  else writePlanes(bytes, start, values, form === 1 ? 1000 : 1, width);
  return zstdCompressSync(bytes);
}

function formOf(values: readonly number[]): 0 | 1 | 2 {
  let form: 0 | 1 = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    if (value < 0 || value * 1000 >= largestStored) return 2;
    if (Number.isInteger(value)) continue;
    if (Math.round(value * 1000) / 1000 !== value) return 2;
    form = 1;
  }
  return form;
}

function bytesFor(values: readonly number[], scale: number): number {
  let highest = 0;
  for (const value of values) if (value > highest) highest = value;
  return Math.max(1, Math.ceil(Math.log2(highest * scale + 2) / 8));
}

function writePlanes(bytes: Buffer, start: number, values: readonly number[], scale: number, width: number): void {
  const { length } = values;
  for (let index = 0; index < length; index += 1) {
    const value = values[index] ?? NaN;
    let rest = Number.isNaN(value) ? 0 : Math.round(value * scale) + 1;
    for (let plane = 0; plane < width; plane += 1) {
      bytes[start + plane * length + index] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }
}

/** Throws STORE_CORRUPT where the bytes are not of `packBlock`. */
export function unpackBlock(packed: Uint8Array): Block {
  const bytes = decompressed(packed);
  const [form, width] = [bytes.readUInt8(0), bytes.readUInt8(1)];
  const [count, rows] = [bytes.readUInt32LE(2), bytes.readUInt32LE(6)];
  const ids = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(headerBytes + index * 4));
  const start = headerBytes + count * 4;
  if (bytes.length !== start + count * rows * width) throw damaged();
  const length = count * rows;
  const scale = form === 1 ? 1000 : 1;
  return {
    ids,
    rows,
    at: (column, row) => {
      const index = column * rows + row;
      if (form === 2) return bytes.readDoubleLE(start + index * 8);
      let stored = 0;
      for (let plane = width - 1; plane >= 0; plane -= 1)
        stored = stored * 256 + (bytes[start + plane * length + index] ?? 0);
      return stored === 0 ? NaN : (stored - 1) / scale;
    },
  };
}

function decompressed(packed: Uint8Array): Buffer {
  try {
    const bytes = zstdDecompressSync(packed, { maxOutputLength: maxBlockBytes });
    if (bytes.length >= headerBytes + bytes.readUInt32LE(2) * 4) return bytes;
  } catch (cause) {
    throw damaged(cause);
  }
  throw damaged();
}

function damaged(cause?: unknown): AppError {
  return new AppError('STORE_CORRUPT', 'A block of samples cannot be read.', { cause });
}
