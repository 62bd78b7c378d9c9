import type { Pool } from '../../../contract/model.ts';
import type { ServerWords } from './servers.ts';

/** Words of a server line about TLS towards the member (manual 5.2). */
export const serverTlsWords: ReadonlySet<string> = new Set(
  (
    'ssl no-ssl verify verifyhost ca-file crl-file crt sni sni-auto no-sni-auto alpn npn ciphers ciphersuites curves ' +
    'sigalgs client-sigalgs ssl-min-ver ssl-max-ver force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 ' +
    'no-sslv3 no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-tls-tickets tls-tickets ssl-reuse no-ssl-reuse renegotiate no-renegotiate'
  ).split(' '),
);

/** The neutral settings, and which words they say wholly. */
export function readServerTls(words: ServerWords): { tls: NonNullable<Pool['tls']>; read: ReadonlySet<string> } {
  const read = new Set(['ssl']);
  function valueOf(keyword: string): string | undefined {
    const value = words.get(keyword)?.args[0]?.value;
    if (value !== undefined) read.add(keyword);
    return value;
  }
  const verify = valueOf('verify');
  const caFile = valueOf('ca-file');
  const serverName = readServerName(valueOf('sni'));
  const verifyHost = valueOf('verifyhost');
  const minVersion = tlsVersion(valueOf('ssl-min-ver'));
  const maxVersion = tlsVersion(valueOf('ssl-max-ver'));
  const ciphers = valueOf('ciphers')?.split(':');
  if (words.has('sni-auto')) read.add('sni-auto');
  const name = serverName ?? verifyHost;
  if (words.has('sni') && serverName === undefined) read.delete('sni');
  if (verifyHost !== undefined && verifyHost !== name) read.delete('verifyhost');
  const tls = {
    ...(verify === undefined ? {} : { verify: verify === 'required' }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(name === undefined ? {} : { serverName: name }),
    ...(words.has('sni') || words.has('sni-auto') ? { sendSni: true } : {}),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers === undefined ? {} : { ciphers }),
  };
  return { tls, read };
}

/** The name that `sni str(NAME)` sends; other expressions are known only when a client comes. */
function readServerName(expression: string | undefined): string | undefined {
  return /^str\(["']?([^()"']+)["']?\)$/.exec(expression ?? '')?.[1];
}

/** `TLSv1.2` as `1.2`; SSLv3 keeps its name. */
export function tlsVersion(word: string | undefined): string | undefined {
  return /^TLSv(1\.[0-3])$/.exec(word ?? '')?.[1] ?? word;
}
