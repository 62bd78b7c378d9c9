import { X509Certificate } from 'node:crypto';
import type { CertificateFacts } from '../../contract/certificates.ts';

/** What a certificate says of itself; names from its alternative names alone, as clients look at no others (RFC 9525, 2). */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  return {
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: certificate.issuer.replaceAll('\n', ', '),
    serial: certificate.serialNumber,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    names: namesOf(certificate),
    algorithm: algorithmOf(certificate),
    sha1: certificate.fingerprint.replaceAll(':', ''),
  };
}

/** The same of a PEM text; undefined where it is no certificate. */
export function readFacts(pem: string): CertificateFacts | undefined {
  try {
    return factsOf(new X509Certificate(pem));
  } catch {
    return undefined; // whoever asks knows what that means
  }
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

function algorithmOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return `${(publicKey.asymmetricKeyType ?? 'unknown').toUpperCase()} ${modulusLength ?? namedCurve ?? ''}`.trim();
}
