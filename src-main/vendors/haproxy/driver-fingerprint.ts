import type { SourceFile } from '../vendor.ts';

/** Over name, length and bytes of each file in order, so that no two different sets of files look alike. */
export function fingerprintOf(files: readonly SourceFile[], sha256: (bytes: Uint8Array) => string): string {
  const parts = files.flatMap(({ path, bytes }) => [Buffer.from(`${path}\0${bytes.length}\0`), bytes]);
  return sha256(Buffer.concat(parts));
}
