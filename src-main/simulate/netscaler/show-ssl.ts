import { X509Certificate } from 'node:crypto';
import { boundCiphers, builtinGroups, ciphers } from './ciphers.ts';
import { type ConfigLine, findArgument } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';
import type { Given } from './match.ts';
import { CommandRefused } from './refusal.ts';
import { builtinProfiles } from './ssl.ts';
import { isTlsVserver, profileSettingOf, settingOf } from './tls.ts';

/**
 * `show ssl ...`: layouts of public transcripts (VPX of 2012 for lists of links; Citrix's ingress controller on CPX of 12.1 to 13.1 and a
 * VPX of 2018 for pairs, of which each tells all in the list; the first for virtual servers and profiles).
 */
export function showSsl({ form, positionals: [name] }: Given, config: Configuration, now: Date): string {
  switch (form.object) {
    case 'ssl certKey':
      return name === undefined ? showPairs(config, now) : showPair(config, name, now);
    case 'ssl certLink':
      return showLinks(config);
    case 'ssl vserver':
      return name === undefined ? showVservers(config) : showVserver(config, name);
    case 'ssl profile':
      return showProfiles(config, name);
    default:
      return showCiphers(config, name);
  }
}

function pathOf(file: string): string {
  return file.startsWith('/') ? file : `/nsconfig/ssl/${file}`;
}

function parsed(config: Configuration, name: string): X509Certificate | undefined {
  const pair = config.pairs.get(name);
  return pair === undefined ? undefined : new X509Certificate(pair.certificate);
}

const dayMs = 86_400_000;

/** Of a pair whose files are not there we pretend that it is valid for a year. */
function statusOf(certificate: X509Certificate | undefined, now: Date): string {
  if (certificate === undefined) return 'Valid,   Days to expiration:365';
  const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / dayMs);
  return days < 0 ? 'Expired,   Days to expiration:0' : `Valid,   Days to expiration:${days}`;
}

function showPairs(config: Configuration, now: Date): string {
  return findLines(config, 'add', 'ssl certKey')
    .map((line, index) => {
      const [name = ''] = line.positionals.map(({ text }) => text);
      const key = findArgument(line, 'key');
      const certificate = parsed(config, name);
      const monitor = findArgument(line, 'expiryMonitor') ?? 'ENABLED';
      const rows = [
        `Name: ${name}`,
        `Cert Path: ${pathOf(findArgument(line, 'cert') ?? '')}`,
        ...(key === undefined ? [] : [`Key Path: ${pathOf(key)}`]),
        `Format: ${findArgument(line, 'inform') ?? 'PEM'}`,
        `Status: ${statusOf(certificate, now)}`,
        `Certificate Expiry Monitor: ${monitor}`,
        ...(monitor === 'ENABLED'
          ? [`Expiry Notification period: ${findArgument(line, 'notificationPeriod') ?? '30'} days`]
          : []),
        ...(certificate === undefined ? [] : [typeRow(certificate), ...detailsOf(certificate)]),
      ];
      return `${index + 1})\t${rows.join('\n\t')}\n`;
    })
    .join('');
}

function showPair(config: Configuration, name: string, now: Date): string {
  const [line] = findLines(config, 'add', 'ssl certKey', name);
  if (line === undefined) throw new CommandRefused('Certificate does not exist');
  const certificate = parsed(config, name);
  const rows = certificate === undefined ? [] : withType(certificate, detailsOf(certificate));
  const uses = findLines(config, 'bind', 'ssl vserver')
    .filter((one) => findArgument(one, 'certkeyName') === name)
    .map((one, index) => `${index + 1})\tVServer name: ${one.positionals[0]?.text ?? ''}\t${roleOf(one)}`);
  return `\t${[`Name: ${name}\t\tStatus: ${statusOf(certificate, now)}`, ...rows, ...uses].join('\n\t')}\n`;
}

function typeRow({ ca }: X509Certificate): string {
  return `Certificate Type:\t${ca ? '"Root Certificate"' : '"Client Certificate"\t"Server Certificate"'}`;
}

/** Of one pair the type stands before the subject, in the list before all. */
function withType(certificate: X509Certificate, rows: readonly string[]): readonly string[] {
  return rows.flatMap((row) => (row.startsWith('Subject:') ? [typeRow(certificate), row] : [row]));
}

function detailsOf(certificate: X509Certificate): readonly string[] {
  const key = certificate.publicKey;
  const type = key.asymmetricKeyType === 'ec' ? 'id-ecPublicKey' : 'rsaEncryption';
  const size = key.asymmetricKeyDetails?.modulusLength ?? curveBits[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 256;
  const digest = /(\d+)/.exec(certificate.signatureAlgorithm ?? '')?.[1] ?? '256';
  const isEc = /ecdsa/i.test(certificate.signatureAlgorithm ?? '');
  return [
    'Version: 3',
    `Serial Number: ${certificate.serialNumber}`,
    `Signature Algorithm: ${isEc ? `ecdsa-with-SHA${digest}` : `sha${digest}WithRSAEncryption`}`,
    `Issuer:  ${oneLine(certificate.issuer)}`,
    'Validity',
    `\tNot Before: ${certificate.validFrom}`,
    `\tNot After : ${certificate.validTo}`,
    `Subject:  ${oneLine(certificate.subject)}`,
    `Public Key Algorithm: ${type}`,
    `Public Key size: ${size}`,
    'Ocsp Response Status: NONE',
  ];
}

const curveBits: Readonly<Record<string, number>> = { prime256v1: 256, secp384r1: 384, secp521r1: 521, secp224r1: 224 };

function oneLine(name: string): string {
  return name.split('\n').join(',');
}

function showLinks(config: Configuration): string {
  return findLines(config, 'link', 'ssl certKey')
    .map(({ positionals: [own, above] }, index) => {
      return `${index + 1})\tCert Name: ${own?.text ?? ''}\tCA Cert Name: ${above?.text ?? ''}\n`;
    })
    .join('');
}

function hasWord({ args }: ConfigLine, name: string): boolean {
  return args.some((one) => one.name === name);
}

function roleOf(line: ConfigLine): string {
  if (hasWord(line, 'CA')) return 'CA Certificate';
  return hasWord(line, 'SNICert') ? 'Server Certificate for SNI' : 'Server Certificate';
}

function tlsVservers(config: Configuration): readonly ConfigLine[] {
  return ['lb vserver', 'cs vserver'].flatMap((object) => findLines(config, 'add', object)).filter(isTlsVserver);
}

function showVservers(config: Configuration): string {
  return tlsVservers(config)
    .map(({ positionals: [name] }, index) => {
      const rows = settingsOf(config, name?.text ?? '');
      return `${index + 1}) Vserver Name: ${name?.text ?? ''}\n${rows.map((row) => `\t${row}\n`).join('')}`;
    })
    .join('');
}

function showVserver(config: Configuration, name: string): string {
  const isThere = tlsVservers(config).some(({ positionals: [own] }) => own?.text === name);
  if (!isThere) throw new CommandRefused('No such resource', 'vServerName', name);
  const bound = findLines(config, 'bind', 'ssl vserver', name);
  const ecc = bound.flatMap((line) => findArgument(line, 'eccCurveName') ?? []);
  const pairs = bound.filter((line) => findArgument(line, 'certkeyName') !== undefined);
  const certificates = pairs.map((line, index) => {
    const check = hasWord(line, 'CA')
      ? `\t\tOCSPCheck: ${findArgument(line, 'ocspCheck') ?? 'Optional'}\t\tCA_Name Sent`
      : '';
    return `\n${index + 1})\tCertKey Name: ${findArgument(line, 'certkeyName') ?? ''}\t${roleOf(line)}${check}`;
  });
  const suites = boundCiphers(config, 'ssl vserver', name).map(
    (cipher, index) => `\n${index + 1})\tCipher Name: ${cipher}\n\tDescription: ${describe(cipher)}`,
  );
  const head = settingsOf(config, name)
    .map((row) => `\t${row}\n`)
    .join('');
  const ciphersShown = hasProfile(config, name) ? [] : suites;
  return `\n\tAdvanced SSL configuration for VServer ${name}:\n${head}${ecc.length > 0 ? `\tECC Curve: ${ecc.join(', ')}\n` : ''}${certificates.join('')}\n${ciphersShown.join('')}\n`;
}

function describe(cipher: string): string {
  if (cipher === 'DEFAULT') return 'Default cipher list with encryption strength >= 128bit';
  if (Object.hasOwn(ciphers, cipher)) return suiteLine(cipher);
  return Object.hasOwn(builtinGroups, cipher) ? 'Predefined Cipher Alias' : 'User Created Cipher Group';
}

/** `TLSv1.2 Kx=ECC-DHE Au=RSA Enc=AES-GCM(256) Mac=AEAD`: the columns of public transcripts, without their HexCode. */
function suiteLine(name: string): string {
  const version = name.startsWith('TLS1.3') ? 'TLSv1.3' : name.startsWith('TLS1.2') ? 'TLSv1.2' : 'SSLv3';
  const exchange = name.includes('ECDHE')
    ? 'ECC-DHE'
    : name.includes('DHE')
      ? 'DH'
      : version === 'TLSv1.3'
        ? 'any'
        : 'RSA';
  const authentication = name.includes('ECDSA') ? 'ECDSA' : version === 'TLSv1.3' ? 'any' : 'RSA';
  const bits = /AES-?256/.test(name) ? 256 : /AES-?128/.test(name) ? 128 : name.includes('CHACHA20') ? 256 : 168;
  const cipher = name.includes('GCM')
    ? 'AES-GCM'
    : name.includes('CHACHA20')
      ? 'CHACHA20/POLY1305'
      : name.includes('AES')
        ? 'AES'
        : '3DES';
  const mac = /GCM|POLY1305/.test(name)
    ? 'AEAD'
    : name.endsWith('SHA384')
      ? 'SHA-384'
      : name.endsWith('SHA256')
        ? 'SHA-256'
        : 'SHA1';
  return `${version} Kx=${exchange} Au=${authentication} Enc=${cipher}(${bits}) Mac=${mac}`;
}

function hasProfile(config: Configuration, name: string): boolean {
  const [own] = findLines(config, 'set', 'ssl vserver', name);
  return own !== undefined && findArgument(own, 'sslProfile') !== undefined;
}

function settingsOf(config: Configuration, name: string): readonly string[] {
  const [own] = findLines(config, 'set', 'ssl vserver', name);
  const profile = own === undefined ? undefined : findArgument(own, 'sslProfile');
  if (profile !== undefined) return [`Profile Name :${profile}`];
  return rowsOf((setting) => settingOf(config, name, setting));
}

function rowsOf(of: (setting: string) => string): readonly string[] {
  const isAsking = of('clientAuth') === 'ENABLED';
  return [
    'DH: DISABLED',
    'DH Private-Key Exponent Size Limit: DISABLED\tEphemeral RSA: ENABLED\t\tRefresh Count: 0',
    `Session Reuse: ${of('sessReuse')}\t\tTimeout: ${of('sessTimeout')} seconds`,
    'Cipher Redirect: DISABLED',
    'ClearText Port: 0',
    `Client Auth: ${of('clientAuth')}${isAsking ? `\tClient Cert Required: ${of('clientCert')}` : ''}`,
    `SSL Redirect: ${of('sslRedirect')}`,
    'Non FIPS Ciphers: DISABLED',
    `SNI: ${of('SNIEnable')}`,
    `OCSP Stapling: ${of('ocspStapling')}`,
    `HSTS: ${of('HSTS')}`,
    versionsRow(of),
    'Push Encryption Trigger: Always',
    'Send Close-Notify: YES',
    'Strict Sig-Digest Check: DISABLED',
  ];
}

function versionsRow(of: (setting: string) => string): string {
  return `SSLv3: ${of('ssl3')}  TLSv1.0: ${of('tls1')}  TLSv1.1: ${of('tls11')}  TLSv1.2: ${of('tls12')}  TLSv1.3: ${of('tls13')}`;
}

function showProfiles(config: Configuration, name: string | undefined): string {
  const own = findLines(config, 'add', 'ssl profile').map(({ positionals: [first] }) => first?.text ?? '');
  const names = [...builtinProfiles, ...own].filter((one) => name === undefined || one === name);
  if (names.length === 0) throw new CommandRefused('No such resource', 'name', name ?? '');
  return names
    .map((profile, index) => {
      const [line] = findLines(config, 'add', 'ssl profile', profile);
      const type =
        line === undefined
          ? profile.endsWith('backend')
            ? 'BackEnd'
            : 'FrontEnd'
          : findArgument(line, 'sslProfileType');
      const rows = [
        versionsRow((setting) => profileSettingOf(config, profile, setting)),
        ...rowsOf((setting) => profileSettingOf(config, profile, setting)).filter((row) =>
          /^(Client Auth|Session|SNI|HSTS|SSL Redirect)/.test(row),
        ),
        `Deny SSL Renegotiation\t\t${profileSettingOf(config, profile, 'denySSLReneg') === 'DISABLED' ? 'ALL' : profileSettingOf(config, profile, 'denySSLReneg')}`,
        ...boundCiphers(config, 'ssl profile', profile).map(
          (cipher, at) => `${at + 1})\tCipher Name: ${cipher}\tPriority :${at + 1}`,
        ),
        ...findLines(config, 'set', 'ssl vserver')
          .filter((one) => findArgument(one, 'sslProfile') === profile)
          .map((one, at) => `${at + 1})\tVserver Name: ${one.positionals[0]?.text ?? ''}`),
      ];
      return `${index + 1})\tName: ${profile}\t(${type === 'BackEnd' ? 'Back-End' : 'Front-End'})\n${rows.map((row) => `\t${row}\n`).join('')}`;
    })
    .join('');
}

function showCiphers(config: Configuration, name: string | undefined): string {
  const groups = [
    ...Object.keys(builtinGroups),
    ...findLines(config, 'add', 'ssl cipher').map(({ positionals: [own] }) => own?.text ?? ''),
  ];
  if (name === undefined)
    return groups
      .map((group, index) => `${index + 1})\tCipher Name: ${group}\n\tDescription: ${describe(group)}\n`)
      .join('');
  if (!groups.includes(name)) throw new CommandRefused('No such resource', 'cipherGroupName', name);
  const names = Object.hasOwn(builtinGroups, name)
    ? Object.keys(ciphers).filter((one) => builtinGroups[name]?.(one) === true)
    : boundCiphers(config, 'ssl cipher', name);
  return names
    .map(
      (one, index) => `${index + 1})\tCipher Name: ${one}\tPriority : ${index + 1}\n\tDescription: ${suiteLine(one)}\n`,
    )
    .join('');
}
