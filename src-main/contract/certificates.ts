import { z } from 'zod';

/** What a certificate says of itself. Names are lower case, `*.` for one label; times are ISO. Holds nothing secret. */
export interface CertificateFacts {
  /** As `CN=site.example, O=Example`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal, upper case. */
  readonly serial: string;
  /** Absent where the teller does not say it. */
  readonly notBefore?: string;
  readonly notAfter: string;
  readonly names: readonly string[];
  /** Kind and size of its key, in the teller's own word (`RSA2048`, `EC256`). */
  readonly algorithm?: string;
  /** SHA-1 and SHA-256 of the certificate, hexadecimal, upper case; absent where the teller does not say them. */
  readonly sha1?: string;
  readonly sha256?: string;
}

/** A certificate as a device holds it, by the device's own words; its key is never part of an answer. */
export interface DeviceCertificate {
  /** As the device calls it; HAProxy: the file. */
  readonly name: string;
  /** Absent where the device does not tell. */
  readonly facts?: CertificateFacts;
  /** Subject and issuer of each certificate that is sent after it, in their order. */
  readonly chain: readonly { readonly subject: string; readonly issuer: string }[];
  /** Virtual servers that answer with it. */
  readonly usedBy: readonly string[];
  /** The OCSP answer that is stapled to it: what it says (`good`, `revoked` ...), and until when it may be used. Absent where none is. */
  readonly ocsp?: { readonly status: string; readonly thisUpdate?: string; readonly nextUpdate?: string };
  /** Why nothing more is known; a sentence. */
  readonly problem?: string;
  /** True where the one that was there before the last renewal is still held, sealed, and can be put back. */
  readonly hasPrevious?: boolean;
}

const mostFileCharacters = 2_000_000;

/**
 * Files as a person picked them: PEM, DER or PKCS#12, in any order. They go into the console in this one call and never out of it
 * again.
 */
export const certificateFilesSchema = z
  .array(z.strictObject({ name: z.string().max(300), base64: z.base64().max(mostFileCharacters) }))
  .max(10);

/** True where bytes begin as DER of an OCSPResponse: a sequence whose first part is a status, an ENUMERATED (RFC 6960, 4.2.1). */
export function isOcspAnswer(bytes: Uint8Array): boolean {
  const length = bytes[1] ?? 0;
  const at = length < 0x80 ? 2 : 2 + (length & 0x7f);
  return bytes[0] === 0x30 && bytes[at] === 0x0a && bytes[at + 1] === 1;
}
