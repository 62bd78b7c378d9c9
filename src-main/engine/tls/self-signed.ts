import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { der } from './der.ts';

const tag = { integer: 2, bitString: 3, octetString: 4, utf8: 12, utcTime: 23, sequence: 48, set: 49 } as const;
/** Object identifiers with their tag: ecdsa-with-SHA256 (RFC 5758), id-at-commonName, id-ce-subjectAltName (RFC 5280). */
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');
const commonName = Buffer.from('0603550403', 'hex');
const subjectAltName = Buffer.from('0603551d11', 'hex');
/** The longest common name (RFC 5280 A.1 `ub-common-name`). */
const longestCommonName = 64;
const dayMs = 86_400_000;

/**
 * A new key (P-256) and a certificate that it signed itself (RFC 5280 4.1), both PEM: what a handshake gets along with until
 * somebody trusted has issued one. Good from an hour before `nowMs` for seven days.
 */
export function makeSelfSigned(
  names: readonly string[],
  nowMs: number,
): { readonly cert: string; readonly key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(tag.sequence, ecdsaWithSha256);
  const text = Buffer.from((names[0] ?? '').slice(0, longestCommonName), 'utf8');
  const subject = der(tag.sequence, der(tag.set, der(tag.sequence, commonName, der(tag.utf8, text))));
  const alternatives = der(tag.sequence, ...names.map((name) => der(0x82, Buffer.from(name, 'latin1'))));
  const extension = der(tag.sequence, subjectAltName, der(tag.octetString, alternatives));
  const body = der(
    tag.sequence,
    der(0xa0, der(tag.integer, Buffer.from([2]))),
    // Positive, and of no needless zero byte (X.690 8.3.2).
    der(tag.integer, Buffer.concat([Buffer.from([0x40]), randomBytes(15)])),
    algorithm,
    subject,
    der(tag.sequence, utcTime(nowMs - dayMs / 24), utcTime(nowMs + 7 * dayMs)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(tag.sequence, extension)),
  );
  const signature = der(tag.bitString, Buffer.from([0]), sign('sha256', body, privateKey));
  const lines =
    der(tag.sequence, body, algorithm, signature)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** `YYMMDDHHMMSSZ`: the form for years before 2050 (RFC 5280 4.1.2.5). */
function utcTime(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(tag.utcTime, Buffer.from(text.slice(2), 'latin1'));
}
