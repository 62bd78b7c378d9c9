import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder where the workers' caches listen for each other, readable by the engine's own user alone (mkdtemp: 0700). */
export class PeerDirectory {
  /** Empty = one worker needs none. */
  readonly path: string;

  constructor(workers: number) {
    this.path = workers > 1 ? mkdtempSync(join(tmpdir(), 'steelyard-workers-')) : '';
  }

  close(): void {
    if (this.path !== '') rmSync(this.path, { recursive: true, force: true });
  }
}
