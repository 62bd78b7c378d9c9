import type { CertificateFacts, DeviceCertificate } from '../../contract/certificates.ts';
import { AppError } from '../../contract/errors.ts';
import type { DeviceModel } from '../../contract/model.ts';
import { fullName } from './partitions.ts';

/** Of one partition; keys stand in it too, by name alone. */
export const certificatesCommand = 'show pki cert';

/**
 * What `show pki cert` lists, and who answers with it. A line is `Name: server.crt  Type: certificate  Expiration: Sep  8 13:12:30 2029
 * GMT [Unexpired, Unbound]` (public transcript of vThunder 4.1.4); it tells the end alone.
 */
export function listedCertificates(
  said: readonly { readonly partition: string; readonly text: string }[],
  model: DeviceModel,
): readonly DeviceCertificate[] {
  const ends = new Map<string, string | undefined>();
  for (const { partition, text } of said) {
    for (const [, name = '', type = '', end] of text.matchAll(
      /^\s*Name:\s*(\S.*?)\s+Type:\s*(\S+)(?:\s+Expiration:\s*(.*?))?\s*\[[^\]\n]*\]\s*$/gm,
    ))
      if (type.startsWith('certificate')) ends.set(fullName(partition, name), end);
  }
  const named = model.virtualServers.flatMap(({ tls }) => tls?.certificates?.map(({ name }) => name) ?? []);
  const names = new Set([...ends.keys(), ...named.filter((name) => name !== undefined)]);
  return [...names].map((name) => {
    const holders = model.virtualServers.filter(({ tls }) => tls?.certificates?.some((one) => one.name === name));
    const facts = factsOf(ends.get(name));
    return {
      name,
      ...(facts === undefined ? {} : { facts }),
      problem: ends.has(name)
        ? 'The command line of an A10 tells its end, and nothing else of it.'
        : 'A template names it, and the device lists no certificate of this name.',
      chain: [],
      usedBy: holders.map((one) => one.name),
    };
  });
}

function factsOf(end: string | undefined): CertificateFacts | undefined {
  const time = Date.parse((end ?? '').replace(/\s+/g, ' '));
  if (Number.isNaN(time)) return undefined;
  return { subject: '', issuer: '', serial: '', notAfter: new Date(time).toISOString(), names: [] };
}

/**
 * ACOS takes a key by `import` from a server that it connects to, or by its own pages and axAPI; none of them is this connection, and
 * a key typed at a terminal has no command.
 */
export const whyNoImport =
  'The command line of an A10 fetches certificates and keys from a server of yours ("import cert NAME use-mgmt-port scp://..."), and takes none by ' +
  'this connection. Import both there or in the pages of the device under new names; then let the virtual server name them: ' +
  'tls.certificates with name, keyFile and chainFile.';

export function noImport(): AppError {
  return new AppError('CAPABILITY_MISSING', whyNoImport);
}
