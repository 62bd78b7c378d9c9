import { createHash, type KeyObject } from 'node:crypto';
import type { Item } from './block.ts';
import { valueOf } from './configuration.ts';

/** The text that an object of a certificate or key was made of; one that was loaded from a file may have it on the disk. */
export function pemOf(items: readonly Item[], read: (path: string) => string | undefined): string | undefined {
  const kept = valueOf(items, '-pem');
  return kept === undefined ? read(valueOf(items, 'cache-path') ?? '') : Buffer.from(kept, 'base64').toString();
}

export function hashOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}
