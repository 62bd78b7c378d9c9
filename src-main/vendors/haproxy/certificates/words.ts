import type { CertificateFacts } from '../../../contract/certificates.ts';
import { AppError } from '../../../contract/errors.ts';
import type { TlsTarget } from '../../../transports/transport.ts';
import { quote } from '../driver-shell.ts';
import { isPlainName } from './list.ts';

/** A certificate in lines, as plans show it. */
export function describe(facts: CertificateFacts): string {
  const { subject, issuer, serial, notBefore, notAfter, names, algorithm, sha1 } = facts;
  return [
    `subject ${subject}`,
    `names ${names.join(', ')}`,
    `issuer ${issuer}`,
    `serial ${serial}`,
    `valid ${notBefore ?? ''} to ${notAfter}`,
    `key ${algorithm ?? ''}, its bytes are not shown`,
    `SHA-1 ${sha1 ?? ''}`,
    '',
  ].join('\n');
}

/** What a person can paste to see what a client gets there. */
export function handshakeText({ host, port, serverName }: TlsTarget): string {
  const where = quote(`${host.includes(':') ? `[${host}]` : host}:${port}`);
  const name = serverName === undefined ? '' : ` -servername ${quote(serverName)}`;
  return `openssl s_client -connect ${where}${name} < /dev/null | openssl x509 -noout -fingerprint -sha256`;
}

/** Throws CAPABILITY_MISSING where a name is no single word on HAProxy's socket. */
export function refuseOddName(name: string): void {
  if (isPlainName(name)) return;
  throw new AppError('CAPABILITY_MISSING', `The name ${JSON.stringify(name)} cannot be said on HAProxy's socket.`);
}
