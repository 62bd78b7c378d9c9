import type { ClientTls } from '../../contract/model.ts';
import { added, gone, headOf, lacking, made, removed, type Scene, type Sent, setting, word } from './sent.ts';
import { suiteOf, wordOfSuite } from './suites.ts';
import { beginsWith, findIn, type Line, wordsOf } from './text.ts';

type Certificate = NonNullable<ClientTls['certificates']>[number];

/** TLS versions as ACOS numbers them (axAPI 3, `version` and `dgversion` of slb template client-ssl). */
const numbers: Readonly<Record<string, string>> = { '1.0': '31', '1.1': '32', '1.2': '33', '1.3': '34' };
const known: readonly (keyof ClientTls)[] = ['profiles', 'certificates', 'minVersion', 'maxVersion', 'ciphers'];

/**
 * TLS towards clients is a `client-ssl` template that the virtual port names. Its own is changed, and with it every other port that has
 * it; where there is none, one is made for the port. A certificate is one that is on the device, by its name.
 */
export function tlsLines(
  scene: Scene,
  block: Line,
  port: Line,
  prior: ClientTls,
  wish: ClientTls | undefined,
): readonly Sent[] {
  const attached = port.children.filter((line) => beginsWith(line.text, ['template', 'client-ssl']));
  if (wish === undefined) return attached.map((line) => removed(block, [port], line));
  const keys = Object.keys({ ...prior, ...wish }) as (keyof ClientTls)[]; // keys of checked settings
  const changed = keys.filter((key) => JSON.stringify(prior[key]) !== JSON.stringify(wish[key]));
  const other = changed.find((key) => !known.includes(key));
  if (other !== undefined) throw lacking(`${other} of TLS`);
  const now = wordsOf(attached[0]?.text ?? '').at(-1);
  const own = `${wordsOf(block.text)[2] ?? ''}_${wordsOf(port.text)[1] ?? ''}_tls`;
  const [name = now ?? own, ...more] = wish.profiles ?? [];
  if (attached.length > 1 || more.length > 0) throw lacking('more than one client-ssl template of a virtual port');
  const head = `slb template client-ssl ${word(name)}`;
  const there = findIn(scene.text.lines, wordsOf(head));
  if (there === undefined && wish.profiles !== undefined && changed.every((key) => key === 'profiles'))
    throw gone(`client-ssl template "${name}"`);
  const template: Line = there ?? { text: head, children: [] };
  const settings = changed.length === 1 && changed[0] === 'profiles' ? [] : settingsOf(scene, template, wish, changed);
  return [
    ...(there === undefined ? [made(head)] : []),
    ...settings,
    ...(name === now ? [] : attached.map((line) => removed(block, [port], line))),
    ...(name === now ? [] : [added(block, [port], `template client-ssl ${word(name)}`)]),
  ];
}

function settingsOf(
  scene: Scene,
  template: Line,
  wish: ClientTls,
  changed: readonly (keyof ClientTls)[],
): readonly Sent[] {
  const isVersion = changed.includes('minVersion') || changed.includes('maxVersion');
  return [
    ...(changed.includes('certificates') ? certificateLines(scene, template, wish.certificates ?? []) : []),
    ...(isVersion ? setting(template, [], 'version', versionWords(wish)) : []),
    ...(changed.includes('ciphers') ? cipherLines(template, wish.ciphers ?? []) : []),
  ];
}

/** `version HIGHEST LOWEST`; the highest that every ACOS from 4 on has is 1.2. */
function versionWords({ minVersion, maxVersion }: ClientTls): string | undefined {
  if (minVersion === undefined && maxVersion === undefined) return undefined;
  const highest = maxVersion ?? (minVersion === '1.3' ? '1.3' : '1.2');
  const [high, low] = [highest, minVersion].map((version) => (version === undefined ? '' : numbers[version]));
  if (high === undefined || low === undefined)
    throw lacking(`TLS ${minVersion ?? ''} to ${highest}: an A10 has ${Object.keys(numbers).join(', ')}`);
  if (low > high) throw lacking(`TLS from ${minVersion ?? ''} to ${highest}, which is none`);
  return `${high} ${low}`.trim();
}

/** One line each. Where they stand in a cipher template, that one is not changed: other templates share it. */
function cipherLines(template: Line, wish: readonly string[]): readonly Sent[] {
  if (template.children.some(({ text }) => beginsWith(text, ['template', 'cipher'])))
    throw lacking('cipher suites of a template that has them from a cipher template');
  const now = template.children.filter(({ text }) => beginsWith(text, ['cipher']));
  const has = now.map(({ text }) => suiteOf(wordsOf(text)[1] ?? ''));
  const wanted = wish.map((suite) => suiteOf(wordOfSuite(suite)));
  return [
    ...wanted.filter((suite) => !has.includes(suite)).map((one) => added(template, [], `cipher ${wordOfSuite(one)}`)),
    ...now.filter((_, at) => !wanted.includes(has[at] ?? '')).map((line) => removed(template, [], line)),
  ];
}

function certificateLines(scene: Scene, template: Line, wish: readonly Certificate[]): readonly Sent[] {
  for (const { name, acme, certFile } of wish)
    if (name === undefined || acme !== undefined || certFile !== undefined)
      throw lacking('a certificate that is not named: it has to be on the device, and is called as it is there');
  const now = template.children.filter(({ text }) => beginsWith(text, ['certificate']));
  const isSingle = template.children.some(({ text }) => beginsWith(text, ['cert']));
  if (now.length > 0 || (!isSingle && saysLists(scene))) return listLines(template, now, wish);
  const [one, ...others] = wish;
  if (others.length > 0) throw lacking('more than one certificate of a client-ssl template of ACOS 4');
  return [
    ...setting(template, [], 'cert', textOf(one?.name)),
    ...setting(template, [], 'key', textOf(one?.keyFile)),
    ...setting(template, [], 'chain-cert', textOf(one?.chainFile)),
  ];
}

function textOf(name: string | undefined): string | undefined {
  return name === undefined ? undefined : word(name);
}

/** From ACOS 5 on: `certificate NAME key NAME chain-cert NAME`. The new ones come before the old ones go. */
function listLines(template: Line, now: readonly Line[], wish: readonly Certificate[]): readonly Sent[] {
  const wanted = wish.map(({ name = '', keyFile, chainFile }) =>
    [
      `certificate ${word(name)}`,
      ...(keyFile === undefined ? [] : [`key ${word(keyFile)}`]),
      ...(chainFile === undefined ? [] : [`chain-cert ${word(chainFile)}`]),
    ].join(' '),
  );
  const names = wish.map(({ name = '' }) => name);
  const kept = now.map(({ text }) => text);
  const comes = wanted.filter((text) => !kept.includes(text));
  return [
    ...comes.map((text): Sent => {
      const old = findIn(template.children, wordsOf(text).slice(0, 2));
      // Said again with other words it is changed, so the way back says the old ones.
      return old === undefined
        ? added(template, [], text)
        : { typed: [template.text, text], inverse: [[template.text, old.text]], of: headOf(template) };
    }),
    ...now.filter(({ text }) => !names.includes(wordsOf(text)[1] ?? '')).map((line) => removed(template, [], line)),
  ];
}

/** By the other templates of the device, else by its version. */
function saysLists({ text }: Scene): boolean {
  const templates = text.lines.filter((line) => beginsWith(line.text, ['slb', 'template', 'client-ssl']));
  const lines = templates.flatMap(({ children }) => children);
  if (lines.some((line) => beginsWith(line.text, ['certificate']))) return true;
  if (lines.some((line) => beginsWith(line.text, ['cert']))) return false;
  const major = /^!.*\bversion (\d+)\./im.exec(text.toString())?.[1];
  return Number(major ?? '4') >= 5;
}
