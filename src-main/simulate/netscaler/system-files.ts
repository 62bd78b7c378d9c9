import { absolutePath, type Files, isFolder } from '../files.ts';
import type { Given } from './match.ts';
import { CommandRefused } from './refusal.ts';
import type { HaRole } from './show.ts';

/** What is removed from a simulated disk: the other folders of a real one are its system's. */
const ownFolders = /^\/(?:nsconfig|var)\//;

/**
 * `shell rm -f PATH...`: what rm says, which is nothing of a file that is not there. Patterns are not expanded. Throws `CommandRefused`,
 * in our words, where a path leads elsewhere than under /nsconfig and /var; nothing is removed then.
 */
export function removeFiles({ args }: Given, files: Files): string {
  const given = args.find(({ name }) => name === 'f')?.values ?? [];
  const paths = given.map((one) => [one, absolutePath(one, '/root')] as const);
  if (paths.length === 0) throw new CommandRefused('Required argument missing', 'path');
  const foreign = paths.find(([, path]) => !ownFolders.test(path));
  if (foreign !== undefined) throw new CommandRefused('Operation not permitted', foreign[0]);
  return paths
    .map(([one, path]) => {
      if (files.remove(path) || !isFolder(files, path)) return '';
      return `rm: ${one}: is a directory\n`; // FreeBSD's words
    })
    .join('');
}

/** The modes of the manual, "HA files". */
const modes = ['all', 'bookmarks', 'ssl', 'htmlinjection', 'imports', 'misc', 'all_plus_misc'];

/**
 * `sync HA files`: from either node of a pair; it fails on an appliance alone (manual, "HA files"), in words of ours. The other node is
 * not simulated, so that nothing is copied.
 */
export function syncFiles({ positionals: [mode = 'all'] }: Given, role: HaRole): void {
  if (!modes.includes(mode.toLowerCase())) throw new CommandRefused('Invalid argument value', 'Mode', mode);
  if (role === 'standalone') throw new CommandRefused('Operation not permitted');
}
