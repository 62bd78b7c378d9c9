import type { ClientTls, Persistence, VirtualServer } from '../../contract/model.ts';
import { prefixOfMask } from '../netmask.ts';
import { type Block, Lines } from './blocks.ts';
import { suiteOf } from './suites.ts';

/** `slb template KIND NAME`: kinds are as `client-ssl`, `persist source-ip`. */
export interface Template {
  readonly kind: string;
  readonly name: string;
  readonly lines: Lines;
}
/** By `templateKey`. */
export type Templates = ReadonlyMap<string, Template>;

export function templateKey({ kind, name }: Pick<Template, 'kind' | 'name'>): string {
  return JSON.stringify([kind, name]);
}

const serverKeys = new Set(['port', 'enable', 'disable']);
const portKeys = new Set('service-group source-nat template conn-limit enable disable redirect-to-https'.split(' '));

/** `slb virtual-server NAME ADDRESS`: each of its ports is a virtual server `NAME:PORT`; without ports it is one by its name alone. */
export function virtualServersOf(name: string, heads: readonly Block[], templates: Templates): VirtualServer[] {
  const address = heads.map(({ words }) => words[3]).findLast((word) => word !== undefined);
  const lines = new Lines(heads.flatMap(({ children }) => children));
  const shared = lines.others(serverKeys);
  const ports = new Map<string, Block[]>();
  for (const port of lines.each('port')) {
    const key = port.words.slice(1, 3).join(' ');
    ports.set(key, [...(ports.get(key) ?? []), port]);
  }
  const whole = { name, address, adminState: lines.adminState, shared, templates };
  if (ports.size === 0) {
    return [
      {
        name,
        ...(address === undefined ? {} : { listen: [address] }),
        ...(lines.adminState === undefined ? {} : { adminState: lines.adminState }),
        native: { 'virtual-server': name, ...shared },
      },
    ];
  }
  const numbers = [...ports.keys()].map((key) => key.split(' ')[0]);
  return [...ports.values()].map((port, at) => portOf(port, numbers.indexOf(numbers[at]) < at, whole));
}

interface Whole {
  readonly name: string;
  readonly address: string | undefined;
  readonly adminState: VirtualServer['adminState'];
  readonly shared: Record<string, string>;
  readonly templates: Templates;
}

/** `port NUMBER TYPE`; a number met before, with another type, is named with the type too. */
function portOf(heads: readonly Block[], isAgain: boolean, whole: Whole): VirtualServer {
  const [, port = '', type = ''] = heads[0]?.words ?? [];
  const { name, address, shared, templates } = whole;
  const lines = new Lines(heads.flatMap(({ children }) => children));
  const pool = lines.text('service-group');
  const limit = lines.number('conn-limit');
  const sourceNat = lines.rest('source-nat')?.join(' ');
  const used = lines
    .each('template')
    .map(({ words }) => ({ kind: words.slice(1, -1).join(' '), name: words.at(-1) ?? '' }));
  const clientSsl = used.filter(({ kind }) => kind === 'client-ssl');
  const persist = used.find(({ kind }) => kind.startsWith('persist '));
  const profiles = used.filter((one) => one !== persist && !clientSsl.includes(one)).map((one) => one.name);
  const adminState = whole.adminState ?? lines.adminState;
  const http = httpOf(lines, used, templates);
  const range = (heads[0]?.words ?? []).slice(3).join(' ');
  return {
    name: `${name}:${port}${isAgain ? `/${type}` : ''}`,
    ...(address === undefined
      ? {}
      : { listen: [address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`] }),
    protocol: protocolOf(type),
    ...(pool === undefined ? {} : { pool }),
    ...(clientSsl.length === 0
      ? {}
      : {
          tls: tlsOf(
            clientSsl.map((one) => one.name),
            templates,
          ),
        }),
    ...(Object.keys(http).length === 0 ? {} : { http }),
    ...(limit === undefined ? {} : { connectionLimit: limit }),
    ...(persist === undefined ? {} : { persistence: persistenceOf(persist.kind, persist.name, templates) }),
    ...(sourceNat === undefined ? {} : { sourceNat }),
    ...(profiles.length === 0 ? {} : { profiles }),
    ...(adminState === undefined ? {} : { adminState }),
    native: {
      'virtual-server': name,
      port: [port, type, range].filter((word) => word !== '').join(' '),
      ...shared,
      ...lines.others(portKeys),
    },
  };
}

/** Types of a virtual port (ACOS CLI reference). */
function protocolOf(type: string): NonNullable<VirtualServer['protocol']> {
  if (/^(?:fast-)?https?2?$/.test(type) || type === 'http2s') return 'http';
  return /udp|^sip$|^dns|^radius|^tftp/.test(type) ? 'udp' : 'tcp';
}

function httpOf(
  lines: Lines,
  used: readonly { readonly kind: string; readonly name: string }[],
  templates: Templates,
): NonNullable<VirtualServer['http']> {
  const inserts = used.some(
    ({ kind, name }) =>
      kind === 'http' && templates.get(templateKey({ kind, name }))?.lines.has('insert-client-ip') === true,
  );
  return {
    ...(inserts ? { forwardedFor: 'append' } : {}),
    ...(lines.has('redirect-to-https') ? { redirectToHttps: true } : {}),
  };
}

const versions: Readonly<Record<string, string>> = { 30: '3', 31: '1.0', 32: '1.1', 33: '1.2', 34: '1.3' };

/** `version HIGHEST LOWEST` of a client-ssl template, 31 to 34 as TLS 1.0 to 1.3. */
function tlsOf(names: readonly string[], templates: Templates): ClientTls {
  const found = names.flatMap((name) => templates.get(templateKey({ kind: 'client-ssl', name }))?.lines ?? []);
  const certificates = found.flatMap(certificatesOf);
  const [highest = '', lowest = ''] = found[0]?.rest('version') ?? [];
  const ciphers = found.flatMap((lines) => ciphersOf(lines, templates));
  const minVersion = versions[lowest];
  const maxVersion = versions[highest];
  return {
    profiles: [...names],
    ...(certificates.length === 0 ? {} : { certificates }),
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
    ...(ciphers.length === 0 ? {} : { ciphers }),
  };
}

/** `cipher NAME` in the template itself, or the suites of a cipher template, a line each. */
function ciphersOf(template: Lines, templates: Templates): readonly string[] {
  const shared = template.each('template').filter(({ words }) => words[1] === 'cipher');
  const lists = shared.map(({ words }) => templates.get(templateKey({ kind: 'cipher', name: words[2] ?? '' })));
  return [
    ...template.each('cipher').map(({ words }) => words[1] ?? ''),
    ...lists.flatMap((list) => list?.lines.all.map(({ words }) => words[0] ?? '') ?? []),
  ].map(suiteOf);
}

/** `cert NAME` and `key NAME`; from ACOS 5 `certificate NAME key NAME chain-cert NAME`, several times. */
export function certificatesOf(template: Lines): { name: string; keyFile?: string; chainFile?: string }[] {
  const lists = template.each('certificate').map(({ words }) => pairsOf(words));
  const single = { cert: template.text('cert'), key: template.text('key'), 'chain-cert': template.text('chain-cert') };
  return [...lists.map((pairs) => ({ ...pairs, cert: pairs['certificate'] })), single].flatMap((one) => {
    const { cert, key, 'chain-cert': chain } = one as Partial<Record<string, string>>; // both shapes have text alone
    if (cert === undefined) return [];
    return [
      {
        name: cert,
        ...(key === undefined ? {} : { keyFile: key }),
        ...(chain === undefined ? {} : { chainFile: chain }),
      },
    ];
  });
}

function pairsOf(words: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {};
  for (let at = 0; at + 1 < words.length; at += 2) pairs[words[at] ?? ''] = words[at + 1] ?? '';
  return pairs;
}

const methods: Readonly<Record<string, NonNullable<Persistence['method']>>> = {
  'source-ip': 'source-ip',
  'destination-ip': 'dest-ip',
  cookie: 'cookie-insert',
  'ssl-sid': 'tls-session-id',
};

/** Time-outs of persistence by address are minutes, the life of a cookie (`expire`) seconds. */
function persistenceOf(kind: string, name: string, templates: Templates): Persistence {
  const lines = templates.get(templateKey({ kind, name }))?.lines;
  const word = kind.replace('persist ', '');
  const isBoth = word === 'source-ip' && lines?.has('incl-dst-ip') === true;
  const cookieName = word === 'cookie' ? lines?.text('name') : undefined;
  const prefix = prefixOf(lines?.text('netmask'));
  const ipv6Prefix = lines?.number('netmask6');
  const minutes = word === 'cookie' ? undefined : lines?.number('timeout');
  const seconds = word === 'cookie' ? lines?.number('expire') : undefined;
  const timeoutMs = minutes === undefined ? (seconds ?? 0) * 1000 : minutes * 60_000;
  return {
    name,
    method: isBoth ? 'src-dst-ip' : (methods[word] ?? 'unknown'),
    ...(cookieName === undefined ? {} : { cookieName }),
    ...(prefix === undefined ? {} : { ipv4Prefix: prefix }),
    ...(ipv6Prefix === undefined || ipv6Prefix > 128 ? {} : { ipv6Prefix }),
    ...(timeoutMs === 0 || timeoutMs > 2_147_483_647 ? {} : { timeoutMs }),
    native: `template ${kind} ${name}`,
  };
}

/** `/24`, and 255.255.255.0 up to ACOS 2.7. */
function prefixOf(mask: string | undefined): number | undefined {
  const short = /^\/(\d{1,2})$/.exec(mask ?? '')?.[1];
  if (short !== undefined) return Number(short) <= 32 ? Number(short) : undefined;
  return prefixOfMask(mask ?? '');
}
