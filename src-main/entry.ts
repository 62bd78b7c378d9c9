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
 *
 * In the packed program the module comes out of an archive (`app.asar`), and the entry is the file of the system that the packer laid
 * beside it (`asarUnpack` in electron-builder.yml).
 */
export function entryBeside(moduleUrl: string, name: string): URL {
  const unpacked = moduleUrl.replace('/app.asar/', '/app.asar.unpacked/');
  return new URL(`./${name}.entry${extname(moduleUrl)}`, unpacked);
}
