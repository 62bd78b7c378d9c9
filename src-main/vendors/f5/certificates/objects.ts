import { AppError } from '../../../contract/errors.ts';
import type { CertificateMaterial } from '../../vendor.ts';
import type { Sent } from '../sent.ts';
import type { BigipText } from '../text.ts';
import { type CertificateObjects, installCommand } from './point.ts';

/** A file that is brought to the unit by standard input and goes as soon as the device has taken it. */
export interface SentFile {
  readonly path: string;
  readonly what: string;
  /** Of the bytes, which stand in no plan. */
  readonly secret: string;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** What becomes of a certificate on the device. */
export interface NewObjects extends CertificateObjects {
  readonly files: readonly SentFile[];
  readonly install: readonly Sent[];
}

/** `/Common/web` from `/Common/web.crt`, and from `/Common/web_6d823d2e43f5.crt`, which an earlier renewal made. */
export function stemOf(name: string): string {
  return name.replace(/\.(?:crt|cer|pem)$/, '').replace(/_[0-9a-f]{12}(?:_[0-9a-z]{6})?$/, '');
}

/** Names that the device does not have yet, which tell by their digits which certificate they hold. */
export function renewedStem(config: BigipText, name: string, { sha256 }: CertificateMaterial, planId: string): string {
  const stem = `${stemOf(name)}_${sha256.slice(0, 12)}`;
  return isFree(config, stem) ? stem : `${stem}_${planId.slice(0, 6)}`;
}

function isFree(config: BigipText, stem: string): boolean {
  return config.find(`sys file ssl-cert ${stem}.crt`) === undefined;
}

/** Throws ALREADY_EXISTS where the device has one of that name. */
export function newObjects(
  config: BigipText,
  stem: string,
  { leaf, chain, key }: CertificateMaterial,
  planId: string,
  sha256: (bytes: Uint8Array) => string,
): NewObjects {
  const cert = `${stem}.crt`;
  if (!isFree(config, stem))
    throw new AppError('ALREADY_EXISTS', `The device has ${cert} already: renew it, or choose another name.`);
  const names: CertificateObjects = { cert, key: `${stem}.key`, chain: chain === '' ? 'none' : `${stem}-chain.crt` };
  const made = [
    { kind: 'ssl-key', name: names.key, what: 'key', ending: 'key', text: key },
    { kind: 'ssl-cert', name: cert, what: 'certificate', ending: 'crt', text: leaf },
    ...(chain === ''
      ? []
      : [{ kind: 'ssl-cert', name: names.chain, what: 'chain', ending: 'chain', text: chain } as const]),
  ] as const;
  const files = made.map(({ what, ending, text }): SentFile => {
    const bytes = Buffer.from(text);
    const secret = `${planId}/${what}`;
    return { path: `/var/tmp/steelyard-${planId}.${ending}`, what, secret, bytes, sha256: sha256(bytes) };
  });
  const install = made.map(({ kind, name }, at) => installCommand(kind, name, files[at]?.path ?? ''));
  return { ...names, files, install };
}
