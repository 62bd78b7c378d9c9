import type { ClientTls } from '../../contract/model.ts';
import { type Command, Options } from './commands.ts';
import { type NamedCommands, type Objects, subjectOf } from './objects.ts';

/** `set/bind ssl vserver NAME`, with what its `ssl profile` says where it has one. */
export function clientTlsOf(virtual: NamedCommands, objects: Objects<Command>): { tls?: ClientTls } {
  const ssl = objects.of('ssl vserver', virtual.name);
  const own = [...ssl.commands, ...ssl.binds.filter(({ options }) => options.some(isProfile))];
  const profile = new Options([...virtual.commands, ...own]).text('sslProfile');
  const shared = profile === undefined ? undefined : objects.of('ssl profile', profile);
  // What stands on the virtual server itself counts only where it has no profile.
  const settings = new Options(shared === undefined || shared.commands.length === 0 ? own : shared.commands);
  const binds = [...(shared?.binds ?? []), ...ssl.binds].map((bind) => new Options([bind]));
  const served = binds.filter((bind) => !bind.has('CA'));
  // The one without -SNICert is what a client gets that says no name.
  const ordered = [...served.filter((bind) => !bind.has('SNICert')), ...served.filter((bind) => bind.has('SNICert'))];
  const certificates = ordered.flatMap((bind) => named(bind.text('certkeyName')));
  const authority = binds.find((bind) => bind.has('CA') && bind.has('certkeyName'))?.text('certkeyName');
  const groups = binds.flatMap((bind) => bind.text('eccCurveName') ?? []);
  const ciphers = binds.flatMap((bind) => bind.text('cipherName') ?? []);
  const tls: ClientTls = {
    ...(profile === undefined ? {} : { profiles: [profile] }),
    ...(certificates.length === 0 ? {} : { certificates }),
    ...(authority === undefined ? {} : { caFile: authority }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(ciphers.length === 0 ? {} : { ciphers }),
    ...versionsOf(settings),
    ...clientAuthOf(settings),
    ...hstsOf(settings),
    ...(isOn(settings, 'sessionTicket') ? { sessionTickets: true } : {}),
    ...(isOn(settings, 'ocspStapling') ? { ocspStapling: true } : {}),
    ...(isOn(settings, 'strictSNICheck') ? { strictSni: true } : {}),
  };
  return Object.keys(tls).length === 0 && !isTlsType(virtual) ? {} : { tls };
}

/** Types whose clients speak TLS, whatever is said of it besides; what passes it on (SSL_BRIDGE) is none. */
const tlsType = /^(?:SSL|SSL_TCP|SSL_FIX|SSL_DIAMETER|DTLS|HTTP_QUIC)$/i;

export function isTlsType({ commands }: Pick<NamedCommands, 'commands'>): boolean {
  return tlsType.test(commands.map(subjectOf).find(({ verb }) => verb === 'add')?.rest[0] ?? '');
}

function isProfile({ name }: { readonly name: string }): boolean {
  return name.toLowerCase() === 'sslprofile';
}

function named(name: string | undefined): { name: string }[] {
  return name === undefined ? [] : [{ name }];
}

function isOn(options: Options, name: string): boolean {
  return /^(?:enabled|yes)$/i.test(options.text(name) ?? '');
}

function isOff(options: Options, name: string): boolean {
  return options.text(name)?.toUpperCase() === 'DISABLED';
}

const versions = [
  ['tls1', '1.0'],
  ['tls11', '1.1'],
  ['tls12', '1.2'],
  ['tls13', '1.3'],
] as const;

/** What is switched on, where something says so; TLS 1.3 alone must be switched on. */
function versionsOf(options: Options): Pick<ClientTls, 'minVersion' | 'maxVersion'> {
  const on = versions.filter(([name]) => (name === 'tls13' ? isOn(options, name) : !isOff(options, name)));
  const [lowest, highest] = [on[0], on.at(-1)];
  const isHighestSaid = options.has('tls13') || isOff(options, 'tls12');
  return {
    ...(lowest === undefined || !options.has('tls1') ? {} : { minVersion: lowest[1] }),
    ...(highest === undefined || !isHighestSaid ? {} : { maxVersion: highest[1] }),
  };
}

function clientAuthOf(options: Options): Pick<ClientTls, 'clientAuth'> {
  if (isOff(options, 'clientAuth')) return { clientAuth: 'none' };
  if (!isOn(options, 'clientAuth')) return {};
  return { clientAuth: /^mandatory$/i.test(options.text('clientCert') ?? '') ? 'required' : 'optional' };
}

function hstsOf(options: Options): Pick<ClientTls, 'hsts'> {
  if (!isOn(options, 'HSTS')) return {};
  const maxAgeS = options.number('maxage');
  return {
    hsts: {
      ...(maxAgeS === undefined ? {} : { maxAgeS }),
      ...(isOn(options, 'IncludeSubdomains') ? { includeSubDomains: true } : {}),
      ...(isOn(options, 'preload') ? { preload: true } : {}),
    },
  };
}
