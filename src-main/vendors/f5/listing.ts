import { callText, type LoginShell } from './shell.ts';

/** Kinds of objects in the order of bigip.conf; policies are there from 11.4 on. */
const kinds: readonly (readonly [string, readonly [number, number]])[] = [
  ['ltm node', [11, 0]],
  ['ltm monitor', [11, 0]],
  ['ltm persistence', [11, 0]],
  ['ltm policy', [11, 4]],
  ['ltm pool', [11, 0]],
  ['ltm profile client-ssl', [11, 0]],
  ['ltm profile server-ssl', [11, 0]],
  ['ltm rule', [11, 0]],
  ['ltm virtual-address', [11, 0]],
  ['ltm virtual', [11, 0]],
  ['sys file ssl-cert', [11, 0]],
];

/** One call that lists what is read here, of every partition and folder: from the root, `recursive` (tmsh reference, list). */
export function readingText(shell: LoginShell, [major, minor]: readonly [number, number]): string {
  const there = kinds.filter(([, [first, second]]) => major > first || (major === first && minor >= second));
  return callText(shell, ['cd /', 'list auth partition', ...there.map(([kind]) => `list ${kind} recursive`)]);
}

/** `Version 15.1.8` of `show sys version`. */
export function versionOf(
  text: string,
): { readonly name: string; readonly number: readonly [number, number] } | undefined {
  const version = /^\s*Version\s+(\d+)\.(\d+)(\S*)/m.exec(text);
  const build = /^\s*Build\s+(\S+)/m.exec(text)?.[1];
  if (version === null) return undefined;
  const [, major = '', minor = '', rest = ''] = version;
  return {
    name: `${major}.${minor}${rest}${build === undefined ? '' : ` build ${build}`}`,
    number: [Number(major), Number(minor)],
  };
}
