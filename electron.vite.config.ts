import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const resolve = { alias: { $contract: at('src-main/contract') } };

export default defineConfig({
  main: {
    resolve,
    build: { lib: { entry: { main: at('src-main/main.ts'), cli: at('src-main/cli.ts') } }, outDir: 'out/main' },
  },
  // A sandboxed preload must be CommonJS: without `formats` electron-vite emits preload.mjs.
  preload: { resolve, build: { lib: { entry: at('src-main/preload.ts'), formats: ['cjs'] }, outDir: 'out/preload' } },
  renderer: {
    root: 'src-renderer',
    plugins: [svelte()],
    resolve,
    build: { outDir: 'out/renderer', rolldownOptions: { input: at('src-renderer/index.html') } },
  },
});
