import forge from 'node-forge';
import { AppError } from '../../contract/errors.ts';

/** What a PKCS#12 file (RFC 7292) holds, each part as DER: certificates, and private keys as PKCS#8. */
export interface Pkcs12Content {
  readonly certificates: readonly Buffer[];
  readonly keys: readonly Buffer[];
}

/** True where bytes are DER of a PFX: a sequence that begins with the version 3 (RFC 7292, 4). */
export function isPkcs12(bytes: Buffer): boolean {
  return bytes[0] === 0x30 && bytes.subarray(1, 12).includes(Buffer.from([0x02, 0x01, 0x03]));
}

/** Throws CERTIFICATE_INVALID; a wrong passphrase is told as such. */
export function readPkcs12(name: string, bytes: Buffer, passphrase: string | undefined): Pkcs12Content {
  try {
    const asn1 = forge.asn1.fromDer(bytes.toString('latin1'));
    const pfx = forge.pkcs12.pkcs12FromAsn1(asn1, false, passphrase ?? '');
    const bags = pfx.safeContents.flatMap(({ safeBags }) => safeBags);
    return {
      certificates: bags.filter(({ type }) => type === forge.pki.oids['certBag']).map(certificateOf),
      keys: bags
        .filter(({ type }) => type === forge.pki.oids['keyBag'] || type === forge.pki.oids['pkcs8ShroudedKeyBag'])
        .map(keyOf),
    };
  } catch (error) {
    throw unreadable(name, error, passphrase);
  }
}

/** Of keys that forge has no class for (EC) it keeps the ASN.1, which is PKCS#8 as it stood in the bag. */
function keyOf(bag: forge.pkcs12.Bag): Buffer {
  const asn1 = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1;
  return derOf(asn1);
}

function certificateOf(bag: forge.pkcs12.Bag): Buffer {
  // Likewise: `asn1` is the certificate itself where forge could not read its key.
  return derOf(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1);
}

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}

/** forge's words may be of any kind; only what they mean is told. */
function unreadable(name: string, error: unknown, passphrase: string | undefined): AppError {
  const words = error instanceof Error ? error.message : '';
  if (/MAC could not be verified|Invalid password|decrypt/i.test(words)) {
    const why = passphrase === undefined ? 'it is encrypted: give its passphrase' : 'the passphrase does not fit';
    return new AppError('CERTIFICATE_INVALID', `${name} cannot be opened: ${why}. Nothing was sent.`);
  }
  return new AppError(
    'CERTIFICATE_INVALID',
    `${name} is no PKCS#12 file that can be read (PBES2 and the older PKCS#12 ciphers are). Nothing was sent.`,
    { cause: error },
  );
}
