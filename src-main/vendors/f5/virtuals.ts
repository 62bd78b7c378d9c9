import type { Persistence, Route, VirtualServer } from '../../contract/model.ts';
import { prefixOfMask } from '../netmask.ts';
import { splitEndpoint } from './addresses.ts';
import { numberAs } from './pools.ts';
import { clientTlsOf, defaultFirst } from './tls.ts';
import { plain, Settings, type Statement } from './tree.ts';

/** What a virtual server refers to, by name. */
export interface Named {
  readonly clientSsl: ReadonlyMap<string, Settings>;
  readonly serverSsl: ReadonlyMap<string, Settings>;
  /** With the kind: `cookie`, `source-addr` ... */
  readonly persistence: ReadonlyMap<string, { readonly kind: string; readonly settings: Settings }>;
  readonly policies: ReadonlyMap<string, Settings>;
}

const keys = new Set(
  'connection-limit destination disabled enabled fallback-persistence ip-protocol mask persist policies pool profiles rules source source-address-translation description creation-time last-modified-time vs-index'.split(
    ' ',
  ),
);

export function virtualServerOf({ words, body }: Statement, named: Named): VirtualServer {
  const settings = new Settings({ body: body ?? [] });
  const profiles = settings.inside('profiles').all.map(({ words: [name = ''] }) => name);
  const tlsProfiles = profiles.filter((name) => named.clientSsl.has(name) || /\/clientssl(-|$)/.test(name));
  const policies = settings.inside('policies').all.map(({ words: [name = ''] }) => name);
  const rules = settings.inside('rules').all.flatMap((rule) => rule.words);
  const routes = policies.flatMap((name) => routesOf(named.policies.get(name)));
  const pool = settings.text('pool');
  const source = settings.text('source');
  const native = {
    ...(policies.length === 0 ? {} : { policies: policies.join(' ') }),
    ...(source === undefined ? {} : { source }),
    ...settings.others(keys),
  };
  const plainProfiles = profiles.filter((name) => !tlsProfiles.includes(name));
  return {
    name: words[2] ?? '',
    ...listenOf(settings.text('destination')),
    protocol: protocolOf(profiles, settings.text('ip-protocol')),
    ...(pool === undefined || pool === 'none' ? {} : { pool }),
    ...(routes.length === 0 ? {} : { routes }),
    ...(tlsProfiles.length === 0
      ? {}
      : { tls: clientTlsOf(defaultFirst(tlsProfiles, named.clientSsl), named.clientSsl) }),
    ...numberAs('connectionLimit', settings.number('connection-limit')),
    ...persistenceOf(settings, named),
    ...sourceNatOf(settings.inside('source-address-translation')),
    ...(rules.length === 0 ? {} : { rules }),
    ...(settings.has('disabled') ? { adminState: 'disabled' } : {}),
    ...(plainProfiles.length === 0 ? {} : { profiles: plainProfiles }),
    ...(Object.keys(native).length === 0 ? {} : { native }),
  };
}

function listenOf(destination: string | undefined): { listen?: string[] } {
  if (destination === undefined) return {};
  const { host, port } = splitEndpoint(destination);
  if (port === undefined) return { listen: [host] };
  return { listen: [host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`] };
}

export function protocolOf(profiles: readonly string[], ipProtocol: string | undefined): 'http' | 'tcp' | 'udp' {
  if (profiles.some((name) => /\/https?(-[^/]*)?$/.test(name))) return 'http';
  return ipProtocol === 'udp' ? 'udp' : 'tcp';
}

function sourceNatOf(settings: Settings): { sourceNat?: string } {
  const type = settings.text('type');
  const sourceNat = type === 'snat' ? (settings.text('pool') ?? type) : type;
  return sourceNat === undefined || sourceNat === 'none' ? {} : { sourceNat };
}

const methods: Readonly<Record<string, NonNullable<Persistence['method']>>> = {
  'cookie insert': 'cookie-insert',
  'cookie rewrite': 'cookie-rewrite',
  'cookie passive': 'cookie-learn',
  'cookie hash': 'cookie-hash',
  'source-addr': 'source-ip',
  'dest-addr': 'dest-ip',
  ssl: 'tls-session-id',
  msrdp: 'rdp',
  sip: 'sip',
  hash: 'expression',
  universal: 'expression',
};

function persistenceOf(settings: Settings, named: Named): { persistence?: Persistence } {
  const [chosen] = settings.inside('persist').all;
  const name = chosen?.words[0];
  const fallbackName = settings.text('fallback-persistence');
  if (name === undefined) return {};
  const { kind, settings: own } = named.persistence.get(name) ?? {
    kind: kindOfName(name),
    settings: new Settings(undefined),
  };
  const method = own.text('method') ?? (kind === 'cookie' ? 'insert' : '');
  const words = kind === 'cookie' ? `${kind} ${method}` : kind;
  const fallback =
    fallbackName === undefined || fallbackName === 'none'
      ? undefined
      : methods[named.persistence.get(fallbackName)?.kind ?? kindOfName(fallbackName)];
  const cookieName = own.text('cookie-name');
  const cookie = {
    ...(own.has('httponly') ? { httpOnly: own.text('httponly') === 'enabled' } : {}),
    ...(own.has('secure') ? { secure: own.text('secure') === 'enabled' } : {}),
  };
  const timeoutMs = timeoutOf(own);
  const ipv4Prefix = prefixOfMask(own.text('mask') ?? '');
  return {
    persistence: {
      name,
      method: methods[words] ?? 'unknown',
      ...(cookieName === undefined ? {} : { cookieName }),
      ...(Object.keys(cookie).length === 0 ? {} : { cookie }),
      ...(ipv4Prefix === undefined ? {} : { ipv4Prefix }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(fallback === undefined ? {} : { fallback }),
      native: fallbackName === undefined ? words : `${words}; fallback ${fallbackName}`,
    },
  };
}

/** The device's own profiles: /Common/cookie, /Common/source_addr ... */
function kindOfName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace('_', '-');
}

/** `timeout` in seconds; `expiration` as days:hours:minutes:seconds, from the right. 0 is the session's end. */
function timeoutOf(settings: Settings): number | undefined {
  const seconds = settings.number('timeout');
  if (seconds !== undefined) return seconds * 1000;
  const parts = (settings.text('expiration') ?? '').split(':').reverse();
  if (!parts.every((part) => /^\d+$/.test(part))) return undefined;
  const units = [1, 60, 3600, 86_400];
  const total = parts.reduce((sum, part, at) => sum + Number(part) * (units[at] ?? 0), 0);
  return total === 0 || total > 2_147_483 ? undefined : total * 1000;
}

/** A rule of a policy as a route: a path's start or a host, then a pool or a redirection. Others stand in `native` as they are. */
function routesOf(policy: Settings | undefined): Route[] {
  return (policy?.inside('rules').all ?? []).flatMap((rule): Route[] => {
    const settings = new Settings({ body: rule.body ?? [] });
    const action = new Settings(settings.inside('actions').all[0]);
    const conditions = settings.inside('conditions').all;
    const pool = action.text('pool');
    const to = action.text('location');
    const target = pool !== undefined ? { pool } : to !== undefined ? { redirect: { to, status: 302 } } : undefined;
    if (target === undefined) return [{ native: plain(rule) }];
    const found = conditions.length === 1 ? conditionOf(new Settings(conditions[0])) : undefined;
    if (found !== undefined) return found.map((condition) => ({ ...condition, ...target }));
    return [{ ...target, ...(conditions.length === 0 ? {} : { native: conditions.map(plain).join(' and ') }) }];
  });
}

function conditionOf(settings: Settings): Route[] | undefined {
  const values = settings.find('values')?.body?.flatMap(({ words }) => words) ?? [];
  if (settings.has('not') || values.length === 0) return undefined;
  if (settings.has('http-uri') && settings.has('path') && settings.has('starts-with'))
    return values.map((pathPrefix) => ({ pathPrefix }));
  const isPart = ['starts-with', 'ends-with', 'contains'].some((word) => settings.has(word));
  if (settings.has('http-host') && settings.has('host') && !isPart) return values.map((host) => ({ host }));
  return undefined;
}
