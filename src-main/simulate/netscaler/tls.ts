import { X509Certificate } from 'node:crypto';
import type { ServedCertificate, ServedTls, TlsVersion } from '../served-tls.ts';
import { boundCiphers, ciphers, suitesOf } from './ciphers.ts';
import { type ConfigLine, findArgument } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';

/** Virtual servers that speak TLS to clients: SSL and SSL_TCP; SSL_BRIDGE hands it through. */
export function isTlsVserver({ object, positionals }: ConfigLine): boolean {
  return object === 'vpn vserver' || /^SSL(?:_TCP|_DIAMETER|_FIX|)$/i.test(positionals[1]?.text ?? '');
}

/** Values of new virtual servers and profiles, as the manual and transcripts have them. */
const normal: Readonly<Record<string, string>> = {
  ssl3: 'ENABLED',
  tls1: 'ENABLED',
  tls11: 'ENABLED',
  tls12: 'ENABLED',
  tls13: 'DISABLED',
  clientAuth: 'DISABLED',
  clientCert: 'Mandatory',
  SNIEnable: 'DISABLED',
  sessReuse: 'ENABLED',
  sessTimeout: '120',
};

/** The value of a setting of a virtual server: that of its profile where it has one. */
export function settingOf(config: Configuration, vserver: string, name: string): string {
  const [own] = findLines(config, 'set', 'ssl vserver', vserver);
  const profile = own === undefined ? undefined : findArgument(own, 'sslProfile');
  if (profile !== undefined) return profileSettingOf(config, profile, name);
  return (own === undefined ? undefined : findArgument(own, name)) ?? normal[name] ?? 'DISABLED';
}

export function profileSettingOf(config: Configuration, profile: string, name: string): string {
  const lines = [
    ...findLines(config, 'set', 'ssl profile', profile),
    ...findLines(config, 'add', 'ssl profile', profile),
  ];
  const given = lines.map((line) => findArgument(line, name)).find((value) => value !== undefined);
  return given ?? (name === 'ssl3' ? 'DISABLED' : (normal[name] ?? 'DISABLED'));
}

const versions: readonly (readonly [setting: string, version: TlsVersion])[] = [
  ['ssl3', 'SSLv3'],
  ['tls1', 'TLSv1'],
  ['tls11', 'TLSv1.1'],
  ['tls12', 'TLSv1.2'],
  ['tls13', 'TLSv1.3'],
];

/** What clients of a virtual server meet; undefined where it speaks no TLS. Certificates whose files are not there are left out. */
export function servedTls(config: Configuration, vserver: string): ServedTls | undefined {
  const line = ['lb vserver', 'cs vserver'].flatMap((object) => findLines(config, 'add', object, vserver))[0];
  if (line === undefined || !isTlsVserver(line)) return undefined;
  const bound = findLines(config, 'bind', 'ssl vserver', vserver);
  const isSni = settingOf(config, vserver, 'SNIEnable') === 'ENABLED';
  const named = bound.filter((one) => isSni || !hasWord(one, 'SNICert'));
  const isAsking = settingOf(config, vserver, 'clientAuth') === 'ENABLED';
  return {
    certificates: named
      .filter((one) => !hasWord(one, 'CA'))
      .flatMap((one) => certificateOf(config, findArgument(one, 'certkeyName') ?? '', hasWord(one, 'SNICert'))),
    versions: versions.flatMap(([setting, version]) =>
      settingOf(config, vserver, setting) === 'ENABLED' ? [version] : [],
    ),
    ciphers: ciphersOf(config, vserver),
    clientCertificate: !isAsking
      ? 'ignored'
      : /optional/i.test(settingOf(config, vserver, 'clientCert'))
        ? 'asked'
        : 'required',
    authorities: bound
      .filter((one) => hasWord(one, 'CA'))
      .flatMap((one) => config.pairs.get(findArgument(one, 'certkeyName') ?? '')?.certificate ?? []),
  };
}

function hasWord({ args }: ConfigLine, name: string): boolean {
  return args.some((one) => one.name === name);
}

function certificateOf(config: Configuration, name: string, isForName: boolean): readonly ServedCertificate[] {
  const pair = config.pairs.get(name);
  if (pair?.key === undefined) return [];
  const chain = [pair.certificate, ...pair.issuers, ...issuersOf(config, name)];
  return [{ name, chain, key: pair.key, isForName }];
}

/** Certificates that are linked above one; roots are not sent. */
export function issuersOf(config: Configuration, name: string): readonly string[] {
  const above = findLines(config, 'link', 'ssl certKey', name)[0]?.positionals[1]?.text;
  const pair = above === undefined ? undefined : config.pairs.get(above);
  if (above === undefined || pair === undefined) return [];
  const parsed = new X509Certificate(pair.certificate);
  return parsed.checkIssued(parsed) ? [] : [pair.certificate, ...issuersOf(config, above)];
}

function ciphersOf(config: Configuration, vserver: string): readonly string[] {
  const [own] = findLines(config, 'set', 'ssl vserver', vserver);
  const profile = own === undefined ? undefined : findArgument(own, 'sslProfile');
  const names =
    profile === undefined ? boundCiphers(config, 'ssl vserver', vserver) : boundCiphers(config, 'ssl profile', profile);
  const suites = names.flatMap((name) => suitesOf(config, name));
  return [...new Set(suites)].flatMap((suite) => ciphers[suite] ?? []);
}
