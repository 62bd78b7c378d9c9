import { domainToASCII } from 'node:url';
import { isAbsolute, join } from 'node:path';
import type { EngineConfig, EngineVirtualServer } from '../../contract/engine-config.ts';
import type { ConfigProblem } from './problem.ts';

type Path = readonly (string | number)[];
type CertificateRef = NonNullable<NonNullable<EngineVirtualServer['tls']>['certificates']>[number];
export type AcmeSettings = ReturnType<typeof acmeSettings>;

/** A name that http-01 can prove: labels of a host, no wildcard (RFC 8555 8.3), as DNS writes it. */
const hostPattern = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/** A certificate to be issued, with every default applied. */
export function acmeSettings(acme: NonNullable<CertificateRef['acme']>, baseDirectory: string) {
  const { directory, email, names, caFile = '' } = acme;
  return {
    directory,
    email: email ?? '',
    names: names.map(asciiName),
    /** Empty = the system's authorities are trusted. */
    caFile: caFile === '' || isAbsolute(caFile) ? caFile : join(baseDirectory, caFile),
  };
}

/** As certificates write it: lower case, IDNA. */
export function asciiName(name: string): string {
  return domainToASCII(name) || name.toLowerCase();
}

/** What the schema cannot see in certificates that are to be issued. */
export function findAcmeProblems(config: EngineConfig): ConfigProblem[] {
  const servers = config.virtualServers ?? [];
  const problems: ConfigProblem[] = [];
  const byName = new Map<string, string>();
  for (const [index, { tls, protocol }] of servers.entries()) {
    if (protocol === 'tls-passthrough') continue;
    for (const [place, ref] of (tls?.certificates ?? []).entries()) {
      const { acme } = ref;
      const path = ['virtualServers', index, 'tls', 'certificates', place];
      const name = ref.name ?? asciiName(acme?.names[0] ?? '');
      if (acme === undefined) continue;
      problems.push(...wishProblems(ref, acme, path));
      const text = JSON.stringify(acme);
      if ((byName.get(name) ?? text) !== text) {
        const what = `another certificate that is to be issued is called "${name}"`;
        problems.push({ path, what, why: 'each is found by its name', remedy: 'give one of them another name' });
      }
      byName.set(name, text);
      if (!servers.some((server) => (server.protocol ?? 'http') === 'http')) {
        const what = 'there is no virtual server with protocol: http';
        const remedy = 'add one that port 80 of the names leads to';
        problems.push({ path: [...path, 'acme'], what, why: 'the authority looks for its proof by HTTP', remedy });
      }
    }
  }
  return problems;
}

function wishProblems(ref: CertificateRef, acme: NonNullable<CertificateRef['acme']>, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (ref.certFile !== undefined || ref.keyFile !== undefined || ref.chainFile !== undefined) {
    const what = 'the certificate has both files and acme';
    problems.push({ path, what, why: 'it can come from one of them only', remedy: 'remove the files, or acme' });
  }
  if (!URL.canParse(acme.directory) || new URL(acme.directory).protocol !== 'https:') {
    problems.push({
      path: [...path, 'acme', 'directory'],
      what: `"${acme.directory}" is no https URL`,
      why: 'an authority is spoken to by HTTPS alone (RFC 8555 6.1)',
      remedy: "write the URL of the authority's directory",
    });
  }
  for (const [index, name] of acme.names.entries()) {
    if (hostPattern.test(asciiName(name))) continue;
    const what = name.startsWith('*.') ? `"${name}" is a wildcard` : `"${name}" is no host name`;
    const why = 'an authority proves single names over HTTP (http-01)';
    const remedy = 'write the names out, or use a certificate from files';
    problems.push({ path: [...path, 'acme', 'names', index], what, why, remedy });
  }
  return problems;
}
