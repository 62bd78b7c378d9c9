import type { ClientTls } from '../../../contract/model.ts';
import { readBindAddresses } from './addresses.ts';
import { maskSecrets } from './secrets.ts';
import type { Reading } from './reading.ts';
import { tlsVersion } from './server-tls.ts';
import { type Settings, wordAfter } from './settings.ts';

interface Binds {
  readonly listen: readonly string[];
  readonly tls: ClientTls;
  readonly proxyProtocol: boolean;
  readonly native: Readonly<Record<string, string>>;
}

/** Bind words that take no argument (manual 5.1); the others take one. */
export const bindFlags: ReadonlySet<string> = new Set(
  (
    'accept-proxy allow-0rtt defer-accept force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 ' +
    'generate-certificates no-alpn no-ca-names no-sslv3 no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 ' +
    'prefer-client-ciphers quic-force-retry ssl strict-sni no-strict-sni tfo tls-tickets transparent v4v6 v6only expose-fd'
  ).split(' '),
);

/**
 * The `bind` lines of a proxy. A virtual server has one TLS setting: certificates are gathered over all lines, of every other
 * key the first line counts that writes it, and a line that says otherwise is told in `native`.
 */
export function readBinds(reading: Reading, settings: Settings): Binds {
  const listen: string[] = [...headerAddresses(settings)];
  const native: Record<string, string> = {};
  let tls: ClientTls = {};
  let proxyProtocol = false;
  for (const { statement, args } of settings.own('bind')) {
    const [address = '', ...words] = args;
    reading.used.add(statement);
    for (const each of readBindAddresses(address)) if (!listen.includes(each)) listen.push(each);
    const bind = readWords(words);
    proxyProtocol ||= bind.has('accept-proxy');
    const { found, read } = readTls(bind);
    const certificates = mergeCertificates(tls.certificates ?? [], found.certificates ?? []);
    const rest = [...bind].filter(([word]) => !read.has(word) || contradicts(tls, found, word));
    tls = { ...found, ...tls, ...(certificates.length > 0 ? { certificates } : {}) };
    const left = rest.map(([word, value]) => (bindFlags.has(word) ? word : `${word} ${value}`)).join(' ');
    if (left !== '') native[`bind ${address}`] = maskSecrets(left);
    for (const { certFile } of found.certificates ?? []) if (certFile !== undefined) noteCertificate(reading, certFile);
  }
  for (const { statement, args } of settings.own('ssl-f-use')) {
    const file = wordAfter(args, 'crt');
    if (file === undefined) continue;
    reading.used.add(statement);
    tls = { ...tls, certificates: mergeCertificates(tls.certificates ?? [], [{ certFile: file }]) };
    noteCertificate(reading, file);
  }
  return { listen, tls, proxyProtocol, native };
}

/** Before 1.8 a `listen` could name its address on the section's own line. */
function headerAddresses(settings: Settings): readonly string[] {
  const [, , third] = settings.section.header.words;
  return third === undefined || third.value === 'from' ? [] : readBindAddresses(third.value);
}

function readWords(words: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (bindFlags.has(word)) found.set(word, '');
    else {
      at += 1;
      const before = word === 'crt' ? found.get(word) : undefined;
      found.set(word, before === undefined ? (words[at] ?? '') : `${before}\n${words[at] ?? ''}`);
    }
  }
  return found;
}

/** The TLS settings of one bind line, and which of its words they say. */
function readTls(bind: ReadonlyMap<string, string>): { found: ClientTls; read: ReadonlySet<string> } {
  const read = new Set(['accept-proxy']);
  if (!bind.has('ssl')) return { found: {}, read };
  for (const word of tlsWords) read.add(word);
  function list(word: string, separator: string): string[] | undefined {
    return bind.get(word)?.split(separator);
  }
  const clientAuth = bind.get('verify');
  const found: ClientTls = {
    ...given(
      'certificates',
      list('crt', '\n')?.map((certFile) => ({ certFile })),
    ),
    ...given('minVersion', lowestVersion(bind)),
    ...given('maxVersion', tlsVersion(bind.get('ssl-max-ver'))),
    ...given('ciphers', list('ciphers', ':')),
    ...given('cipherSuites', list('ciphersuites', ':')),
    ...given('groups', list('curves', ':')),
    ...given('alpn', list('alpn', ',')),
    ...given(
      'clientAuth',
      clientAuth === 'none' || clientAuth === 'optional' || clientAuth === 'required' ? clientAuth : undefined,
    ),
    ...given('caFile', bind.get('ca-file')),
    ...given('crlFile', bind.get('crl-file')),
    ...given('sessionTickets', bind.has('no-tls-tickets') ? false : bind.has('tls-tickets') ? true : undefined),
    ...given('strictSni', bind.has('strict-sni') ? true : bind.has('no-strict-sni') ? false : undefined),
  };
  return { found, read };
}

const tlsWords = (
  'ssl crt ssl-min-ver ssl-max-ver ciphers ciphersuites curves alpn verify ca-file crl-file no-tls-tickets tls-tickets ' +
  'strict-sni no-strict-sni no-sslv3'
).split(' ');

/** `no-sslv3` alone says nothing that the model could hold: every version in use refuses it anyway. */
function lowestVersion(bind: ReadonlyMap<string, string>): string | undefined {
  return tlsVersion(bind.get('ssl-min-ver'));
}

function given<K extends keyof ClientTls>(key: K, value: ClientTls[K] | undefined): Pick<ClientTls, K> | object {
  const result: Partial<ClientTls> = {};
  if (value !== undefined) result[key] = value;
  return result;
}

const keysOfWords: Readonly<Record<string, keyof ClientTls>> = {
  'ssl-min-ver': 'minVersion',
  'ssl-max-ver': 'maxVersion',
  ciphers: 'ciphers',
  ciphersuites: 'cipherSuites',
  curves: 'groups',
  alpn: 'alpn',
  verify: 'clientAuth',
  'ca-file': 'caFile',
};

/** True where an earlier line has already said something else under the word's key. */
function contradicts(before: ClientTls, found: ClientTls, word: string): boolean {
  const key = keysOfWords[word];
  if (key === undefined || before[key] === undefined) return false;
  return JSON.stringify(before[key]) !== JSON.stringify(found[key]);
}

type Certificates = NonNullable<ClientTls['certificates']>;

function mergeCertificates(before: Certificates, more: Certificates): Certificates {
  const files = new Set(before.map((certificate) => certificate.certFile));
  return [...before, ...more.filter((certificate) => !files.has(certificate.certFile))];
}

/** Lists a certificate file among the device's certificates. */
export function noteCertificate(reading: Reading, file: string): void {
  if (file === '' || file.length > 1_000 || reading.certificates.has(file)) return;
  reading.certificates.set(file, { name: file, file });
}
