import type { CertificateFacts, DeviceCertificate } from '../../../contract/certificates.ts';

/** A certificate as `show ssl cert FILE` tells of it (management.txt 9.3; tried with 2.6). */
export interface ShownCertificate {
  readonly facts: CertificateFacts;
  readonly chain: DeviceCertificate['chain'];
  /** What `show ssl ocsp-response` calls the answer that is stapled to it (since 2.5). */
  readonly ocspKey?: string;
}

/** The names that `show ssl cert` lists; those of open transactions begin with `*` and are left out. */
export function parseNames(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('*'));
}

/** Undefined where the answer is no certificate: it is unknown, or an empty store, or the level does not allow the question. */
export function parseShown(text: string): ShownCertificate | undefined {
  const lines = text.split('\n').map((line) => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2).trim()] as const;
  });
  function all(key: string): readonly string[] {
    return lines.filter(([name]) => name === key).map(([, value]) => value);
  }
  const [serial] = all('Serial');
  const [notBefore, notAfter] = [timeOf(all('notBefore')[0]), timeOf(all('notAfter')[0])];
  if (serial === undefined || notBefore === undefined || notAfter === undefined) return undefined;
  const issuers = all('Chain Issuer');
  const [algorithm] = all('Algorithm');
  const [sha1] = all('SHA1 FingerPrint');
  const [ocspKey] = all('OCSP Response Key');
  return {
    facts: {
      subject: nameOf(all('Subject')[0]),
      issuer: nameOf(all('Issuer')[0]),
      serial,
      notBefore,
      notAfter,
      names: namesIn(all('Subject Alternative Name')[0] ?? ''),
      ...(algorithm === undefined ? {} : { algorithm }),
      ...(sha1 === undefined ? {} : { sha1 }),
    },
    chain: all('Chain Subject').map((subject, index) => ({ subject: nameOf(subject), issuer: nameOf(issuers[index]) })),
    ...(ocspKey !== undefined && /^[0-9a-f]+$/i.test(ocspKey) ? { ocspKey } : {}),
  };
}

/** What `show ssl ocsp-response KEY` says, in OpenSSL's words; undefined where it is no answer of OCSP. */
export function parseOcsp(text: string): DeviceCertificate['ocsp'] {
  const status = /^\s*Cert Status: (\S+)/m.exec(text)?.[1];
  if (status === undefined) return undefined;
  const [thisUpdate, nextUpdate] = ['This', 'Next'].map((which) =>
    timeOf(new RegExp(`^\\s*${which} Update: (.+)$`, 'm').exec(text)?.[1]),
  );
  return {
    status,
    ...(thisUpdate === undefined ? {} : { thisUpdate }),
    ...(nextUpdate === undefined ? {} : { nextUpdate }),
  };
}

/** `Dec 17 14:17:11 2026 GMT`, as OpenSSL prints times. */
function timeOf(text: string | undefined): string | undefined {
  const milliseconds = Date.parse(text ?? '');
  return Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString();
}

/** `/C=NL/CN=site` as `C=NL, CN=site`. */
function nameOf(text = ''): string {
  return text.replace(/^\//, '').replaceAll(/\/(?=[A-Za-z0-9.]+=)/g, ', ');
}

function namesIn(text: string): readonly string[] {
  return text.split(', ').flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}
