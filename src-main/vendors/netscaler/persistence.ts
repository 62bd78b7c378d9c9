import type { Offered } from '../../contract/api.ts';
import { type Persistence, persistenceSchema } from '../../contract/model.ts';
import { prefixOfMask } from '../netmask.ts';
import type { Options } from './commands.ts';
import { lacking } from './sent.ts';

/** `-persistenceType` of `add lb vserver` (ADC CLI reference). */
const methods: Readonly<Record<string, NonNullable<Persistence['method']>>> = {
  SOURCEIP: 'source-ip',
  COOKIEINSERT: 'cookie-insert',
  CUSTOMSERVERID: 'cookie-learn',
  SSLSESSION: 'tls-session-id',
  RULE: 'expression',
  USERSESSION: 'expression',
  DESTIP: 'dest-ip',
  SRCIPDESTIP: 'src-dst-ip',
  CALLID: 'sip',
};

/** Time-outs of persistence are minutes; 0 is the session's end. A mask that is no prefix stays in `native`. */
export function persistenceOf(options: Options): { persistence?: Persistence } {
  const type = options.text('persistenceType');
  if (type === undefined || type.toUpperCase() === 'NONE') return {};
  const method = methods[type.toUpperCase()] ?? 'unknown';
  const minutes = options.number('timeout');
  const prefix = prefixOfMask(options.text('persistMask') ?? '');
  const ipv6Prefix = options.number('v6persistmasklen');
  const backup = options.text('persistenceBackup');
  const fallback = backup === undefined ? undefined : methods[backup.toUpperCase()];
  const cookieName = options.text('cookieName');
  const expression = options.text('rule');
  return {
    persistence: {
      method,
      ...(method === 'expression' && expression !== undefined ? { expression } : {}),
      ...(cookieName === undefined ? {} : { cookieName }),
      ...(prefix === undefined ? {} : { ipv4Prefix: prefix }),
      ...(ipv6Prefix === undefined || ipv6Prefix > 128 ? {} : { ipv6Prefix }),
      ...(minutes === undefined || minutes === 0 || minutes > 35_791 ? {} : { timeoutMs: minutes * 60_000 }),
      ...(fallback === undefined ? {} : { fallback }),
      native: type,
    },
  };
}

/** The word of a method; undefined where the appliance has none. */
function typeOfPersistence({ method }: Persistence): string | undefined {
  return Object.keys(methods).find((word) => methods[word] === method);
}

/** Ways to hold clients that can be written, for forms; time-outs are whole minutes. */
export function offeredPersistence(): readonly Offered[] {
  const names = [...new Set(Object.values(methods))];
  return names.map((name) => ({
    name,
    native: typeOfPersistence({ method: name }) ?? '',
    ...(name === 'expression' ? { needs: ['expression'] } : {}),
    settings: [
      'timeoutMs',
      ...(name === 'cookie-insert' ? ['cookieName'] : []),
      ...(name.endsWith('-ip') ? ['ipv4Prefix', 'ipv6Prefix'] : []),
    ],
    multipleOf: { timeoutMs: 60_000 },
  }));
}

/** `-persistenceType` with its settings. */
export function persistenceOptions(desired: unknown): Readonly<Record<string, readonly string[]>> {
  if (desired === undefined) return { persistenceType: ['NONE'] };
  const wish = persistenceSchema.parse(desired);
  const type = typeOfPersistence(wish);
  if (type === undefined) throw lacking(`persistence by ${wish.method ?? 'nothing'}`);
  const settings = Object.entries({ persistenceType: type, ...settingsOf(wish) });
  return Object.fromEntries(settings.map(([name, value]) => [name, [value]]));
}

function settingsOf(wish: Persistence): Record<string, string> {
  const { timeoutMs, ipv4Prefix, ipv6Prefix, cookieName, expression } = wish;
  if (timeoutMs !== undefined && timeoutMs % 60_000 !== 0) {
    throw lacking('a time-out of persistence that is no whole number of minutes');
  }
  return {
    ...(timeoutMs === undefined ? {} : { timeout: String(timeoutMs / 60_000) }),
    ...(ipv4Prefix === undefined ? {} : { persistMask: maskOf(ipv4Prefix) }),
    ...(ipv6Prefix === undefined ? {} : { v6persistmasklen: String(ipv6Prefix) }),
    ...(cookieName === undefined ? {} : { cookieName }),
    ...(expression === undefined ? {} : { rule: expression }),
  };
}

function maskOf(prefix: number): string {
  const bits = '1'.repeat(prefix).padEnd(32, '0');
  return [0, 8, 16, 24].map((at) => parseInt(bits.slice(at, at + 8), 2)).join('.');
}
