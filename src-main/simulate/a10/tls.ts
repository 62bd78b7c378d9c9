import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type ServedCertificate, type ServedTls, splitPem, type TlsVersion } from '../served-tls.ts';
import { ciphers } from './ciphers.ts';
import type { Pki } from './pki.ts';
import { findStatement, type Statement, statementsOf, wordsOf } from './tree.ts';

type Statements = readonly Statement[];

/** What clients of a port of a virtual server meet (`443`, `https`); undefined where it has no client-ssl template. */
export function servedTls(config: Statements, pki: Pki, virtual: string, port: string): ServedTls | undefined {
  const vport = statementsOf(findStatement(config, `slb virtual-server ${virtual}`)?.children ?? [], 'port').find(
    ({ text }) => wordsOf(text)[1] === port,
  );
  const name = lastWord(vport?.children ?? [], 'template client-ssl');
  const template = name === undefined ? undefined : findStatement(config, `slb template client-ssl ${name}`);
  if (template === undefined) return undefined;
  const { children } = template;
  return {
    certificates: certificatesOf(children, pki),
    versions: versionsOf(children),
    ciphers: ciphersOf(config, children),
    clientCertificate: asking[lastWord(children, 'client-certificate') ?? 'Ignore'] ?? 'ignored',
    authorities: statementsOf(children, 'ca-cert').flatMap(({ text }) =>
      splitPem(pki.authorities.get(wordsOf(text)[1] ?? '') ?? ''),
    ),
  };
}

const asking: Readonly<Record<string, ServedTls['clientCertificate']>> = {
  Ignore: 'ignored',
  Request: 'asked',
  Require: 'required',
};

function lastWord(children: Statements, words: string): string | undefined {
  const found = findStatement(children, words);
  return found === undefined ? undefined : wordsOf(found.text).at(-1);
}

/** `cert` and `key` of their own lines (4.x), `certificate C key K` (5.x), and those for names. */
function certificatesOf(children: Statements, pki: Pki): readonly ServedCertificate[] {
  const own = [lastWord(children, 'cert'), lastWord(children, 'key'), lastWord(children, 'chain-cert')];
  const lines = [...statementsOf(children, 'certificate'), ...statementsOf(children, 'server-name')].map(({ text }) => {
    const words = wordsOf(text);
    const isForName = words[0] === 'server-name';
    const cert = isForName ? after(words, 'cert') : words[1];
    return { given: [cert, after(words, 'key'), after(words, 'chain-cert')], isForName };
  });
  return [{ given: own, isForName: false }, ...lines].flatMap(({ given: [cert, key, chain], isForName }) => {
    const served = pairOf(pki, cert ?? '', key ?? '', chain ?? '');
    return served === undefined ? [] : [{ ...served, isForName }];
  });
}

function after(words: readonly string[], word: string): string | undefined {
  const at = words.indexOf(word);
  return at < 0 ? undefined : words[at + 1];
}

/** Undefined where a file is missing, or the key is another's: the port then serves nothing. */
function pairOf(
  pki: Pki,
  name: string,
  keyName: string,
  chain: string,
): Omit<ServedCertificate, 'isForName'> | undefined {
  const own = splitPem(pki.certificates.get(name) ?? '');
  const [leaf] = own;
  const pem = pki.keys.get(keyName);
  if (leaf === undefined || pem === undefined || pem.includes('ENCRYPTED')) return undefined;
  const key = createPrivateKey(pem);
  if (!new X509Certificate(leaf).checkPrivateKey(key)) return undefined;
  const above = splitPem(pki.certificates.get(chain) ?? pki.authorities.get(chain) ?? '');
  return { name, chain: [...own, ...above], key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const versions: readonly (readonly [number: number, version: TlsVersion])[] = [
  [30, 'SSLv3'],
  [31, 'TLSv1'],
  [32, 'TLSv1.1'],
  [33, 'TLSv1.2'],
  [34, 'TLSv1.3'],
];

/** `version 33 31`: the highest and the lowest one; without it TLS 1.0 to 1.2 (the lowest is from memory). */
function versionsOf(children: Statements): readonly TlsVersion[] {
  const [, highest = '33', lowest = '31'] = wordsOf(findStatement(children, 'version')?.text ?? '');
  const isWithoutSsl3 = findStatement(children, 'disable-sslv3') !== undefined;
  return versions
    .filter(([number]) => number <= Number(highest) && number >= Number(lowest) && !(isWithoutSsl3 && number === 30))
    .map(([, version]) => version);
}

/** Suites of the template's own lines, or of its cipher template: the higher priority first. Undefined where it names none. */
function ciphersOf(config: Statements, children: Statements): readonly string[] | undefined {
  const shared = lastWord(children, 'template cipher');
  const lines =
    shared === undefined
      ? statementsOf(children, 'cipher').map(({ text }) => wordsOf(text).slice(1))
      : (findStatement(config, `slb template cipher ${shared}`)?.children ?? []).map(({ text }) => wordsOf(text));
  if (lines.length === 0) return undefined;
  return lines
    .toSorted((a, b) => Number(after(b, 'priority') ?? 1) - Number(after(a, 'priority') ?? 1))
    .flatMap(([suite = '']) => ciphers[suite] ?? []);
}
