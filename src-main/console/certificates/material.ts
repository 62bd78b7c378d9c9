import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext, rootCertificates } from 'node:tls';
import { isOcspAnswer } from '../../contract/certificates.ts';
import { AppError } from '../../contract/errors.ts';
import type { CertificateMaterial } from '../../vendors/vendor.ts';
import { factsOf } from './facts.ts';
import { readOcspAnswer } from './ocsp.ts';
import { isPkcs12, readPkcs12 } from './pkcs12.ts';

export interface GivenFile {
  readonly name: string;
  readonly bytes: Buffer;
}
export interface MaterialOptions {
  readonly passphrase?: string | undefined;
  readonly now: Date;
  /** Takes a chain that ends before any root that is known; default: refused. */
  readonly isShortChainGood?: boolean | undefined;
}

interface Found {
  readonly certificates: X509Certificate[];
  readonly keys: KeyObject[];
  readonly answers: GivenFile[];
}

/**
 * A key, its certificate and the chain from files as a person picked them (PEM, DER, PKCS#12; in any order), checked before anything
 * is sent: the key belongs to the certificate, the dates hold, the chain is put in order and is whole, and OpenSSL takes them. An OCSP
 * answer among them (DER) is one about this certificate. Throws CERTIFICATE_INVALID with what is wrong in which file and what to do;
 * never with anything of a key.
 */
export function readMaterial(files: readonly GivenFile[], options: MaterialOptions): CertificateMaterial {
  const found: Found = { certificates: [], keys: [], answers: [] };
  for (const file of files) readFile(file, options.passphrase, found);
  const names = files.map(({ name }) => name).join(', ');
  const key = onlyKey(found, names);
  const leaf = leafOf(found, key, names);
  refuseDates(leaf, options.now);
  const { chain, left } = orderChain(leaf, found.certificates);
  if (left.length > 0) {
    throw invalid(
      `${names}: ${left.map(nameOf).join('; ')} ${left.length === 1 ? 'does' : 'do'} not belong to the chain of ${nameOf(leaf)}. Leave ${left.length === 1 ? 'it' : 'them'} out`,
    );
  }
  const end = chain.at(-1) ?? leaf;
  if (!isWhole(end) && options.isShortChainGood !== true) {
    throw invalid(
      `${names}: the chain of ${nameOf(leaf)} ends at ${nameOf(end)}, whose issuer ("${oneLine(end.issuer)}") is not among the certificates and no root that is known. Add the certificate of the issuer, or say that the short chain is meant`,
    );
  }
  const [answer, ...others] = found.answers;
  if (others.length > 0) throw invalid(`${names} hold ${others.length + 1} OCSP answers. Leave in only the newest`);
  const material: CertificateMaterial = {
    leaf: leaf.toString(),
    chain: chain.map((each) => each.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    facts: factsOf(leaf),
    sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
    ...(answer === undefined ? {} : { ocsp: readOcspAnswer(answer, leaf, chain, options.now) }),
  };
  refuseWeak(material, names);
  return material;
}

function readFile(file: GivenFile, passphrase: string | undefined, found: Found): void {
  const text = file.bytes.toString('latin1');
  if (text.includes('-----BEGIN ')) readPem(file.name, text, passphrase, found);
  else if (isOcspAnswer(file.bytes)) found.answers.push(file);
  else if (isPkcs12(file.bytes)) {
    const { certificates, keys } = readPkcs12(file.name, file.bytes, passphrase);
    for (const bytes of certificates) addCertificate(file.name, bytes, found);
    for (const bytes of keys) addKey(found, createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }));
  } else if (file.bytes[0] === 0x30) readDer(file, found);
  else throw invalid(`${file.name} is neither PEM nor DER nor PKCS#12`);
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g;

function readPem(name: string, text: string, passphrase: string | undefined, found: Found): void {
  for (const [block, label = ''] of text.matchAll(pemBlock)) {
    if (label.endsWith('CERTIFICATE')) addCertificate(name, Buffer.from(block, 'latin1'), found);
    else if (label.endsWith('PRIVATE KEY')) addKey(found, readPemKey(name, block, passphrase));
  }
}

function readPemKey(name: string, block: string, passphrase: string | undefined): KeyObject {
  const isEncrypted = block.includes('ENCRYPTED');
  if (isEncrypted && passphrase === undefined) {
    throw invalid(`The key in ${name} is encrypted: give its passphrase`);
  }
  try {
    return createPrivateKey({ key: block, ...(isEncrypted && passphrase !== undefined ? { passphrase } : {}) });
  } catch {
    // OpenSSL's own words are left out: they are of no help, and could quote what they read.
    throw invalid(
      isEncrypted
        ? `The passphrase does not open the key in ${name}`
        : `The key in ${name} cannot be read: it is damaged`,
    );
  }
}

function readDer(file: GivenFile, found: Found): void {
  try {
    found.certificates.push(new X509Certificate(file.bytes));
    return;
  } catch {
    // Perhaps a key.
  }
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    try {
      addKey(found, createPrivateKey({ key: file.bytes, format: 'der', type }));
      return;
    } catch {
      // Perhaps another kind.
    }
  }
  throw invalid(`${file.name} is DER, but neither a certificate nor a private key`);
}

function addCertificate(name: string, bytes: Buffer, found: Found): void {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(bytes);
  } catch (error) {
    throw invalid(`Certificate ${found.certificates.length + 1} of ${name} cannot be read: it is damaged`, error);
  }
  if (found.certificates.some((other) => other.raw.equals(certificate.raw))) return;
  found.certificates.push(certificate);
}

function addKey(found: Found, key: KeyObject): void {
  if (!found.keys.some((other) => other.equals(key))) found.keys.push(key);
}

function onlyKey({ keys }: Found, names: string): KeyObject {
  const [key, ...others] = keys;
  if (key === undefined)
    throw invalid(`${names} hold${names.includes(',') ? '' : 's'} no private key. Pick its file too`);
  if (others.length === 0) return key;
  throw invalid(`${names} hold ${keys.length} different private keys. Leave in only the one that is meant`);
}

function leafOf({ certificates }: Found, key: KeyObject, names: string): X509Certificate {
  if (certificates.length === 0) throw invalid(`${names} hold no certificate. Pick its file too`);
  const leaf = certificates.find((each) => each.checkPrivateKey(key));
  if (leaf) return leaf;
  throw invalid(
    `The private key belongs to none of the certificates in ${names} (${certificates.map(nameOf).join('; ')}). Pick the key that the certificate was asked for with`,
  );
}

function refuseDates(leaf: X509Certificate, now: Date): void {
  if (leaf.validToDate <= now) throw invalid(`${nameOf(leaf)} has expired at ${leaf.validTo}`);
  if (leaf.validFromDate > now) throw invalid(`${nameOf(leaf)} is not valid before ${leaf.validFrom}`);
}

/** From the leaf upwards, each one issued by the next, whatever order they came in. */
function orderChain(leaf: X509Certificate, all: readonly X509Certificate[]) {
  const left = all.filter((each) => each !== leaf);
  const chain: X509Certificate[] = [];
  for (let below = leaf; !isSelfIssued(below);) {
    const at = left.findIndex((each) => below.checkIssued(each) && below.verify(each.publicKey));
    const [above] = at < 0 ? [] : left.splice(at, 1);
    if (above === undefined) break;
    chain.push(above);
    below = above;
  }
  return { chain, left };
}

/** Clients have the roots: a chain is whole that ends in one, or below one that is known. */
function isWhole(end: X509Certificate): boolean {
  return isSelfIssued(end) || rootCertificates.some((pem) => isIssuedBy(end, pem));
}

function isIssuedBy(certificate: X509Certificate, pem: string): boolean {
  const root = new X509Certificate(pem);
  return certificate.checkIssued(root) && certificate.verify(root.publicKey);
}

function isSelfIssued(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}

function refuseWeak({ leaf, chain, key }: CertificateMaterial, names: string): void {
  try {
    createSecureContext({ cert: leaf + chain, key });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'for a reason that it does not tell';
    throw invalid(`${names}: OpenSSL does not take the certificate with its key (${code})`);
  }
}

function nameOf(certificate: X509Certificate): string {
  return `"${oneLine(certificate.subject)}"`;
}
function oneLine(name: string): string {
  return name.replaceAll('\n', ', ');
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError('CERTIFICATE_INVALID', `${what}. Nothing was sent.`, cause === undefined ? {} : { cause });
}
