import { settingOf, wordsOf } from './sent.ts';
import { type BigipText, type Item, keyOf, linesOf, type Part } from './text.ts';

/** What the device's own profiles say where the configuration does not hold them (tmsh reference, ltm profile client-ssl, server-ssl). */
export const restingTls: Readonly<Record<string, string>> = {
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
 * Tells the lines of an object, without those of a TLS profile that say what its parent says: a device lists such a setting or leaves
 * it out, and both are the same.
 */
export function lineReader({ parts }: BigipText): (part: Part) => readonly string[] {
  const profiles = new Map(parts.filter(isTlsProfile).map((part) => [keyOf(part), part]));
  return (part) => {
    const { words, body } = part;
    if (body === undefined || !isTlsProfile(part)) return linesOf(part);
    return linesOf({ words, body: body.filter((item) => !holdsAnyway(profiles, part, item)) });
  };
}

function isTlsProfile({ words }: Part): boolean {
  return words[1] === 'profile' && (words[2] === 'client-ssl' || words[2] === 'server-ssl');
}

function holdsAnyway(profiles: ReadonlyMap<string, Part>, part: Part, item: Item): boolean {
  const [key = ''] = item.words;
  const value = wordsOf({ words: [], body: [item] }, key);
  if (key === 'defaults-from' || key === 'cert-key-chain' || value === undefined) return false;
  let from = parentOf(profiles, part);
  for (let steps = 0; from !== undefined && steps < 8; steps += 1) {
    if (settingOf(from, key) !== undefined) return wordsOf(from, key) === value;
    from = parentOf(profiles, from);
  }
  return restingTls[key] === value;
}

function parentOf(profiles: ReadonlyMap<string, Part>, part: Part): Part | undefined {
  const name = wordsOf(part, 'defaults-from');
  return name === undefined ? undefined : profiles.get(`${part.words.slice(0, 3).join(' ')} ${name}`);
}
