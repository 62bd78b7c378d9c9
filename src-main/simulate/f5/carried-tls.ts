import type { KeyObject } from 'node:crypto';
import { type ServedTls, splitPem, type TlsVersion } from '../served-tls.ts';
import { unquote } from './block.ts';
import { type CarriedBy, inherited, inheritedItem, kindOfName } from './carried-inherited.ts';
import { type Configuration, findObject, valueOf } from './configuration.ts';
import { pemOf } from './pem.ts';
import { openKey } from './locked-key.ts';

/**
 * TLS of the client-ssl profiles among these; undefined where there is none. Several are told apart by the name that a client asks for,
 * the one with `sni-default` answers all others.
 */
export function clientTlsOf(by: CarriedBy, profiles: readonly string[]): ServedTls | undefined {
  const { config } = by;
  const own = profiles.filter((name) => kindOfName(config, 'ltm profile client-ssl', name) !== undefined);
  const isOn = own.filter((name) => inherited(config, name, 'mode') !== 'disabled');
  const first = isOn.find((name) => inherited(config, name, 'sni-default') === 'true') ?? isOn[0];
  if (first === undefined) return undefined;
  const ordered = [first, ...isOn.filter((name) => name !== first)];
  return {
    certificates: ordered.flatMap((name) => certificatesOf(by, name, name !== first)),
    ...handshakeOf(config, first),
    clientCertificate: asking[inherited(config, first, 'peer-cert-mode') ?? 'ignore'] ?? 'ignored',
    authorities: splitPem(fileOf(by, 'sys file ssl-cert', inherited(config, first, 'ca-file') ?? 'none') ?? ''),
  };
}

const asking: Readonly<Record<string, ServedTls['clientCertificate']>> = { require: 'required', request: 'asked' };

function textOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function certificatesOf(by: CarriedBy, profile: string, isForName: boolean): ServedTls['certificates'] {
  const chains = inheritedItem(by.config, profile, 'cert-key-chain')?.block ?? [];
  const blocks =
    chains.length > 0
      ? chains.map(({ block = [] }) => ({
          cert: valueOf(block, 'cert') ?? '',
          key: valueOf(block, 'key') ?? '',
          chain: valueOf(block, 'chain') ?? 'none',
          passphrase: valueOf(block, 'passphrase'),
        }))
      : [
          {
            cert: inherited(by.config, profile, 'cert') ?? '',
            key: inherited(by.config, profile, 'key') ?? '',
            chain: inherited(by.config, profile, 'chain') ?? 'none',
            passphrase: inherited(by.config, profile, 'passphrase'),
          },
        ];
  return blocks.flatMap(({ cert, key, chain, passphrase }) => {
    const [certText, keyText] = [fileOf(by, 'sys file ssl-cert', cert), fileOf(by, 'sys file ssl-key', key)];
    const opened = keyText === undefined ? undefined : openKey(keyText, passphrase);
    if (certText === undefined || opened === undefined) return []; // it came with a file that holds no PEM
    const chainText = chain === 'none' ? '' : (fileOf(by, 'sys file ssl-cert', chain) ?? '');
    return [{ name: cert, chain: [...splitPem(certText), ...splitPem(chainText)], key: textOf(opened), isForName }];
  });
}

function fileOf({ config, read }: CarriedBy, kind: string, name: string): string | undefined {
  const object = findObject(config, kind, name);
  return object === undefined ? undefined : pemOf(object.items, read);
}

/** Versions that `options` and `ciphers` leave, and the suites that `ciphers` names one by one. */
function handshakeOf(config: Configuration, profile: string): Pick<ServedTls, 'versions' | 'ciphers'> {
  const options = (inheritedItem(config, profile, 'options')?.block ?? []).map(({ words: [one = ''] }) => one);
  const words = unquote(inherited(config, profile, 'ciphers') ?? 'DEFAULT').split(/[:, ]+/);
  const isByGroup = words.some((word) =>
    /^(DEFAULT|NATIVE|ALL|HIGH|MEDIUM|ECDHE|DHE|RSA|AES|f5-\w+)([+]|$)/.test(word),
  );
  const on = versions.filter(
    ([option, word]) => ![`!${word}`, `-${word}`].some((one) => words.includes(one)) && !options.includes(option),
  );
  return { versions: on.map(([, , version]) => version), ciphers: isByGroup ? undefined : words.flatMap(suiteOf) };
}

const versions: readonly (readonly [option: string, word: string, version: TlsVersion])[] = [
  ['no-tlsv1', 'TLSv1', 'TLSv1'],
  ['no-tlsv1.1', 'TLSv1_1', 'TLSv1.1'],
  ['no-tlsv1.2', 'TLSv1_2', 'TLSv1.2'],
  ['no-tlsv1.3', 'TLSv1_3', 'TLSv1.3'],
];

/** The device writes CBC where OpenSSL says nothing, and has names of its own for suites of TLS 1.3. */
function suiteOf(word: string): readonly string[] {
  if (/^[!+@-]/.test(word)) return [];
  const [, cipher, hash] = /^TLS13-(AES128-GCM|AES256-GCM|CHACHA20-POLY1305)-(SHA\d+)$/.exec(word) ?? [];
  if (cipher !== undefined && hash !== undefined) {
    return [`TLS_${cipher.replace('AES', 'AES_').replaceAll('-', '_')}_${hash}`];
  }
  return word.includes('-') ? [word.replace('-CBC-SHA', '-SHA')] : [];
}
