import type { Persistence } from '../../../contract/model.ts';
import { maskedArguments, nested, type Reading, takeSetting } from './reading.ts';
import { type Setting, type Settings, wordAfter } from './settings.ts';
import { readSize, readTimeMs } from './units.ts';

/** What keeps clients on their member: `cookie`, else the first `stick` rule with its `stick-table` (manual 4.2; vocabulary 5.2). */
export function readPersistence(reading: Reading, settings: Settings): Persistence | undefined {
  const cookie = settings.last('cookie', reading.isEffective);
  const sticks = settings
    .own('stick')
    .filter(({ args: [kind] }) => kind === 'on' || kind === 'match')
    .map((setting) => ({ setting, ...readStick(setting) }));
  const rdp = settings.last('persist', reading.isEffective);
  if (cookie && !cookie.isNegated) {
    takeSetting(reading, settings, 'cookie');
    const [stick] = sticks;
    const fallback = stick?.method === undefined || stick.method === 'expression' ? {} : { fallback: stick.method };
    if (stick) reading.used.add(stick.setting.statement);
    return { ...readCookie(cookie, maskedArguments(reading, cookie.statement)), ...fallback };
  }
  const [first, second] = sticks;
  if (first) {
    reading.used.add(first.setting.statement);
    if (second) reading.used.add(second.setting.statement);
    const { setting, ...fields } = first;
    return {
      ...fields,
      ...readTable(reading, settings),
      ...(second?.method === undefined ? {} : { fallback: second.method }),
      native: [
        setting.statement,
        ...settings
          .own('stick-table')
          .slice(-1)
          .map((table) => table.statement),
      ]
        .map((statement) => maskedArguments(reading, statement, 0))
        .join('\n'),
    };
  }
  if (rdp?.args[0]?.startsWith('rdp-cookie') === true) {
    takeSetting(reading, settings, 'persist');
    return { method: 'rdp', native: rdp.args.join(' ') };
  }
  return undefined;
}

function readCookie({ args }: Setting, native: string): Persistence {
  const [name, ...words] = args;
  const sameSite = /^SameSite=(Strict|Lax|None)$/i.exec(wordAfter(words, 'attr') ?? '')?.[1]?.toLowerCase();
  const domain = wordAfter(words, 'domain');
  const timeoutMs = readTimeMs(wordAfter(words, 'maxidle') ?? '', 's');
  const cookie = {
    ...(domain === undefined ? {} : { domain }),
    ...(words.includes('secure') ? { secure: true } : {}),
    ...(words.includes('httponly') ? { httpOnly: true } : {}),
    ...(sameSite === 'strict' ? { sameSite: 'Strict' as const } : {}),
    ...(sameSite === 'lax' ? { sameSite: 'Lax' as const } : {}),
    ...(sameSite === 'none' ? { sameSite: 'None' as const } : {}),
  };
  return {
    method: cookieMethod(words),
    ...(name === undefined ? {} : { cookieName: name }),
    ...nested('cookie', cookie),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    native,
  };
}

function cookieMethod(words: readonly string[]): NonNullable<Persistence['method']> {
  if (words.includes('insert')) return 'cookie-insert';
  if (words.includes('rewrite')) return 'cookie-rewrite';
  if (words.includes('prefix')) return 'cookie-prefix';
  return 'unknown'; // the application sets the cookie, HAProxy only reads it
}

function readStick({ args: [, expression = ''] }: Setting): Persistence {
  const [, fetch = expression, argument] = /^([\w.]+)(?:\(([^()]*)\))?/.exec(expression) ?? [];
  const hasConverter = expression.includes('),') || (argument === undefined && expression.includes(','));
  if (!hasConverter) {
    if (fetch === 'src') return { method: 'source-ip' };
    if (fetch === 'dst') return { method: 'dest-ip' };
    if (/^(req\.)?(hdr|fhdr)$/.test(fetch) && argument !== undefined) return { method: 'header', key: argument };
    if (/^url_?param|^urlp$/.test(fetch) && argument !== undefined) return { method: 'query-param', key: argument };
    if (/^(req\.)?rdp_cookie$/.test(fetch)) return { method: 'rdp' };
    if (fetch.endsWith('payload_lv') && argument?.startsWith('43,1') === true) return { method: 'tls-session-id' };
    if (fetch === 'ssl_fc_session_id') return { method: 'tls-session-id' };
  }
  return { method: 'expression', expression };
}

function readTable(reading: Reading, settings: Settings): Persistence {
  const table = settings.own('stick-table').at(-1);
  if (!table) return {};
  reading.used.add(table.statement);
  const { args } = table;
  const maxEntries = readSize(wordAfter(args, 'size') ?? '');
  const timeoutMs = readTimeMs(wordAfter(args, 'expire') ?? '');
  return {
    ...(maxEntries === undefined ? {} : { maxEntries }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}
