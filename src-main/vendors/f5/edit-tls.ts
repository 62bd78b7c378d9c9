import type { ClientTls } from '../../contract/model.ts';
import { inheritedWords, lacking, partNamed, type Scene, type Sent, setValue, wordsOf } from './sent.ts';
import { keyOf, type Part } from './text.ts';

const versions = ['1.0', '1.1', '1.2', '1.3'];
/** The options that forbid each version (tmsh reference, ltm profile client-ssl, options). */
const forbids: Readonly<Record<string, string>> = {
  '1.0': 'no-tlsv1',
  '1.1': 'no-tlsv1.1',
  '1.2': 'no-tlsv1.2',
  '1.3': 'no-tlsv1.3',
};
/** What options a profile has that does not say: those of the device's own (K14806). */
const restingOptions = '{ dont-insert-empty-fragments }';

/**
 * TLS towards clients stands in client-ssl profiles: lowest version by `options`, suites by `ciphers`, profiles by the virtual
 * server. The profile that is changed is the first of the virtual server's, and every other virtual server with it changes too.
 */
export function tlsCommands(scene: Scene, virtual: Part, prior: ClientTls, wish: ClientTls): readonly Sent[] {
  const keys = Object.keys({ ...prior, ...wish }) as (keyof ClientTls)[];
  const changed = keys.filter((key) => JSON.stringify(prior[key]) !== JSON.stringify(wish[key]));
  const other = changed.find((key) => key !== 'ciphers' && key !== 'minVersion' && key !== 'profiles');
  if (other !== undefined) throw lacking(`${other} of TLS`);
  const sent: Sent[] = changed.includes('profiles')
    ? [profilesCommand(scene, virtual, prior.profiles ?? [], wish.profiles ?? [])]
    : [];
  if (!changed.includes('ciphers') && !changed.includes('minVersion')) return sent;
  const [name = ''] = wish.profiles ?? prior.profiles ?? [];
  const profile = partNamed(scene, 'ltm profile client-ssl', name);
  if (profile === undefined || /^\/Common\/clientssl(?:-|$)/.test(name)) {
    throw lacking(
      `TLS settings in ${name === '' ? 'no profile' : name}: all others come from the device's own profiles; make one of this virtual server's own first`,
    );
  }
  if (changed.includes('ciphers')) sent.push(...ciphersCommand(scene, profile, wish.ciphers));
  if (changed.includes('minVersion')) sent.push(...optionsCommand(scene, profile, wish.minVersion));
  return sent;
}

function ciphersCommand(scene: Scene, profile: Part, ciphers: readonly string[] | undefined): readonly Sent[] {
  if (wordsOf(profile, 'cipher-group') !== undefined && wordsOf(profile, 'cipher-group') !== 'none')
    throw lacking('cipher suites of a profile that has a cipher group');
  const rest = inheritedWords(scene, profile, 'ciphers') ?? 'DEFAULT';
  if (ciphers === undefined || ciphers.length === 0) return setValue(profile, 'ciphers', 'DEFAULT', rest);
  return setValue(profile, 'ciphers', ciphers.join(':'), rest);
}

function optionsCommand(scene: Scene, profile: Part, minVersion: string | undefined): readonly Sent[] {
  const lowest = minVersion === undefined ? 0 : versions.indexOf(minVersion);
  if (lowest === -1) throw lacking(`TLS from version ${minVersion ?? ''}: it is one of ${versions.join(', ')}`);
  const now = inheritedWords(scene, profile, 'options') ?? restingOptions;
  const options = now
    .replace(/[{}]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '' && word !== 'none');
  const below = versions.slice(0, lowest).map((version) => forbids[version] ?? '');
  const allowed = new Set(
    versions
      .slice(lowest)
      .filter((version) => version !== '1.3' || lowest === 3)
      .map((version) => forbids[version]),
  );
  const wanted = [...new Set([...options.filter((word) => !allowed.has(word)), ...below])];
  const text = wanted.length === 0 ? 'none' : `{ ${wanted.join(' ')} }`;
  return setValue(profile, 'options', text, now);
}

function profilesCommand(scene: Scene, virtual: Part, now: readonly string[], wish: readonly string[]): Sent {
  const missing = wish.find(
    (name) => partNamed(scene, 'ltm profile client-ssl', name) === undefined && !now.includes(name),
  );
  if (missing !== undefined) throw lacking(`the profile ${missing}, which the device does not list`);
  const of = keyOf(virtual);
  const list = virtual.body?.find(({ words }) => words[0] === 'profiles')?.body ?? [];
  const rest = list.filter(({ words }) => !now.includes(words[0] ?? ''));
  const old = list.map((item) => `${item.words[0] ?? ''} ${bodyText(item)}`);
  const added = wish.map((name) => `${name} { context clientside }`);
  const next = [...rest.map((item) => `${item.words[0] ?? ''} ${bodyText(item)}`), ...added];
  return {
    command: `modify ${of} profiles replace-all-with { ${next.join(' ')} }`,
    inverse: `modify ${of} profiles replace-all-with { ${old.join(' ')} }`,
    of,
  };
}

function bodyText({ body = [] }: { readonly body?: readonly { readonly words: readonly string[] }[] }): string {
  return body.length === 0 ? '{ }' : `{ ${body.map(({ words }) => words.join(' ')).join(' ')} }`;
}
