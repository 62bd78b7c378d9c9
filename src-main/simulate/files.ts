/** A device's disk, as far as commands see it: whole texts by their absolute paths. */
export interface Files {
  readonly read: (path: string) => string | undefined;
  /** Throws `NoSpace` where the disk is full. */
  readonly write: (path: string, text: string) => void;
  readonly remove: (path: string) => boolean;
  /** Those whose paths begin so. */
  readonly below: (folder: string) => readonly string[];
  readonly fill: (isFull: boolean) => void;
}

export class NoSpace extends Error {
  constructor(path: string) {
    super(`${path}: No space left on device`);
  }
}

export function makeFiles(): Files {
  const texts = new Map<string, string>();
  let isFull = false;
  return {
    read: (path) => texts.get(path),
    write: (path, text) => {
      if (isFull) throw new NoSpace(path);
      texts.set(path, text);
    },
    remove: (path) => texts.delete(path),
    below: (folder) => [...texts.keys()].filter((path) => path.startsWith(`${folder}/`)).toSorted(),
    fill: (next) => {
      isFull = next;
    },
  };
}

/** The folders that are there without anybody making them. */
export const folders: readonly string[] = [
  '/',
  '/config',
  '/config/partitions',
  '/config/ssl',
  '/shared',
  '/shared/tmp',
  '/shared/images',
  '/tmp',
  '/var',
  '/var/tmp',
  '/var/local/scf',
  '/var/local/ucs',
  '/nsconfig',
  '/nsconfig/ssl',
  '/root',
  '/home',
];

/** Whether it is one of these, or holds a file. */
export function isFolder(files: Files, path: string): boolean {
  return folders.includes(path) || files.below(path).length > 0;
}

/** An absolute path without `.` and `..`, from where the command runs. */
export function absolutePath(path: string, from: string): string {
  const parts: string[] = [];
  for (const part of `${path.startsWith('/') ? '' : `${from}/`}${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}
