import { readFileSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { EngineConfig, EngineVirtualServer } from '../../contract/engine-config.ts';
import type { Pool } from '../../contract/model.ts';
import { isProfile, mozillaProfiles, type TlsParameters } from '../../contract/tls-profiles.ts';
import { BadCertificate, readCertificate, type Certificate } from '../tls/certificate.ts';
import { isCipher, isGroup, versionNames } from '../tls/profiles.ts';
import { acmeSettings, asciiName, findAcmeProblems } from './acme.ts';
import type { ConfigProblem } from './problem.ts';

type Path = readonly (string | number)[];
type ClientTlsConfig = NonNullable<EngineVirtualServer['tls']>;
type CertificateRef = NonNullable<ClientTlsConfig['certificates']>[number];

export type ClientTlsSettings = NonNullable<ReturnType<typeof clientTlsSettings>>;
export type MemberTlsSettings = NonNullable<ReturnType<typeof memberTlsSettings>>;

/** TLS towards clients with every default applied; undefined = clear text. */
export function clientTlsSettings(tls: EngineVirtualServer['tls'], http2: boolean, baseDirectory: string) {
  if (tls === undefined) return undefined;
  return {
    parameters: parametersOf(tls),
    certificates: (tls.certificates ?? []).map((ref) => ({
      name: certificateName(ref),
      certFile: at(baseDirectory, ref.certFile ?? ''),
      keyFile: at(baseDirectory, ref.keyFile ?? ref.certFile ?? ''),
      chainFile: at(baseDirectory, ref.chainFile ?? ''),
      /** It is issued and renewed; then it has no files. */
      acme: ref.acme === undefined ? undefined : acmeSettings(ref.acme, baseDirectory),
    })),
    alpn: tls.alpn ?? (http2 ? ['h2', 'http/1.1'] : ['http/1.1']),
    clientAuth: tls.clientAuth ?? 'none',
    caFile: at(baseDirectory, tls.caFile ?? ''),
    crlFile: at(baseDirectory, tls.crlFile ?? ''),
    sessionTickets: tls.sessionTickets ?? true,
    ticketRotationMs: tls.ticketRotationMs ?? 43_200_000,
    ocspStapling: tls.ocspStapling ?? false,
    strictSni: tls.strictSni ?? false,
    hsts: hstsValue(tls.hsts ?? {}),
  };
}

/** A named profile decides what it names; keys beside it may still narrow it. `custom`, like no profile, starts from `intermediate`. */
function parametersOf(tls: {
  readonly profile?: string | undefined;
  readonly minVersion?: string | undefined;
  readonly maxVersion?: string | undefined;
  readonly ciphers?: readonly string[] | undefined;
  readonly cipherSuites?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}): TlsParameters {
  const profile = tls.profile ?? 'custom';
  const base = mozillaProfiles[isProfile(profile) ? profile : 'intermediate'];
  return {
    minVersion: tls.minVersion ?? base.minVersion,
    maxVersion: tls.maxVersion ?? base.maxVersion,
    ciphers: tls.ciphers ?? base.ciphers,
    cipherSuites: tls.cipherSuites ?? base.cipherSuites,
    groups: tls.groups ?? base.groups,
    // Who writes a list of suites means its order.
    prefersOwnOrder: tls.ciphers !== undefined || tls.cipherSuites !== undefined,
  };
}

/** RFC 6797 6.1; empty = none. */
function hstsValue(hsts: NonNullable<ClientTlsConfig['hsts']>): string {
  if ((hsts.maxAgeS ?? 0) === 0) return '';
  const flags = `${hsts.includeSubDomains === true ? '; includeSubDomains' : ''}${hsts.preload === true ? '; preload' : ''}`;
  return `max-age=${hsts.maxAgeS ?? 0}${flags}`;
}

/** TLS towards members; undefined = clear text. */
export function memberTlsSettings(tls: Pool['tls'], baseDirectory: string) {
  if (tls === undefined) return undefined;
  return {
    parameters: parametersOf(tls),
    verify: tls.verify ?? true,
    caFile: at(baseDirectory, tls.caFile ?? ''),
    serverName: tls.serverName ?? '',
    sendSni: tls.sendSni ?? true,
  };
}

/** TLS of a monitor's probes. Undefined parameters = those of Node.js, which let in more than traffic may use. */
export function monitorTlsSettings(tls: NonNullable<Pool['tls']>, baseDirectory: string) {
  const keys = [tls.profile, tls.minVersion, tls.maxVersion, tls.ciphers];
  return {
    parameters: keys.every((key) => key === undefined) ? undefined : parametersOf(tls),
    verify: tls.verify ?? true,
    caFile: at(baseDirectory, tls.caFile ?? ''),
    serverName: tls.serverName ?? '',
    sendSni: tls.sendSni ?? true,
  };
}

/** How the admin interface calls a certificate: its own name, else its file's, else the first that it is issued for. */
function certificateName(ref: CertificateRef): string {
  if (ref.name === undefined && ref.acme !== undefined) return asciiName(ref.acme.names[0] ?? '');
  return ref.name ?? (ref.certFile === undefined ? '' : basename(ref.certFile));
}

function at(baseDirectory: string, path: string): string {
  return path === '' || isAbsolute(path) ? path : join(baseDirectory, path);
}

/** What the schema cannot see in the TLS settings. */
export function findTlsProblems(config: EngineConfig): ConfigProblem[] {
  return [
    ...(config.virtualServers ?? []).flatMap(({ tls, protocol }, index) =>
      tls === undefined || (protocol ?? 'http') === 'tls-passthrough'
        ? []
        : clientProblems(tls, ['virtualServers', index, 'tls']),
    ),
    ...(config.pools ?? []).flatMap(({ tls }, index) =>
      tls === undefined ? [] : parameterProblems(tls, ['pools', index, 'tls']),
    ),
    ...(config.monitors ?? []).flatMap(({ tls }, index) =>
      tls === undefined ? [] : parameterProblems(tls, ['monitors', index, 'tls']),
    ),
    ...findAcmeProblems(config),
  ];
}

function clientProblems(tls: ClientTlsConfig, path: Path): ConfigProblem[] {
  const problems = parameterProblems(tls, path);
  const certificates = tls.certificates ?? [];
  if (certificates.length === 0) {
    problems.push({
      path,
      what: 'there is no certificate',
      why: 'no client could be answered without one',
      remedy: 'write certificates: [{ certFile, keyFile }]',
    });
  }
  for (const [index, { certFile, acme }] of certificates.entries()) {
    if (certFile !== undefined || acme !== undefined) continue;
    const remedy = 'write certFile and keyFile, or acme';
    problems.push({
      path: [...path, 'certificates', index],
      what: 'the certificate has no certFile',
      why: 'it would be empty',
      remedy,
    });
  }
  const clientAuth = tls.clientAuth ?? 'none';
  if (clientAuth !== 'none' && (tls.caFile ?? '') === '') {
    problems.push({
      path: [...path, 'clientAuth'],
      what: `clientAuth is "${clientAuth}" without caFile`,
      why: 'it would not be known whose certificates count',
      remedy: 'write caFile',
    });
  }
  return problems;
}

function parameterProblems(tls: ClientTlsConfig | NonNullable<Pool['tls']>, path: Path): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  function add(key: string, what: string, why: string, remedy: string, place: Path = []): void {
    problems.push({ path: [...path, key, ...place], what, why, remedy });
  }
  const profile = tls.profile ?? 'custom';
  if (profile !== 'custom' && !isProfile(profile)) {
    add(
      'profile',
      `there is no profile "${profile}"`,
      'the engine knows two of Mozilla',
      'use one of modern, intermediate, custom',
    );
  }
  for (const key of ['minVersion', 'maxVersion'] as const) {
    const version = tls[key];
    if (version === undefined || versionNames.includes(version)) continue;
    add(
      key,
      `"${version}" is no version of TLS that can be used`,
      'a handshake would fail',
      `use one of ${versionNames.join(', ')}`,
    );
  }
  const { minVersion, maxVersion } = parametersOf(tls);
  if (minVersion > maxVersion) {
    const key = tls.minVersion === undefined ? 'maxVersion' : 'minVersion';
    add(
      key,
      `minVersion ${minVersion} is above maxVersion ${maxVersion}`,
      'no client could connect',
      'mend one of them',
    );
  }
  for (const key of ['ciphers', 'cipherSuites', 'groups'] as const) {
    const names = key in tls ? ((tls as ClientTlsConfig)[key] ?? []) : []; // towards members there are fewer keys
    for (const [index, name] of names.entries()) {
      const isSuiteOf13 = name.startsWith('TLS_');
      const isKnown = key === 'groups' ? isGroup(name) : isCipher(name) && isSuiteOf13 === (key === 'cipherSuites');
      if (isKnown) continue;
      const remedy =
        key === 'ciphers'
          ? "use OpenSSL's names of suites up to TLS 1.2"
          : key === 'cipherSuites'
            ? 'use names of TLS 1.3 such as TLS_AES_128_GCM_SHA256'
            : 'use names such as x25519, secp256r1, X25519MLKEM768';
      add(key, `"${name}" is not one of the ${key}`, 'this Node.js does not know it as one', remedy, [index]);
    }
  }
  return problems;
}

/** What every file of the TLS settings holds. */
export interface TlsMaterial {
  /** By virtual server. */
  readonly servers: Readonly<Record<string, ServerMaterial>>;
  /** Texts of the authorities by pool; absent = the system's. */
  readonly poolAuthorities: Readonly<Record<string, string>>;
}

export interface ServerMaterial {
  /** The first is the default. */
  readonly certificates: readonly Certificate[];
  /** PEM; empty = none. */
  readonly authorities: string;
  readonly revoked: string;
}

/** PEM texts that stand for a certificate's files, by its name, until the file is reloaded. */
export type ReplacedCertificates = ReadonlyMap<string, { readonly cert: string; readonly key: string }>;

/**
 * Reads every certificate, key and list that the configuration names. Answers what is wrong with any of them: then the
 * material is not whole and must not be run.
 */
export function loadTlsMaterial(
  config: EngineConfig,
  baseDirectory: string,
  replaced: ReplacedCertificates = new Map(),
): { readonly material: TlsMaterial; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const servers: Record<string, ServerMaterial> = {};
  for (const [index, server] of (config.virtualServers ?? []).entries()) {
    if ((server.protocol ?? 'http') === 'tls-passthrough') continue;
    const tls = clientTlsSettings(server.tls, server.http?.http2 ?? false, baseDirectory);
    if (tls === undefined) continue;
    const path = ['virtualServers', index, 'tls'];
    const certificates = tls.certificates.flatMap((files, place) => {
      const found = loadCertificate(files, [...path, 'certificates', place], replaced, problems);
      return found === undefined ? [] : [found];
    });
    const authorities = readText(tls.caFile, [...path, 'caFile'], 'CERTIFICATE', problems);
    const revoked = readText(tls.crlFile, [...path, 'crlFile'], 'X509 CRL', problems);
    servers[server.name] = { certificates, authorities, revoked };
  }
  const poolAuthorities: Record<string, string> = {};
  for (const [index, pool] of (config.pools ?? []).entries()) {
    const caFile = at(baseDirectory, pool.tls?.caFile ?? '');
    if (caFile !== '') {
      poolAuthorities[pool.name] = readText(caFile, ['pools', index, 'tls', 'caFile'], 'CERTIFICATE', problems);
    }
  }
  return { material: { servers, poolAuthorities }, problems };
}

function loadCertificate(
  files: ClientTlsSettings['certificates'][number],
  path: Path,
  replaced: ReplacedCertificates,
  problems: ConfigProblem[],
): Certificate | undefined {
  const instead = replaced.get(files.name);
  try {
    if (instead !== undefined) return readCertificate(files.name, instead.cert, instead.key);
    const before = problems.length;
    if (files.acme !== undefined) {
      // What it is before it runs is nobody's business yet; whoever runs it hands it in as `replaced`.
      readText(files.acme.caFile, [...path, 'acme', 'caFile'], 'CERTIFICATE', problems);
      return undefined;
    }
    const cert = readText(files.certFile, [...path, 'certFile'], 'CERTIFICATE', problems);
    const key = readText(files.keyFile, [...path, 'keyFile'], 'PRIVATE KEY', problems);
    const chain = readText(files.chainFile, [...path, 'chainFile'], 'CERTIFICATE', problems);
    return problems.length > before ? undefined : readCertificate(files.name, cert, key, chain);
  } catch (error) {
    if (!(error instanceof BadCertificate)) throw error;
    problems.push({
      path,
      what: `CERTIFICATE_INVALID: the certificate "${files.name}" ${error.message}`,
      why: 'clients could not be answered with it',
      remedy: 'mend its files',
    });
    return undefined;
  }
}

/** The text of a PEM file; empty where no file is named. */
function readText(file: string, path: Path, label: string, problems: ConfigProblem[]): string {
  if (file === '') return '';
  try {
    const text = readFileSync(file, 'utf8');
    if (text.includes(`${label}-----`)) return text;
    problems.push({
      path,
      what: `"${file}" has no ${label} in PEM`,
      why: 'it is needed here',
      remedy: 'name another file',
    });
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    problems.push({
      path,
      what: `"${file}" cannot be read`,
      why: `the system says ${why}`,
      remedy: 'mend the path or its rights',
    });
  }
  return '';
}
