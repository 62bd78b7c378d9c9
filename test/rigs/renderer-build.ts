import { svelte } from '@sveltejs/vite-plugin-svelte';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Builds the renderer alone into a fresh directory, as the desktop build does, and answers its path; the caller removes it. */
export async function buildRenderer(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'steelyard-renderer-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: at('src-renderer'),
    base: './',
    plugins: [svelte()],
    resolve: { alias: { $contract: at('src-main/contract') } },
    build: { outDir, emptyOutDir: true, rolldownOptions: { input: at('src-renderer/index.html') } },
  });
  return outDir;
}

function at(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
