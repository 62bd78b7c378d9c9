import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, installPackages, ownNode, root, run, say } from './setup.mjs';

/**
 * Runs every entry of a folder under test/, one after another, each to its end, whole (`npm test` runs the soaks at a hundredth). Words
 * choose entries by a part of their name. Answers how many failed.
 */
export async function runAll(folder, words) {
  await installPackages();
  await build();
  const path = join(root, 'test', folder);
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.ts')) : [];
  const chosen = names.filter((name) => words.length === 0 || words.some((word) => name.includes(word))).sort();
  if (chosen.length === 0) say(`There is nothing to run in test/${folder}.`);
  let failed = 0;
  for (const name of chosen) {
    say(`\n== ${name}`);
    if ((await run(ownNode, [join(path, name)], { env: { STEELYARD_SCALE: '1' } })) !== 0) failed += 1;
  }
  return failed;
}
