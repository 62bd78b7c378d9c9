import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { z } from 'zod';

/** What stands before the body in a file. */
const headSchema = z.object({
  key: z.string(),
  startLine: z.string(),
  status: z.number(),
  fields: z.array(z.tuple([z.string(), z.string()])),
  vary: z.array(z.tuple([z.string(), z.string()])),
  initialAgeMs: z.number(),
  receivedAtMs: z.number(),
  length: z.number().int().min(0),
  /** CRC-32 of each block of the body. */
  blocks: z.array(z.number()),
});
export type DiskHead = z.infer<typeof headSchema>;

/** A body is read and checked in blocks of this size. */
export const blockBytes = 262_144;
const magic = 'SYCACHE1';
const prefixBytes = 16;
const maxHeadBytes = 1_048_576;

/** Where the body begins in an open file. */
export interface OpenDiskFile {
  readonly handle: FileHandle;
  readonly head: DiskHead;
  readonly bodyStart: number;
}

/** Writes head and body under a temporary name and renames it: a file is whole or not there. Throws what the system says. */
export async function writeDiskFile(
  path: string,
  head: Omit<DiskHead, 'blocks'>,
  read: (from: number, to: number) => Buffer | undefined,
): Promise<void> {
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w', 0o600);
  try {
    const blocks = blockSums(head.length, read);
    const text = Buffer.from(JSON.stringify({ ...head, blocks }), 'utf8');
    const prefix = Buffer.alloc(prefixBytes);
    prefix.write(magic, 'latin1');
    prefix.writeUInt32LE(text.length, 8);
    prefix.writeUInt32LE(crc32(text), 12);
    await handle.write(Buffer.concat([prefix, text]));
    for (let at = 0; at < head.length;) {
      const piece = read(at, Math.min(head.length, at + blockBytes));
      if (piece === undefined) throw new Error('the body is not whole');
      await handle.write(piece);
      at += piece.length;
    }
    await handle.close();
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => undefined); // closed already where the rename failed
    await rm(temporary, { force: true });
    throw error;
  }
}

function blockSums(length: number, read: (from: number, to: number) => Buffer | undefined): number[] {
  const sums: number[] = [];
  for (let start = 0; start < length; start += blockBytes) {
    let sum = 0;
    for (let at = start; at < Math.min(length, start + blockBytes);) {
      const piece = read(at, Math.min(length, start + blockBytes));
      if (piece === undefined) throw new Error('the body is not whole');
      sum = crc32(piece, sum);
      at += piece.length;
    }
    sums.push(sum);
  }
  return sums;
}

/** Opens a file and checks its head and its size; undefined = it is none of ours, or damaged. The caller closes the handle. */
export async function openDiskFile(path: string): Promise<OpenDiskFile | undefined> {
  const handle = await open(path, 'r').catch(() => undefined); // gone meanwhile: a miss
  if (handle === undefined) return undefined;
  const found = await readDiskHead(handle).catch(() => undefined); // unreadable: a miss
  if (found === undefined) await handle.close();
  return found;
}

async function readDiskHead(handle: FileHandle): Promise<OpenDiskFile | undefined> {
  const prefix = Buffer.alloc(prefixBytes);
  await handle.read(prefix, 0, prefixBytes, 0);
  const length = prefix.readUInt32LE(8);
  if (prefix.toString('latin1', 0, 8) !== magic || length > maxHeadBytes) return undefined;
  const text = Buffer.alloc(length);
  const { bytesRead } = await handle.read(text, 0, length, prefixBytes);
  if (bytesRead !== length || crc32(text) !== prefix.readUInt32LE(12)) return undefined;
  const parsed = headSchema.safeParse(JSON.parse(text.toString('utf8')));
  if (!parsed.success) return undefined;
  const bodyStart = prefixBytes + length;
  const { size } = await handle.stat();
  return size === bodyStart + parsed.data.length ? { handle, head: parsed.data, bodyStart } : undefined;
}

/** One block of the body, checked; undefined = damaged. */
export async function readDiskBlock(file: OpenDiskFile, index: number): Promise<Buffer | undefined> {
  const start = index * blockBytes;
  const length = Math.min(blockBytes, file.head.length - start);
  const block = Buffer.allocUnsafeSlow(length);
  const { bytesRead } = await file.handle.read(block, 0, length, file.bodyStart + start);
  return bytesRead === length && crc32(block) === file.head.blocks[index] ? block : undefined;
}
