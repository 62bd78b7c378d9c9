import { createPrivateKey, X509Certificate } from 'node:crypto';
import { splitPem } from '../served-tls.ts';
import { Refused } from './refusal.ts';

/** Certificates and keys of one partition: files beside the configuration, there as soon as they are imported. */
export interface Pki {
  /** PEM by name. */
  readonly certificates: Map<string, string>;
  readonly authorities: Map<string, string>;
  readonly keys: Map<string, string>;
}
export type PkiKind = 'cert' | 'ca-cert' | 'key';

export function emptyPki(): Pki {
  return { certificates: new Map(), authorities: new Map(), keys: new Map() };
}

export function shelfOf(pki: Pki, kind: PkiKind): Map<string, string> {
  return { cert: pki.certificates, 'ca-cert': pki.authorities, key: pki.keys }[kind];
}

/** Puts a file that came by `import` on its shelf. Throws `Refused`, in words of ours, where it is none of its kind. */
export function put(pki: Pki, kind: PkiKind, name: string, text: string, isOverwriting: boolean): void {
  const shelf = shelfOf(pki, kind);
  if (shelf.has(name) && !isOverwriting) throw new Refused(`File ${name} already exists. Use overwrite to replace it.`);
  if (!(kind === 'key' ? isKey(text) : isCertificate(text)))
    throw new Refused(`File ${name} is not a valid ${words[kind]}.`);
  shelf.set(name, text);
}

const words: Readonly<Record<PkiKind, string>> = {
  cert: 'certificate',
  'ca-cert': 'CA certificate',
  key: 'private key',
};

function isCertificate(text: string): boolean {
  const [first] = splitPem(text);
  if (first === undefined) return false;
  try {
    return new X509Certificate(first).serialNumber !== '';
  } catch {
    return false;
  }
}

function isKey(text: string): boolean {
  if (text.includes('ENCRYPTED')) return true;
  try {
    return createPrivateKey(text).type === 'private';
  } catch {
    return false;
  }
}

/** Of `show pki cert`: one line a file, with its end and nothing else of it, as a public course of A10's shows it on a vThunder 4.1.4. */
export function showPki(pki: Pki, name: string | undefined, isBound: (name: string) => boolean, now: Date): string {
  const files = [
    ...[...pki.certificates].map(([own, text]) => ({
      own,
      text,
      type: pki.keys.has(own) ? 'certificate/key' : 'certificate',
    })),
    ...[...pki.authorities].map(([own, text]) => ({ own, text, type: 'CA' })),
    ...[...pki.keys.keys()].filter((own) => !pki.certificates.has(own)).map((own) => ({ own, text: '', type: 'key' })),
  ].filter(({ own }) => name === undefined || own === name);
  return files
    .map(
      ({ own, text, type }) =>
        `Name: ${own}  Type: ${type}  ${endOf(text, now)}${isBound(own) ? 'Bound' : 'Unbound'}]\n`,
    )
    .join('');
}

/** A key alone has no end. */
function endOf(text: string, now: Date): string {
  const [first] = splitPem(text);
  if (first === undefined) return '[';
  const { validTo, validToDate } = new X509Certificate(first);
  return `Expiration: ${validTo} [${validToDate < now ? 'Expired' : 'Unexpired'}, `;
}
