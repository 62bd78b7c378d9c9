import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() })),
});

// npm leaves out what it could not find when the file was made, and npm ci then refuses the whole file.
test('the lock file holds every optional package that it names, for all platforms', () => {
  const text = readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8');
  const { packages } = lockSchema.parse(JSON.parse(text));
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) => {
    return Object.keys(optionalDependencies).filter((name) => {
      return packages[`node_modules/${name}`] === undefined && packages[`${path}/node_modules/${name}`] === undefined;
    });
  });
  expect(missing).toEqual([]);
});
