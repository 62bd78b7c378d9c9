import {
  type AlgorithmName,
  algorithmSchema,
  algorithmSettings,
  type AlgorithmSettings,
} from '../../contract/model.ts';
import type { Options } from './commands.ts';
import { lacking } from './sent.ts';

/** `-lbMethod` of `add lb vserver` (ADC CLI reference); the hash methods of a token are told apart by their `-rule`. */
const methods: Readonly<Record<string, AlgorithmName>> = {
  ROUNDROBIN: 'round-robin',
  LEASTCONNECTION: 'least-connections',
  LEASTRESPONSETIME: 'least-response-time',
  LRTM: 'least-response-time',
  URLHASH: 'uri-hash',
  DOMAINHASH: 'host-hash',
  DESTINATIONIPHASH: 'dest-ip-hash',
  SOURCEIPHASH: 'source-ip-hash',
  SRCIPDESTIPHASH: 'src-dst-hash',
  SRCIPSRCPORTHASH: 'source-ip-port-hash',
  LEASTBANDWIDTH: 'least-bandwidth',
  LEASTPACKETS: 'least-packets',
  LEASTREQUEST: 'least-requests',
  CUSTOMLOAD: 'dynamic-ratio',
  CALLIDHASH: 'sip-callid-hash',
  STATICPROXIMITY: 'proximity',
  TOKEN: 'expression-hash',
  USER_TOKEN: 'expression-hash',
  AUDITLOGHASH: 'unknown',
};

const tokens: readonly (readonly [RegExp, AlgorithmName])[] = [
  [/^HTTP\.REQ\.HEADER\("([^"]+)"\)$/i, 'header-hash'],
  [/^HTTP\.REQ\.COOKIE\.VALUE\("([^"]+)"\)$/i, 'cookie-hash'],
  [/^HTTP\.REQ\.URL\.QUERY\.VALUE\("([^"]+)"\)$/i, 'query-param-hash'],
];

/** The algorithm that a virtual server names; absent where it names none (the appliance's own is LEASTCONNECTION). */
export function algorithmOf(options: Options): { algorithm?: AlgorithmSettings } {
  const method = options.text('lbMethod');
  if (method === undefined) return {};
  const rule = options.text('rule');
  const length = options.number('hashLength');
  const netmask = options.text('netmask');
  const neutral = methods[method.toUpperCase()] ?? 'unknown';
  const isToken = neutral === 'expression-hash' && rule !== undefined;
  return {
    algorithm: {
      ...(isToken ? tokenOf(rule) : { name: neutral }),
      ...(length === undefined ? {} : { length }),
      ...(netmask === undefined ? {} : { netmask }),
      native: isToken ? `${method} ${rule}` : method,
    },
  };
}

function tokenOf(rule: string): Pick<AlgorithmSettings, 'name' | 'key'> {
  for (const [pattern, name] of tokens) {
    const key = pattern.exec(rule)?.[1];
    if (key !== undefined) return { name, key };
  }
  return { name: 'expression-hash', key: rule };
}

/** The method and its settings that say a wish; undefined where the appliance has none. */
function methodOfName(
  wish: AlgorithmSettings,
): { readonly method: string; readonly settings: Readonly<Record<string, string>> } | undefined {
  const rule = wish.key === undefined ? undefined : ruleOf(wish);
  if (rule !== undefined) return { method: 'TOKEN', settings: { rule } };
  const method = Object.keys(methods).find(
    (word) => methods[word] === wish.name && methods[word] !== 'expression-hash',
  );
  if (method === undefined || wish.name === 'unknown') return undefined;
  const settings = {
    ...(wish.netmask === undefined ? {} : { netmask: wish.netmask }),
    ...(wish.length === undefined ? {} : { hashLength: String(wish.length) }),
  };
  return { method, settings };
}

/** `-lbMethod` with its settings. Throws CAPABILITY_MISSING where the appliance has none. */
export function methodOptions(desired: unknown): Readonly<Record<string, readonly string[]>> {
  const wish = algorithmSettings(algorithmSchema.parse(desired));
  const method = methodOfName(wish);
  if (method === undefined) throw lacking(`the algorithm ${wish.name}`);
  const settings = Object.entries({ lbMethod: method.method, ...method.settings });
  return Object.fromEntries(settings.map(([name, value]) => [name, [value]]));
}

/** Names of algorithms that can be set, each with the method's own word. */
export function offeredAlgorithms(): readonly {
  readonly name: AlgorithmName;
  readonly native: string;
  readonly needs?: readonly string[];
}[] {
  const offered = Object.entries(methods)
    .filter(([, name], at, all) => name !== 'unknown' && all.findIndex(([, other]) => other === name) === at)
    .map(([native, name]) => (name === 'expression-hash' ? { name, native, needs: ['key'] } : { name, native }));
  return [...offered, ...tokens.map(([, name]) => ({ name, native: 'TOKEN', needs: ['key'] }))];
}

function ruleOf({ name, key = '' }: AlgorithmSettings): string | undefined {
  const text = key.replaceAll(/["\\]/g, '\\$&');
  if (name === 'header-hash') return `HTTP.REQ.HEADER("${text}")`;
  if (name === 'cookie-hash') return `HTTP.REQ.COOKIE.VALUE("${text}")`;
  if (name === 'query-param-hash') return `HTTP.REQ.URL.QUERY.VALUE("${text}")`;
  return name === 'expression-hash' ? key : undefined;
}
