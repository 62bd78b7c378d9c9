import type { AlgorithmName, AlgorithmSettings } from '../../contract/model.ts';
import type { Options } from './commands.ts';

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
