import { settingOf, wordsOf } from './sent.ts';
import { type BigipText, type Item, keyOf, linesOf, type Part } from './text.ts';

/** What the device's own profiles say where the configuration does not hold them (tmsh reference, ltm profile client-ssl, server-ssl). */
const resting: Readonly<Record<string, string>> = {
  'peer-cert-mode': 'ignore',
  'ca-file': 'none',
  'crl-file': 'none',
  'server-name': 'none',
  'authenticate-name': 'none',
  'cipher-group': 'none',
  ciphers: 'DEFAULT',
  'sni-default': 'false',
  'sni-require': 'false',
  'session-ticket': 'disabled',
};

/**
 * The lines of an object, without those of a TLS profile that say what its parent says: a device lists such a setting or leaves it out,
 * and both are the same.
 */
export function linesIn(config: BigipText, part: Part): readonly string[] {
  const { words, body } = part;
  if (body === undefined || words[1] !== 'profile' || !/^(?:client|server)-ssl$/.test(words[2] ?? ''))
    return linesOf(part);
  return linesOf({ words, body: body.filter((item) => !holdsAnyway(config, part, item)) });
}

function holdsAnyway(config: BigipText, part: Part, item: Item): boolean {
  const [key = ''] = item.words;
  const value = wordsOf({ words: [], body: [item] }, key);
  if (key === 'defaults-from' || key === 'cert-key-chain' || value === undefined) return false;
  const kind = part.words.slice(0, 3).join(' ');
  let from = parentOf(config, kind, part);
  for (let steps = 0; from !== undefined && steps < 8; steps += 1) {
    if (settingOf(from, key) !== undefined) return wordsOf(from, key) === value;
    from = parentOf(config, kind, from);
  }
  return resting[key] === value;
}

function parentOf(config: BigipText, kind: string, item: Item): Part | undefined {
  const name = wordsOf(item, 'defaults-from');
  return name === undefined ? undefined : config.parts.find((one) => keyOf(one) === `${kind} ${name}`);
}
