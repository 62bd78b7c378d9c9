import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Version } from '../contract/api.ts';
import type { NativeFile } from '../contract/console.ts';
import type { Secrets } from './secrets.ts';
import type { NewVersion } from './versions.ts';
import type { StoreWorker } from './worker-client.ts';

const maxFileBytes = 1 << 30;

export interface Versions {
  /** Answers with the newest version of that device as it is where its fingerprint is the same; nothing is stored twice. */
  readonly put: (version: NewVersion) => Promise<Version>;
  readonly newest: (device: string) => Promise<Version | undefined>;
  /** Newest first. */
  readonly list: (device: string) => Promise<readonly Version[]>;
  /** Throws NOT_FOUND. */
  readonly get: (
    device: string,
    id: number,
  ) => Promise<{ readonly version: Version; readonly files: readonly NativeFile[] }>;
}

/** Versions of configurations, packed and sealed on their way to the disk: a configuration holds passwords. */
export function sealedVersions({ call }: StoreWorker, secrets: Secrets): Versions {
  return {
    put: (version) => {
      const files = version.files.map((file) => ({ path: file.path, bytes: sealFile(version.device, file) }));
      return call('putVersion', { ...version, files });
    },
    newest: (device) => call('newestVersion', device),
    list: (device) => call('listVersions', device),
    get: async (device, id) => {
      const { version, files } = await call('getVersion', device, id);
      return { version, files: files.map((file) => ({ path: file.path, bytes: openFile(device, file) })) };
    },
  };

  function sealFile(device: string, file: NativeFile): Uint8Array {
    return secrets.sealBytes(zstdCompressSync(file.bytes), aboutOf(device, file));
  }
  function openFile(device: string, file: NativeFile): Uint8Array {
    const packed = secrets.openBytes(file.bytes, aboutOf(device, file));
    return zstdDecompressSync(packed, { maxOutputLength: maxFileBytes });
  }
}

function aboutOf(device: string, file: NativeFile): string {
  return `configuration ${file.path} of ${device}`;
}
