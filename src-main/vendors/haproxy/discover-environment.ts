import type { SourceFile } from '../vendor.ts';
import { quote } from './driver-shell.ts';

/** Names that HAProxy gives itself (configuration.txt 2.3): a second start makes its own. */
const ownNames =
  /^HAPROXY_(?:LOCALPEER|CFGFILES|MWORKER\w*|CLI|MASTER_CLI|STARTUP\w*|PROCESSES|BRANCH|TCP\w*|HTTP\w*|STATS\w*)$/;

/**
 * Environment variables that the configuration may ask for: `$NAME`, `${NAME}`, `env(NAME)`, `defined(NAME)`. Too many do no harm;
 * the values are taken over on the host and never leave it.
 */
export function environmentNames(files: readonly SourceFile[]): readonly string[] {
  const names = new Set<string>();
  for (const { bytes } of files) {
    const text = bytes.toString('latin1');
    for (const [, name = ''] of text.matchAll(/\$\{?([A-Za-z_]\w*)/g)) names.add(name);
    for (const [, name = ''] of text.matchAll(/\b(?:env|defined)\(([A-Za-z_]\w*)/g)) names.add(name);
  }
  return [...names].filter((name) => !ownNames.test(name)).toSorted();
}

/**
 * Shell text that takes these variables over from a running process, without a value in any argument list: the environment is
 * NUL-separated, so line ends within values change places with NULs while sed quotes.
 */
export function environmentFrom(pid: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const picks = names.map((name) => `-e ${quote(`s/^${name}=\\(.*\\)$/export ${name}='\\1'/p`)}`).join(' ');
  const escapeQuotes = `-e "s/'/'\\\\\\\\''/g"`;
  return `eval "$(tr '\\000\\012' '\\012\\001' < /proc/${pid}/environ | sed -n ${escapeQuotes} ${picks} | tr '\\001' '\\012')"`;
}
