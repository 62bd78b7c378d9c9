import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build, installPackages, ownNode, root, run, say } from './setup.mjs';

/**
 * Runs every entry of a folder under test/, one after another, each to its end, whole (`npm test` runs the soaks at a hundredth). Words
 * choose entries by a part of their name; with `receiver`, words that choose none are handed to that entry. Answers how many failed.
 */
export async function runAll(folder, words, receiver) {
  await installPackages();
  await build();
  const path = join(root, 'test', folder);
  const names = existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.ts')) : [];
  const choosing = words.filter((word) => names.some((name) => name.includes(word)));
  const handed = receiver === undefined ? [] : words.filter((word) => !choosing.includes(word));
  const chosen = names
    .filter(
      (name) =>
        words.length === 0 ||
        choosing.some((word) => name.includes(word)) ||
        (handed.length > 0 && name === `${receiver}.ts`),
    )
    .sort();
  if (chosen.length === 0) say(`There is nothing to run in test/${folder}.`);
  let failed = 0;
  for (const name of chosen) {
    say(`\n== ${name}`);
    if (
      (await run(ownNode, [join(path, name), ...(name === `${receiver}.ts` ? handed : [])], {
        env: { STEELYARD_SCALE: '1' },
      })) !== 0
    )
      failed += 1;
  }
  return failed;
}
