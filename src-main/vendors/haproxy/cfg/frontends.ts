import type { ClientTls, VirtualServer } from '../../../contract/model.ts';
import { readBandwidth } from './bandwidth.ts';
import { readBinds } from './binds.ts';
import { readDisabled } from './pools.ts';
import { nested, type Reading, takeOption, takeSetting, takeValue } from './reading.ts';
import { readRoutes } from './routes.ts';
import { type Settings, wordAfter } from './settings.ts';
import { readCount, readTimeMs } from './units.ts';

/** A `frontend`, or the front half of a `listen`, as a virtual server. `ownPool` is the pool of a `listen` with servers. */
export function readFrontend(
  reading: Reading,
  settings: Settings,
  name: string,
  ownPool: string | undefined,
): VirtualServer {
  const { listen, tls, proxyProtocol, native } = readBinds(reading, settings);
  const named = takeSetting(reading, settings, 'default_backend')?.args[0];
  const pool = named === undefined || named === '' ? ownPool : named;
  const routes = readRoutes(reading, settings);
  const hsts = readHsts(reading, settings);
  return {
    name,
    ...(listen.length > 0 ? { listen: [...listen] } : {}),
    ...readProtocol(reading, settings),
    ...(pool === undefined ? {} : { pool }),
    ...readFixedAnswer(reading, settings),
    ...(routes.length > 0 ? { routes: [...routes] } : {}),
    ...nested<'tls', ClientTls>('tls', { ...tls, ...nested('hsts', hsts) }),
    ...nested('http', readHttp(reading, settings)),
    ...(proxyProtocol ? { proxyProtocol: 'either' as const } : {}),
    ...takeValue(reading, settings, 'maxconn', 'connectionLimit', (text) => readCount(text)),
    ...nested('bandwidth', readBandwidth(reading, settings) ?? {}),
    ...readDisabled(reading, settings),
    ...nested('native', native),
  };
}

function readProtocol(reading: Reading, settings: Settings): Pick<VirtualServer, 'protocol'> {
  const mode = settings.last('mode', reading.isEffective)?.args[0];
  if (mode === undefined && reading.isEffective) return { protocol: 'tcp' }; // HAProxy's own default mode
  if (mode !== 'http' && mode !== 'tcp') return {};
  takeSetting(reading, settings, 'mode');
  return { protocol: mode };
}

type Http = NonNullable<VirtualServer['http']>;

function readHttp(reading: Reading, settings: Settings): Http {
  const forwardFor = takeOption(reading, settings, 'option forwardfor');
  const forwarded = takeOption(reading, settings, 'option forwarded');
  return {
    ...(forwardFor === undefined ? {} : { forwardedFor: forwardFor ? ('append' as const) : ('none' as const) }),
    ...(forwarded === undefined ? {} : { forwarded }),
    ...readRedirectToHttps(reading, settings),
    ...takeValue(reading, settings, 'timeout client', 'clientTimeoutMs', readTimeMs),
    ...takeValue(reading, settings, 'timeout http-request', 'headerTimeoutMs', readTimeMs),
    ...readCompression(reading, settings),
  };
}

function readCompression(reading: Reading, settings: Settings): Pick<Http, 'compression'> {
  const keyword = settings.last('compression algo-res', reading.isEffective)
    ? 'compression algo-res'
    : 'compression algo';
  const setting = settings.last(keyword, reading.isEffective);
  if (setting?.args.includes('gzip') !== true) return {};
  takeSetting(reading, settings, keyword);
  return { compression: ['gzip'] };
}

/** Whether every plain request is sent to HTTPS: `redirect scheme https if !{ ssl_fc }` in its usual spellings. */
function readRedirectToHttps(reading: Reading, settings: Settings): Pick<Http, 'redirectToHttps'> {
  for (const setting of [...settings.own('redirect'), ...settings.own('http-request redirect')]) {
    const text = setting.args.join(' ');
    const rest = /^scheme https(?: code 30[1278])?(?: (.*))?$/.exec(text)?.[1];
    const isPlainOnly = rest !== undefined && /^(if ! ?\{ ssl_fc \}|unless \{ ssl_fc \})$/.test(rest);
    if (isPlainOnly || /^scheme https(?: code 30[1278])?$/.test(text)) {
      reading.used.add(setting.statement);
      return { redirectToHttps: true };
    }
  }
  return {};
}

/** An answer that every request gets: an unconditional `redirect location` or `http-request return`. */
function readFixedAnswer(reading: Reading, settings: Settings): Pick<VirtualServer, 'redirect' | 'fixedResponse'> {
  for (const setting of [...settings.own('redirect'), ...settings.own('http-request redirect')]) {
    const [, to, code] = /^location (\S+)(?: code (30[12378]))?$/.exec(setting.args.join(' ')) ?? [];
    if (to === undefined) continue;
    reading.used.add(setting.statement);
    return { redirect: { to, ...(code === undefined ? {} : { status: Number(code) }) } };
  }
  for (const setting of settings.own('http-request return')) {
    const { args } = setting;
    const status = args.includes('status') ? readCount(wordAfter(args, 'status') ?? '', 599) : 200;
    if (status === undefined || args.includes('if') || args.includes('unless')) continue;
    const body = wordAfter(args, 'string');
    if (body === undefined && args.length > 2) continue;
    reading.used.add(setting.statement);
    return { fixedResponse: { status, ...(body === undefined ? {} : { body }) } };
  }
  return {};
}

function readHsts(reading: Reading, settings: Settings): NonNullable<ClientTls['hsts']> {
  for (const setting of settings.own('http-response set-header')) {
    const [header = '', value = '', ...more] = setting.args;
    const maxAge = /^\s*max-age=(\d{1,10})/i.exec(value)?.[1];
    if (header.toLowerCase() !== 'strict-transport-security' || maxAge === undefined || more.length > 0) continue;
    reading.used.add(setting.statement);
    return {
      maxAgeS: Number(maxAge),
      ...(/includesubdomains/i.test(value) ? { includeSubDomains: true } : {}),
      ...(/preload/i.test(value) ? { preload: true } : {}),
    };
  }
  return {};
}
