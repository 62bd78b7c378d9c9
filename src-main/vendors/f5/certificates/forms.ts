/** How a certificate is put into a profile of this version, and brought to the unit. */
export interface CertificateForms {
  /** `entries`: named ones in `cert-key-chain`, one per kind of key; `flat`: `cert`, `key` and `chain` of the profile. */
  readonly clientSsl: 'entries' | 'flat';
  readonly serverSsl: 'flat';
  /** The command that takes a file of the unit and stands in a transaction. */
  readonly install: 'create sys file';
}

interface Row {
  readonly from: readonly [number, number];
  readonly forms: CertificateForms;
  readonly source: string;
}

/**
 * By the first version that has it, latest first. `install sys crypto` is not used: it stands in no transaction before 14.0 (F5's bug
 * 468505, which DigiCert's script for BIG-IP works round), and `create sys file ssl-cert|ssl-key NAME source-path file:PATH` does in all.
 */
export const certificateForms: readonly Row[] = [
  {
    from: [11, 5],
    forms: { clientSsl: 'entries', serverSsl: 'flat', install: 'create sys file' },
    source:
      'SSL administration manuals 14.0 and 17.0 (several certificates in a profile, one per type of key); f5-appsvcs-extension, src/lib/fetch.js and map_as3.js (ssl-cert and ssl-key with source-path inside tmsh::begin_transaction); configurations of 11.5 to 17',
  },
  {
    from: [11, 0],
    forms: { clientSsl: 'flat', serverSsl: 'flat', install: 'create sys file' },
    source:
      'configurations of 10 and 11 (cert, key, chain); that file objects stand in a transaction there: from memory',
  },
];

export function certificateFormsOf([major, minor]: readonly [number, number]): CertificateForms {
  const row = certificateForms.find(
    ({ from: [first, second] }) => major > first || (major === first && minor >= second),
  );
  return row?.forms ?? { clientSsl: 'flat', serverSsl: 'flat', install: 'create sys file' };
}
