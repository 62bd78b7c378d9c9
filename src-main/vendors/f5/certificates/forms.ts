import { settingOf } from '../sent.ts';
import type { BigipText, Item } from '../text.ts';
import type { CertificateObjects } from './point.ts';

/** Named entries in `cert-key-chain`, one per kind of key; or `cert`, `key` and `chain` of the profile itself. */
type ClientSslForm = 'entries' | 'flat';

interface Row {
  readonly from: readonly [number, number];
  readonly clientSsl: ClientSslForm;
  readonly source: string;
}

/**
 * How a client-ssl profile names its certificate, by the first version that has it, latest first; server-ssl profiles say `cert`, `key`
 * and `chain` in all. Objects are made by `create sys file ssl-cert|ssl-key NAME source-path file:PATH` in all; `install sys crypto` is
 * not used, as it stands in no transaction before 14.0 (F5's bug 468505, which DigiCert's script for BIG-IP works round).
 */
export const certificateForms: readonly Row[] = [
  {
    from: [11, 5],
    clientSsl: 'entries',
    source:
      'SSL administration manuals 14.0 and 17.0 (several certificates in a profile, one per type of key); f5-appsvcs-extension, src/lib/fetch.js and map_as3.js (ssl-cert and ssl-key with source-path inside tmsh::begin_transaction); configurations of 11.5 to 17',
  },
  {
    from: [11, 0],
    clientSsl: 'flat',
    source:
      'configurations of 10 and 11 (cert, key, chain); that file objects stand in a transaction there: from memory',
  },
];

export function clientSslFormOf([major, minor]: readonly [number, number]): ClientSslForm {
  const row = certificateForms.find(
    ({ from: [first, second] }) => major > first || (major === first && minor >= second),
  );
  return row?.clientSsl ?? 'flat';
}

/** The same by what the profiles of a configuration say, where its version is not known. */
export function clientSslFormIn({ parts }: BigipText): ClientSslForm {
  const profiles = parts.filter(({ words }) => words[1] === 'profile' && words[2] === 'client-ssl');
  const hasEntries = profiles.some((one) => settingOf(one, 'cert-key-chain') !== undefined);
  return hasEntries || profiles.every((one) => settingOf(one, 'cert') === undefined) ? 'entries' : 'flat';
}

/** What a new client-ssl profile says of its certificate. */
export function certificateItems(form: ClientSslForm, entry: string, { cert, chain, key }: CertificateObjects): Item[] {
  const words = [['cert', cert], ...(chain === 'none' ? [] : [['chain', chain]]), ['key', key]];
  const items = words.map((one): Item => ({ words: one }));
  return form === 'flat' ? items : [{ words: ['cert-key-chain'], body: [{ words: [entry], body: items }] }];
}
