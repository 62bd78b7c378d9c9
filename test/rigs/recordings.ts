import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

const place = process.env['STEELYARD_DATA'] ?? join(import.meta.dirname, '../../../shared/data');

/** True where the recordings of real devices are not at hand: tests that read them are skipped. */
export const lacksRecordings = !existsSync(place);

/** The folder of some of them; it is there or not. */
export function recordingsFolder(folder: string): string {
  return join(place, folder);
}

/** The files below a folder of the recordings whose names end so, as `path` relative to it with their bytes. */
export function recordings(
  folder: string,
  ending: string,
): readonly { readonly path: string; readonly bytes: Buffer }[] {
  if (lacksRecordings) return [];
  const root = join(place, folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => ({ path: name, bytes: readFileSync(join(root, name)) }));
}
