import { AppError } from '../../contract/errors.ts';
import type { Offered } from '../../contract/api.ts';
import type { Persistence } from '../../contract/model.ts';
import {
  created,
  lacking,
  partNamed,
  phraseFor,
  type Scene,
  type Sent,
  setList,
  settingOf,
  setValue,
  wordFor,
} from './sent.ts';
import type { Item, Part } from './text.ts';

/** Kind of profile, the cookie's `method`, and the device's own profile of that kind (tmsh reference, ltm persistence). */
const kinds: Readonly<Partial<Record<NonNullable<Persistence['method']>, readonly [string, string, string]>>> = {
  'cookie-insert': ['cookie', 'insert', '/Common/cookie'],
  'cookie-rewrite': ['cookie', 'rewrite', '/Common/cookie'],
  'cookie-learn': ['cookie', 'passive', '/Common/cookie'],
  'cookie-hash': ['cookie', 'hash', '/Common/cookie'],
  'source-ip': ['source-addr', '', '/Common/source_addr'],
  'dest-ip': ['dest-addr', '', '/Common/dest_addr'],
  'tls-session-id': ['ssl', '', '/Common/ssl'],
  rdp: ['msrdp', '', '/Common/msrdp'],
  sip: ['sip', '', '/Common/sip_info'],
};

/** Ways to hold clients that can be written, for forms. */
export function offeredPersistence(): readonly Offered[] {
  return Object.entries(kinds).map(([name, [kind, method]]) => ({
    name,
    native: method === '' ? kind : `${kind} ${method}`,
    settings:
      kind === 'cookie'
        ? ['cookieName', 'timeoutMs']
        : kind.endsWith('addr')
          ? ['timeoutMs', 'ipv4Prefix']
          : ['timeoutMs'],
    multipleOf: { timeoutMs: 1000 },
  }));
}

/**
 * Persistence is a profile of its own. The virtual server's own profile is changed where it is of the kind that is wished for; else one
 * is made for it, or the device's own is taken where nothing but the method is wished for.
 */
export function persistenceCommands(scene: Scene, virtual: Part, wish: Persistence): readonly Sent[] {
  const kind = wish.method === undefined ? undefined : kinds[wish.method];
  if (kind === undefined)
    throw lacking(`persistence by ${wish.method ?? 'nothing'}, which needs an iRule or a profile of its own`);
  const [type, method, parent] = kind;
  const settings = settingsOf(wish, type, method);
  const now = settingOf(virtual, 'persist')?.body?.[0]?.words[0];
  const name = wish.name !== undefined && wish.name !== now ? wish.name : undefined;
  const chosen = partNamed(scene, `ltm persistence ${type}`, name ?? now ?? '');
  function attached(profile: string): readonly Sent[] {
    return [...setList(virtual, 'persist', `{ ${profile} { default yes } }`), ...fallbackCommands(virtual, wish)];
  }
  if (chosen !== undefined && !isOfDevice(chosen)) {
    const profile = chosen.words.at(-1) ?? '';
    return [...settings.flatMap(([key, value, rest]) => setValue(chosen, key, value, rest)), ...attached(profile)];
  }
  if (name !== undefined && chosen === undefined && name !== parent)
    throw new AppError('PLAN_INVALID', `There is no persistence profile ${name} of type ${type} on the device.`);
  if (settings.every(([, value, rest]) => value === rest)) return attached(parent);
  const made = `${virtual.words.at(-1) ?? ''}_persist`;
  const there = partNamed(scene, `ltm persistence ${type}`, made);
  if (there !== undefined)
    return [...settings.flatMap(([key, value, rest]) => setValue(there, key, value, rest)), ...attached(made)];
  const body = [['defaults-from', parent], ...settings.map(([key, value]) => [key, value])].sort();
  const item: Item = { words: ['ltm', 'persistence', type, made], body: body.map((words) => ({ words })) };
  return [created(item), ...attached(made)];
}

/** `/Common/cookie` and its like come with the device, and all that is made comes from them. */
function isOfDevice(profile: Part): boolean {
  return Object.values(kinds).some(([, , name]) => name === profile.words.at(-1));
}

function fallbackCommands(virtual: Part, { fallback }: Persistence): readonly Sent[] {
  const has = settingOf(virtual, 'fallback-persistence') !== undefined;
  if (fallback === undefined) return has ? setValue(virtual, 'fallback-persistence', 'none', 'none') : [];
  const kind = fallback === 'source-ip' || fallback === 'dest-ip' ? kinds[fallback] : undefined;
  if (kind === undefined) throw lacking(`the fallback ${fallback}: a BIG-IP falls back to source-ip or dest-ip`);
  const now = settingOf(virtual, 'fallback-persistence')?.words[1] ?? '';
  return now.includes(kind[0].replace('-addr', '')) ? [] : setValue(virtual, 'fallback-persistence', kind[2], 'none');
}

/** Each with the value of the device's own profile. */
function settingsOf(wish: Persistence, type: string, method: string): (readonly [string, string, string])[] {
  const { cookieName, cookie, timeoutMs, ipv4Prefix } = wish;
  if (cookieName !== undefined && type !== 'cookie') throw lacking('a cookie name of persistence that has no cookie');
  if (ipv4Prefix !== undefined && !type.endsWith('addr'))
    throw lacking('a network of persistence that is not by address');
  if (wish.ipv6Prefix !== undefined || wish.maxEntries !== undefined)
    throw lacking('an IPv6 prefix or a bound of persistence');
  return [
    ...(type === 'cookie' ? [['method', method, 'insert'] as const] : []),
    ...(cookieName === undefined
      ? []
      : [['cookie-name', /\s/.test(cookieName) ? phraseFor(cookieName) : wordFor(cookieName), 'none'] as const]),
    ...(cookie?.httpOnly === undefined
      ? []
      : [['httponly', cookie.httpOnly ? 'enabled' : 'disabled', 'enabled'] as const]),
    ...(cookie?.secure === undefined ? [] : [['secure', cookie.secure ? 'enabled' : 'disabled', 'enabled'] as const]),
    ...(ipv4Prefix === undefined ? [] : [['mask', maskOf(ipv4Prefix), 'none'] as const]),
    ...(timeoutMs === undefined ? [] : [timeOf(type, timeoutMs)]),
  ];
}

/** Days:hours:minutes:seconds of a cookie, seconds of a table's entry. */
function timeOf(type: string, timeoutMs: number): readonly [string, string, string] {
  if (timeoutMs % 1000 !== 0) throw lacking('a time-out of persistence that is no whole number of seconds');
  const total = timeoutMs / 1000;
  if (type !== 'cookie') return ['timeout', String(total), type === 'ssl' || type === 'msrdp' ? '300' : '180'];
  const parts = [Math.floor(total / 86_400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60, total % 60];
  return ['expiration', total === 0 ? '0' : parts.join(':'), '0'];
}

function maskOf(prefix: number): string {
  const bits = '1'.repeat(prefix).padEnd(32, '0');
  return [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
}
