import { readdirSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { AppError } from '../contract/errors.ts';

export interface PageFile {
  readonly path: string;
  readonly type: string;
  /** The build put a hash of its bytes into its name: it can be kept for ever. */
  readonly isHashed: boolean;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};

/**
 * The files of the built renderer by their path in the address. Only what stands here is ever served, under exactly this name: no
 * path of a request touches the file system. Throws NOT_FOUND where nothing was built.
 */
export function listFiles(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map(readTree(directory).map((path) => [addressOf(directory, path), describe(path)]));
  const index = files.get('/index.html');
  if (index === undefined) {
    throw new AppError('NOT_FOUND', `The window's files are not at ${directory}. Build them: npm run build.`);
  }
  return files.set('/', index);
}

function readTree(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    throw new AppError('NOT_FOUND', `The window's files cannot be read at ${directory}. Build them: npm run build.`, {
      cause: error,
    });
  }
}

function addressOf(directory: string, path: string): string {
  return `/${relative(directory, path).split(sep).map(encodeURIComponent).join('/')}`;
}

function describe(path: string): PageFile {
  return {
    path,
    type: types[extname(path)] ?? 'application/octet-stream',
    isHashed: /-[\w-]{8}\.\w+$/.test(path),
  };
}
