import type { CertificateFacts } from '../../../contract/certificates.ts';
import { type Statement, Settings } from '../tree.ts';

/**
 * What `list sys file ssl-cert` tells of a certificate (public listings of 15.1 to 17.1). It tells no beginning; fingerprint and names
 * are not in every version. Undefined where it tells nothing, as in a bigip.conf.
 */
export function factsOfListed({ body }: Pick<Statement, 'body'>): CertificateFacts | undefined {
  const settings = new Settings({ body: body ?? [] });
  const notAfter = endOf(settings);
  const subject = settings.text('subject');
  if (notAfter === undefined || subject === undefined) return undefined;
  const fingerprint = /^(SHA1|SHA256)\/([0-9A-Fa-f:]+)$/.exec(settings.text('fingerprint') ?? '');
  const digest = fingerprint?.[2]?.replaceAll(':', '').toUpperCase();
  const algorithm = algorithmOf(settings);
  return {
    subject: subject.replaceAll(/,(?=[A-Za-z]+=)/g, ', '),
    issuer: (settings.text('issuer') ?? '').replaceAll(/,(?=[A-Za-z]+=)/g, ', '),
    serial: (settings.text('serial-number') ?? '').replaceAll(':', '').toUpperCase(),
    notAfter,
    names: namesOf(settings.text('subject-alternative-name') ?? ''),
    ...(algorithm === '' ? {} : { algorithm }),
    ...(digest === undefined ? {} : fingerprint?.[1] === 'SHA1' ? { sha1: digest } : { sha256: digest }),
  };
}

/** `expiration-date` in seconds since 1970, `expiration-string` as `Dec 27 21:06:26 2026 GMT`. */
function endOf(settings: Settings): string | undefined {
  const seconds = settings.number('expiration-date');
  const time = seconds === undefined ? Date.parse(settings.text('expiration-string') ?? '') : seconds * 1000;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function namesOf(text: string): string[] {
  return text.split(/,\s*/).flatMap((entry) => {
    const name = /^(?:DNS|IP Address|IP):(.+)$/.exec(entry.trim())?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

function algorithmOf(settings: Settings): string {
  const kind = (settings.text('key-type') ?? '').replace(/-(?:public|private)$/, '').toUpperCase();
  return `${kind} ${settings.text('certificate-key-size') ?? settings.text('key-size') ?? ''}`.trim();
}
