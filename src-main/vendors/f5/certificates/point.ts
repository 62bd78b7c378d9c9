import { keyOf } from '../text.ts';
import { lacking, type Sent } from '../sent.ts';
import type { CertificateUse } from './uses.ts';

/** Objects of the device that belong together; `chain` is `none` where nothing is sent after the certificate. */
export interface CertificateObjects {
  readonly cert: string;
  readonly key: string;
  readonly chain: string;
}

/**
 * The command that lets a profile answer with other objects, all three in one, as key and certificate must fit at each moment
 * (`01070317:3: ... key and certificate do not match`). Throws CAPABILITY_MISSING where the way back would need a passphrase.
 */
export function pointCommand(use: CertificateUse, to: CertificateObjects): Sent {
  const of = keyOf(use.profile);
  if (use.hasPassphrase) {
    throw lacking(
      `the certificate of ${of}: the profile keeps a passphrase of the key that is there now, without which it could not be pointed back`,
    );
  }
  return { command: pointText(use, to), inverse: pointText(use, use), of };
}

function pointText({ profile, entry }: CertificateUse, { cert, key, chain }: CertificateObjects): string {
  const words = `cert ${cert} chain ${chain} key ${key}`;
  const said = entry === undefined ? words : `cert-key-chain modify { ${entry} { ${words} } }`;
  return `modify ${keyOf(profile)} ${said}`;
}

/** `source-path` names the file that the object is made from (tmsh reference, sys file ssl-cert and ssl-key). */
export function installCommand(kind: 'ssl-cert' | 'ssl-key', name: string, file: string): Sent {
  const of = `sys file ${kind} ${name}`;
  return { command: `create ${of} source-path file:${file}`, inverse: `delete ${of}`, of };
}
