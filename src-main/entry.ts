import { extname } from 'node:path';

/**
 * The file of a worker thread or child process that stands beside the module which starts it:
 *
 *     new Worker(entryBeside(import.meta.url, 'history'))           // ./history.entry.ts
 *     fork(fileURLToPath(entryBeside(import.meta.url, 'worker')))   // ./worker.entry.ts
 *
 * One rule serves the sources and the bundle. The name of such a file ends in `.entry.ts`: the build finds it by that and makes
 * it an entry of its own, and keeps every module at its place in the tree (`preserveModules`), so that what is beside in `src-main`
 * is beside in `out/main`. Only the ending differs: `.ts` where Node runs the sources, `.js` in the bundle.
 */
export function entryBeside(moduleUrl: string, name: string): URL {
  return new URL(`./${name}.entry${extname(moduleUrl)}`, moduleUrl);
}
