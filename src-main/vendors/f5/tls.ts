import type { ClientTls, DevicePool, VirtualServer } from '../../contract/model.ts';
import { isBuiltInServerSsl } from './built-in.ts';
import { Settings } from './tree.ts';

type Profiles = ReadonlyMap<string, Settings>;
type ServerTls = NonNullable<DevicePool['tls']>;

/** Of several client-ssl profiles (by SNI) the certificates of all, the other settings of the first, which is the default. */
export function clientTlsOf(names: readonly string[], profiles: Profiles): ClientTls {
  const settings = names.flatMap((name) => profiles.get(name) ?? []);
  const certificates = settings.flatMap(certificatesOf);
  const [first] = settings;
  function said(key: string): string | undefined {
    return valueOf(first, profiles, key);
  }
  const clientAuth = clientAuths[said('peer-cert-mode') ?? ''];
  const [caFile, crlFile] = [nameOf(said('ca-file')), nameOf(said('crl-file'))];
  const [ticket, sni] = [said('session-ticket'), said('sni-require')];
  return {
    profiles: [...names],
    ...(certificates.length === 0 ? {} : { certificates }),
    ...versionsOf(said('options') ?? ''),
    ...ciphersOf(first, profiles),
    ...(clientAuth === undefined ? {} : { clientAuth }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(crlFile === undefined ? {} : { crlFile }),
    ...(ticket === undefined ? {} : { sessionTickets: ticket === 'enabled' }),
    ...(sni === undefined ? {} : { strictSni: sni === 'true' }),
  };
}

/** The one whose certificate a client gets that names no server stands first. */
export function defaultFirst(names: readonly string[], profiles: Profiles): string[] {
  const chosen = names.filter((name) => profiles.get(name)?.text('sni-default') === 'true');
  return [...chosen, ...names.filter((name) => !chosen.includes(name))];
}

/** TLS towards members as a server-ssl profile has it: `server-name` is what is asked for (SNI), `authenticate-name` what must come. */
export function serverTlsOf(profile: string, profiles: Profiles): ServerTls {
  const own = profiles.get(profile);
  function said(key: string): string | undefined {
    return valueOf(own, profiles, key);
  }
  const mode = said('peer-cert-mode');
  const caFile = nameOf(said('ca-file'));
  const asked = nameOf(said('server-name'));
  const serverName = asked ?? nameOf(said('authenticate-name'));
  return {
    profile,
    ...(mode === undefined ? {} : { verify: mode === 'require' }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(asked === undefined ? {} : { sendSni: true }),
    ...versionsOf(said('options') ?? ''),
    ...ciphersOf(own, profiles),
  };
}

/**
 * A BIG-IP has TLS towards members at the virtual server; it is a pool's where every virtual server that hands to it has the same
 * profile for it.
 */
export function withMemberTls<P extends DevicePool>(
  pools: readonly P[],
  virtualServers: readonly VirtualServer[],
  serverSsl: Profiles,
): P[] {
  const found = new Map<string, Set<string | undefined>>();
  for (const one of virtualServers) {
    const profile = serverSslOf(one, serverSsl);
    for (const name of new Set([one.pool, ...(one.routes ?? []).map((route) => route.pool)]))
      if (name !== undefined) found.set(name, (found.get(name) ?? new Set()).add(profile));
  }
  return pools.map((pool) => {
    const profiles = found.get(pool.name) ?? new Set();
    const [profile] = profiles;
    if (profile === undefined || profiles.size > 1) return pool;
    return { ...pool, tls: serverTlsOf(profile, serverSsl) };
  });
}

/** As its own pool, or by a route. */
export function handsTo({ pool, routes = [] }: VirtualServer, name: string): boolean {
  return pool === name || routes.some((route) => route.pool === name);
}

function serverSslOf({ profiles = [] }: VirtualServer, serverSsl: Profiles): string | undefined {
  return profiles.find((name) => serverSsl.has(name) || isBuiltInServerSsl(name));
}

const clientAuths: Readonly<Record<string, NonNullable<ClientTls['clientAuth']>>> = {
  ignore: 'none',
  request: 'optional',
  require: 'required',
};

function nameOf(text: string | undefined): string | undefined {
  return text === 'none' || text === '' ? undefined : text;
}

/** What a profile says, or what it is made from says, as far as the configuration has that. */
function valueOf(profile: Settings | undefined, profiles: Profiles, key: string): string | undefined {
  return ancestry(profile, profiles)
    .map((one) => one.text(key))
    .find((text) => text !== undefined);
}

function ancestry(profile: Settings | undefined, profiles: Profiles): readonly Settings[] {
  const found: Settings[] = [];
  for (
    let from = profile;
    from !== undefined && found.length < 8;
    from = profiles.get(from.text('defaults-from') ?? '')
  )
    found.push(from);
  return found;
}

/** A group of ciphers (`ltm cipher group`) takes the place of the string; the nearest of both counts. */
function ciphersOf(profile: Settings | undefined, profiles: Profiles): { ciphers?: string[] } {
  for (const one of ancestry(profile, profiles)) {
    if (nameOf(one.text('cipher-group')) !== undefined) return {};
    const ciphers = nameOf(one.text('ciphers'));
    if (ciphers !== undefined) return { ciphers: ciphers.split(':') };
  }
  return {};
}

export function certificatesOf(settings: Settings): { name: string; keyFile?: string; chainFile?: string }[] {
  const chains = settings.inside('cert-key-chain').all.map((one) => new Settings({ body: one.body ?? [] }));
  return (chains.length === 0 ? [settings] : chains).flatMap((one) => {
    const name = nameOf(one.text('cert'));
    const keyFile = nameOf(one.text('key'));
    const chainFile = nameOf(one.text('chain'));
    if (name === undefined) return [];
    return [{ name, ...(keyFile === undefined ? {} : { keyFile }), ...(chainFile === undefined ? {} : { chainFile }) }];
  });
}

/**
 * The lowest and the highest version by the options that forbid others. Before TMOS 14 nothing forbids SSLv3 but an option or the
 * cipher string, so that 1.0 is never told as the lowest; and nothing but an option tells the highest.
 */
function versionsOf(options: string): { minVersion?: string; maxVersion?: string } {
  const off = new Set(options.split(/[\s{}]+/));
  const highest = ['1.3', '1.2', '1.1', '1.0'].find((version) => !off.has(forbids[version] ?? ''));
  const lowest = ['1.0', '1.1', '1.2', '1.3'].find((version) => !off.has(forbids[version] ?? ''));
  return {
    ...(lowest === undefined || lowest === '1.0' ? {} : { minVersion: lowest }),
    ...(highest === undefined || highest === '1.3' ? {} : { maxVersion: highest }),
  };
}

/** The options that forbid each version (tmsh reference, ltm profile client-ssl and server-ssl, options). */
export const forbids: Readonly<Record<string, string>> = {
  '1.0': 'no-tlsv1',
  '1.1': 'no-tlsv1.1',
  '1.2': 'no-tlsv1.2',
  '1.3': 'no-tlsv1.3',
};
