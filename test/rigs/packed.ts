import { extractAll, listPackage } from '@electron/asar';
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const packer = join(root, 'node_modules/electron-builder/out/cli/cli.js');

export interface Packed {
  /** Every file of the archive by its path within it, with slashes. */
  readonly files: readonly string[];
  /** Its main module, where Electron would find it: the archive is laid open as a folder of its name. */
  readonly main: string;
  readonly resources: string;
}

/**
 * Packs the built program as electron-builder does it for a release, into `directory`. Electron's own program is not in its npm package:
 * an empty one stands in for it, everything around it is real. `npm run build` must have been run.
 */
export async function packProgram(directory: string): Promise<Packed> {
  const electron = join(directory, 'electron');
  mkdirSync(join(electron, 'resources'), { recursive: true });
  mkdirSync(join(electron, 'locales'));
  for (const file of ['electron', 'LICENSE', 'LICENSES.chromium.html']) writeFileSync(join(electron, file), '');
  chmodSync(join(electron, 'electron'), 0o755);
  writeFileSync(join(electron, 'version'), electronVersion());
  const words = [
    '--linux',
    'dir',
    `-c.electronDist=${electron}`,
    `-c.directories.output=${join(directory, 'release')}`,
  ];
  await promisify(execFile)(process.execPath, [packer, ...words], { cwd: root, timeout: 240_000 });
  const resources = join(directory, 'release/linux-unpacked/resources');
  const archive = join(resources, 'app.asar');
  const files = listPackage(archive, { isPack: false }).map((file) => file.replaceAll('\\', '/').slice(1));
  renameSync(archive, `${archive}.whole`);
  renameSync(`${archive}.unpacked`, `${archive}.whole.unpacked`); // where the archive's reader looks for it
  extractAll(`${archive}.whole`, archive);
  // A thread or a process cannot be counted on to read archives: what it needs of this one must not come from within.
  for (const file of files) if (file.endsWith('.entry.js')) rmSync(join(archive, file));
  renameSync(`${archive}.whole.unpacked`, `${archive}.unpacked`);
  return { files, main: join(archive, 'out/main/main.js'), resources };
}

function electronVersion(): string {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string; // as every package has it
  };
  return version;
}
