import { createHash, verify, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import forge from 'node-forge';
import { AppError } from '../../contract/errors.ts';
import type { OcspAnswer } from '../../vendors/vendor.ts';

type Asn1 = forge.asn1.Asn1;

/** Hashes that name an issuer (RFC 6960, 4.3): SHA-1 and the SHA-2 ones. */
const hashes: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'sha1',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** Signatures (RFC 3279, 4055, 5758); Ed25519 and Ed448 (RFC 8410) take no hash of their own. */
const signatures: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
  '1.3.101.113': null,
};
/** id-pkix-ocsp-basic, and the purpose of a responder's certificate, id-kp-OCSPSigning (RFC 6960, 4.2.1, 4.2.2.2). */
const basicResponse = '1.3.6.1.5.5.7.48.1.1';
const signsAnswers = '1.3.6.1.5.5.7.3.9';
/** Clocks differ: an answer from so little ahead is taken (OpenSSL's own servers and HAProxy take as much). */
const skewMs = 300_000;

/**
 * Checks an OCSP answer (DER) before it is stapled: it is about this certificate of this issuer, who signed it or whose responder did,
 * says "good", and its time is not over. Throws CERTIFICATE_INVALID with what is wrong in which file and what to do.
 */
export function readOcspAnswer(
  file: { readonly name: string; readonly bytes: Buffer },
  leaf: X509Certificate,
  chain: readonly X509Certificate[],
  now: Date,
): OcspAnswer {
  const issuer = chain[0] ?? rootOf(leaf);
  if (issuer === undefined) {
    throw invalid(
      `${file.name} cannot be checked without the certificate of the issuer ("${leaf.issuer}"). Pick its file too`,
    );
  }
  const { responses, ...signed } = partsOf(file);
  const single = responses.map(singleOf).find((each) => isAbout(each, leaf, issuer));
  if (single === undefined) {
    throw invalid(
      `${file.name} is an OCSP answer about another certificate or issuer than serial ${leaf.serialNumber}. Ask the responder about this one`,
    );
  }
  if (single.status !== 'good') {
    const remedy = single.status === 'revoked' ? 'Have a new certificate issued' : 'Ask the right responder';
    throw invalid(`${file.name} says that the certificate is ${single.status}. ${remedy}`);
  }
  refuseTimes(file.name, single, now);
  refuseSignature(file.name, signed, issuer, now);
  const { thisUpdate, nextUpdate } = single;
  return { bytes: file.bytes, thisUpdate: thisUpdate.toISOString(), nextUpdate: nextUpdate?.toISOString() ?? '' };
}

interface Single {
  readonly id: Asn1;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
}
interface Signed {
  readonly data: Asn1;
  readonly algorithm: string;
  readonly signature: Buffer;
  readonly certificates: readonly X509Certificate[];
}

/** OCSPResponse down to the single responses (RFC 6960, 4.2.1). */
function partsOf({ name, bytes }: { readonly name: string; readonly bytes: Buffer }) {
  let isRefusal = false;
  try {
    const [status, body] = childrenOf(parse(bytes));
    isRefusal = bytesOf(status)[0] !== 0;
    const [type, octets] = childrenOf(childrenOf(body)[0]);
    if (oidOf(type) !== basicResponse) throw new Error('another type of response');
    const [data, algorithm, signature, certificates] = childrenOf(parse(bytesOf(octets)));
    const responses = childrenOf(data).find(isSequence);
    if (data === undefined) throw new Error('no data');
    return {
      data,
      algorithm: oidOf(childrenOf(algorithm)[0]),
      signature: bitsOf(signature),
      certificates: childrenOf(childrenOf(certificates)[0]).map((each) => new X509Certificate(derOf(each))),
      responses: childrenOf(responses),
    };
  } catch (error) {
    throw invalid(
      isRefusal
        ? `${name} is an OCSP answer by which the responder refuses to tell. Ask it again`
        : `${name} begins as an OCSP answer in DER, but cannot be read: it is damaged. Ask the responder again`,
      error,
    );
  }
}

function singleOf(response: Asn1): Single {
  const [id, status, thisUpdate, ...rest] = childrenOf(response);
  // [0]
  const next = rest.find(
    ({ tagClass, type }) => tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && type === forge.asn1.Type.NONE,
  );
  if (id === undefined || thisUpdate === undefined) throw invalid('The OCSP answer holds a response that is damaged');
  const kind = Number(status?.type); // [0] good, [1] revoked, [2] unknown
  return {
    id,
    status: kind === 0 ? 'good' : kind === 1 ? 'revoked' : 'unknown',
    thisUpdate: timeOf(thisUpdate),
    nextUpdate: next === undefined ? undefined : timeOf(childrenOf(next)[0]),
  };
}

/** CertID (RFC 6960, 4.1.1): hashes of the issuer's name and key, and the serial. */
function isAbout({ id }: Single, leaf: X509Certificate, issuer: X509Certificate): boolean {
  const [algorithm, nameHash, keyHash, serial] = childrenOf(id);
  const hash = hashes[oidOf(childrenOf(algorithm)[0])];
  if (hash === undefined) return false;
  // After the optional [0] version: serial, algorithm, issuer, validity, subject, key (RFC 5280, 4.1).
  const fields = childrenOf(childrenOf(parse(issuer.raw))[0]).filter(
    ({ tagClass }) => tagClass === forge.asn1.Class.UNIVERSAL,
  );
  const [, , , , subject, key] = fields;
  if (subject === undefined) return false;
  return (
    createHash(hash).update(derOf(subject)).digest().equals(bytesOf(nameHash)) &&
    createHash(hash)
      .update(bitsOf(childrenOf(key)[1]))
      .digest()
      .equals(bytesOf(keyHash)) &&
    BigInt(`0x${bytesOf(serial).toString('hex') || '0'}`) === BigInt(`0x${leaf.serialNumber}`)
  );
}

function refuseTimes(name: string, { thisUpdate, nextUpdate }: Single, now: Date): void {
  if (thisUpdate.getTime() - skewMs > now.getTime()) {
    throw invalid(`${name} is not valid before ${thisUpdate.toISOString()}. Look at the clocks`);
  }
  if (nextUpdate === undefined) {
    throw invalid(`${name} does not say until when it may be used, so it cannot be stapled. Ask another responder`);
  }
  if (nextUpdate <= now) {
    throw invalid(`${name} has expired at ${nextUpdate.toISOString()}. Ask the responder for a new answer`);
  }
}

/** The issuer signs itself, or certifies the one who does for that purpose (RFC 6960, 4.2.2.2). */
function refuseSignature(name: string, signed: Signed, issuer: X509Certificate, now: Date): void {
  const { data, algorithm, signature, certificates } = signed;
  const digest = signatures[algorithm];
  if (digest === undefined) {
    throw invalid(`${name} is signed by an algorithm (${algorithm}) that is not known here. Ask another responder`);
  }
  const signers = certificates.filter(
    (each) =>
      purposesOf(each).includes(signsAnswers) &&
      each.validFromDate <= now &&
      each.validToDate > now &&
      each.checkIssued(issuer) &&
      each.verify(issuer.publicKey),
  );
  const isSigned = [issuer, ...signers].some(({ publicKey }) => {
    try {
      return verify(digest, derOf(data), publicKey, signature);
    } catch {
      return false; // a key of another kind than the signature
    }
  });
  if (isSigned) return;
  throw invalid(
    `${name} is signed neither by the issuer of the certificate nor by a responder that the issuer certified. Ask the issuer's responder`,
  );
}

/** Of a certificate without extended key usage Node tells undefined, which its types do not say. */
function purposesOf(certificate: { readonly keyUsage?: readonly string[] }): readonly string[] {
  return certificate.keyUsage ?? [];
}

function rootOf(leaf: X509Certificate): X509Certificate | undefined {
  return rootCertificates
    .map((pem) => new X509Certificate(pem))
    .find((root) => leaf.checkIssued(root) && leaf.verify(root.publicKey));
}

function parse(bytes: Buffer): Asn1 {
  // Its types lack the option that leaves BIT STRINGs as they are.
  const options = { decodeBitStrings: false };
  return forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('latin1')), options as unknown as boolean);
}

function childrenOf(element: Asn1 | undefined): readonly Asn1[] {
  return element !== undefined && Array.isArray(element.value) ? element.value : [];
}

function bytesOf(element: Asn1 | undefined): Buffer {
  return Buffer.from(typeof element?.value === 'string' ? element.value : '', 'latin1');
}

/** A BIT STRING begins with the number of its unused bits. */
function bitsOf(element: Asn1 | undefined): Buffer {
  return bytesOf(element).subarray(1);
}

function oidOf(element: Asn1 | undefined): string {
  return element === undefined ? '' : forge.asn1.derToOid(bytesOf(element).toString('latin1'));
}

function derOf(element: Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(element).getBytes(), 'latin1');
}

function isSequence({ tagClass, type }: Asn1): boolean {
  return tagClass === forge.asn1.Class.UNIVERSAL && type === forge.asn1.Type.SEQUENCE;
}

function timeOf(element: Asn1 | undefined): Date {
  return forge.asn1.generalizedTimeToDate(bytesOf(element).toString('latin1'));
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError('CERTIFICATE_INVALID', `${what}. Nothing was sent.`, cause === undefined ? {} : { cause });
}
