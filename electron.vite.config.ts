import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import { chmodSync, globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const resolve = { alias: { $contract: at('src-main/contract') } };

/** What runs as a thread or process of its own: src-main/entry.ts says how such a file is named and found. */
function processEntries(): string[] {
  return globSync('src-main/**/*.entry.ts', { cwd: at('.') }).map(at);
}

export default defineConfig({
  main: {
    resolve,
    plugins: [
      {
        name: 'run-bit',
        closeBundle: () => {
          chmodSync(at('out/main/cli.js'), 0o755);
        },
      },
    ],
    build: {
      lib: { entry: [at('src-main/main.ts'), at('src-main/cli.ts'), ...processEntries()] },
      outDir: 'out/main',
      // Every module keeps its place, so that a worker's file is found beside the module that starts it (src-main/entry.ts).
      rolldownOptions: { output: { preserveModules: true, preserveModulesRoot: at('src-main') } },
    },
  },
  // A sandboxed preload must be CommonJS: without `formats` electron-vite emits preload.mjs.
  preload: { resolve, build: { lib: { entry: at('src-main/preload.ts'), formats: ['cjs'] }, outDir: 'out/preload' } },
  renderer: {
    root: 'src-renderer',
    plugins: [svelte({ configFile: false })],
    resolve,
    build: { outDir: 'out/renderer', rolldownOptions: { input: at('src-renderer/index.html') } },
  },
});
