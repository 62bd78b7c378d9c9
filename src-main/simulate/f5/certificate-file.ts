import { createHash, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { quote } from './block.ts';
import { stampOf } from './change.ts';
import { isLocked, openKey } from './locked-key.ts';
import { hashOf } from './pem.ts';
import { Refused } from './refusal.ts';

/** The properties that the device works out of a PEM file, as arguments. Throws `Refused` where it is none. */
export function certificateProperties(
  kind: string,
  pem: string,
  path: string,
  now: Date,
  passphrase?: string,
): readonly string[] {
  const shared = [
    ['checksum', `SHA1:${pem.length}:${createHash('sha1').update(pem).digest('hex')}`],
    ['create-time', stampOf(now)],
    ['created-by', 'admin'],
    ['last-update-time', stampOf(now)],
    ['mode', kind === 'sys file ssl-key' ? '33184' : '33188'],
    ['revision', '1'],
    ['size', String(pem.length)],
    ['source-path', `file:${path}`],
    ['updated-by', 'admin'],
    ['-pem', Buffer.from(pem).toString('base64')],
  ];
  const own = kind === 'sys file ssl-key' ? ofKey(pem, passphrase) : ofCertificate(pem);
  return [...shared, ...own].flatMap(([name = '', value = '']) => [name, value]);
}

function ofCertificate(pem: string): readonly (readonly string[])[] {
  try {
    const certificate = new X509Certificate(pem);
    const names = certificate.subjectAltName ?? '';
    return [
      ['certificate-key-size', keySize(certificate.publicKey)],
      ['expiration-date', String(Math.floor(Date.parse(certificate.validTo) / 1000))],
      ['expiration-string', quote(certificate.validTo)],
      ['fingerprint', quote(`SHA256/${certificate.fingerprint256}`)],
      ['is-bundle', pem.split('BEGIN CERTIFICATE').length > 2 ? 'true' : 'false'],
      ['issuer', quote(nameOf(certificate.issuer))],
      ['key-type', `${certificate.publicKey.asymmetricKeyType ?? 'rsa'}-public`],
      ['serial-number', decimal(certificate.serialNumber)],
      ['subject', quote(nameOf(certificate.subject))],
      ...(names === '' ? [] : [['subject-alternative-name', quote(names)]]),
      ['version', '3'],
      ['-public-key', hashOf(certificate.publicKey)],
    ];
  } catch {
    throw new Refused('01070712:3: Caught configuration exception (0), unable to parse certificate file.');
  }
}

/** A key behind a passphrase is taken as it is; whether the profile's opens it is found out there. */
function ofKey(pem: string, passphrase: string | undefined): readonly (readonly string[])[] {
  const key = openKey(pem, isLocked(pem) ? passphrase : undefined);
  if (key === undefined && !isLocked(pem)) {
    throw new Refused('01070712:3: Caught configuration exception (0), unable to parse key file.');
  }
  if (key === undefined && passphrase !== undefined) throw new Refused('01070313:3: Error reading key PEM file.');
  const known =
    key === undefined
      ? []
      : [
          ['key-size', keySize(key)],
          ['key-type', `${key.asymmetricKeyType ?? 'rsa'}-private`],
          ['-public-key', hashOf(createPublicKey(key))],
        ];
  return [...known, ['security-type', isLocked(pem) ? 'password' : 'normal']];
}

/** `CN=a,O=b`: Node writes one attribute a line. */
function nameOf(name: string): string {
  return name.split('\n').toReversed().join(',');
}

function decimal(hex: string): string {
  const number = BigInt(`0x${hex}`);
  return number > 0xffff_ffffn ? (hex.toLowerCase().match(/../g) ?? []).join(':') : String(number);
}

function keySize(key: KeyObject): string {
  return String(key.asymmetricKeyDetails?.modulusLength ?? 256);
}
