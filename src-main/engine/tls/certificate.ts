import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** A certificate with its chain and key, read and found to belong together. Texts are PEM. */
export interface Certificate {
  /** How the admin interface calls it. */
  readonly name: string;
  readonly chain: string;
  /** The certificate that signed it, where the files have it; else empty. */
  readonly issuer: string;
  readonly key: string;
  /** Of the key: `ec`, `rsa`, `ed25519` ... */
  readonly keyType: string;
  /** Lower case, `*.` for one label; what its subject is called where it has no alternative names. */
  readonly names: readonly string[];
  readonly notAfter: string;
  /** Milliseconds since 1970. */
  readonly notAfterMs: number;
  readonly serial: string;
  /** SHA-256 of the certificate itself. */
  readonly fingerprint: string;
}

/** What is wrong with a certificate or its key, in words that follow its name. Never holds any of the key. */
export class BadCertificate extends Error {}

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Reads PEM texts; the key may stand in the certificate's text. Throws `BadCertificate`. */
export function readCertificate(name: string, certText: string, keyText: string, chainText = ''): Certificate {
  const blocks = [...certText.matchAll(certificatePattern), ...chainText.matchAll(certificatePattern)].map(
    ([block]) => block,
  );
  const parsed = blocks.map((block, index) => parse(block, index));
  const [leaf] = parsed;
  if (leaf === undefined) throw new BadCertificate('holds no certificate in PEM');
  const key = readKey(keyText);
  if (!leaf.checkPrivateKey(key)) throw new BadCertificate('does not belong to its key');
  const ordered = orderChain(parsed);
  const chain = ordered.map((each) => each.toString()).join('');
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  try {
    createSecureContext({ cert: chain, key: pem });
  } catch (error) {
    throw new BadCertificate(`is refused by OpenSSL (${error instanceof Error ? error.message : String(error)})`);
  }
  return {
    name,
    chain,
    issuer: parsed.find((each) => each !== leaf && leaf.checkIssued(each))?.toString() ?? '',
    key: pem,
    keyType: key.asymmetricKeyType ?? 'unknown',
    names: namesOf(leaf),
    notAfter: leaf.validTo,
    notAfterMs: leaf.validToDate.getTime(),
    serial: leaf.serialNumber,
    fingerprint: leaf.fingerprint256,
  };
}

function parse(block: string, index: number): X509Certificate {
  try {
    return new X509Certificate(block);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BadCertificate(`cannot be parsed (certificate ${index + 1} of it: ${why})`);
  }
}

function readKey(text: string) {
  if (!text.includes('PRIVATE KEY-----')) throw new BadCertificate('has no private key in PEM');
  try {
    return createPrivateKey(text);
  } catch (error) {
    const isEncrypted = text.includes('ENCRYPTED');
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new BadCertificate(
      isEncrypted
        ? 'has a key that is encrypted, which nobody could type in'
        : `has a key that cannot be read (${code})`,
    );
  }
}

/** The leaf, then its issuers as far as they are there; a root that is sent along is dropped, as clients have it. */
function orderChain(parsed: readonly X509Certificate[]): X509Certificate[] {
  const [leaf, ...others] = parsed;
  if (leaf === undefined) return [];
  const chain = [leaf];
  for (let last = leaf; ;) {
    const issuer = others.find((other) => last.checkIssued(other) && !chain.includes(other));
    if (issuer === undefined || issuer.subject === issuer.issuer) return chain;
    chain.push(issuer);
    last = issuer;
  }
}

function namesOf(leaf: X509Certificate): string[] {
  const alternatives = (leaf.subjectAltName ?? '').split(', ').flatMap((entry) => {
    const [, kind = '', value = ''] = /^(DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return kind === '' ? [] : [value.toLowerCase()];
  });
  if (alternatives.length > 0) return alternatives;
  const common = /^CN=(.+)$/m.exec(leaf.subject)?.[1];
  return common === undefined ? [] : [common.toLowerCase()];
}
