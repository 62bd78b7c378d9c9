import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { NativeFile } from '../contract/console.ts';
import type { Versions } from './open.ts';
import type { Secrets } from './secrets.ts';
import type { StoreWorker } from './worker-client.ts';

const maxFileBytes = 1 << 30;

/** Versions of configurations, packed and sealed on their way to the disk: a configuration holds passwords. */
export function sealedVersions({ call }: StoreWorker, secrets: Secrets): Versions {
  return {
    put: (version) => {
      const files = version.files.map((file) => ({ path: file.path, bytes: sealFile(version.device, file) }));
      return call('putVersion', { ...version, files });
    },
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
