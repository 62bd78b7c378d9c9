import { callText, type LoginShell } from './shell.ts';
import { type FeatureName, hasFeature, type Tmos } from './versions.ts';

/** Kinds of objects in the order of bigip.conf, with the feature that they need. */
const kinds: readonly (readonly [string, FeatureName])[] = [
  ['ltm node', 'tmsh'],
  ['ltm monitor', 'tmsh'],
  ['ltm persistence', 'tmsh'],
  ['ltm policy', 'policies'],
  ['ltm pool', 'tmsh'],
  ['ltm profile client-ssl', 'tmsh'],
  ['ltm profile server-ssl', 'tmsh'],
  ['ltm rule', 'tmsh'],
  ['ltm virtual-address', 'tmsh'],
  ['ltm virtual', 'tmsh'],
  ['sys file ssl-cert', 'tmsh'],
];

/** One call that lists what is read here, of every partition and folder: from the root, `recursive` (tmsh reference, list). */
export function readingText(shell: LoginShell, version: Tmos): string {
  const there = kinds.filter(([, feature]) => hasFeature(version, feature));
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
