/** What a property of an object takes. */
export type Takes =
  /** One of these words, or with none any text. */
  | { readonly type: 'word'; readonly words: readonly string[]; readonly refersTo?: string }
  | { readonly type: 'number'; readonly least: number; readonly most: number; readonly others: readonly string[] }
  /** Stands alone, as `disabled`; its opposite takes it away. */
  | { readonly type: 'flag'; readonly opposite: string }
  /** `monitor http and tcp`, `monitor min 1 of { a b }`. */
  | { readonly type: 'monitor' }
  /** A list of plain words in braces, with add, delete, replace-all-with, none. */
  | { readonly type: 'list'; readonly refersTo?: string }
  /** Named entries in braces, with add, delete, modify, replace-all-with, none. */
  | { readonly type: 'entries'; readonly properties: Properties; readonly refersTo?: string }
  | { readonly type: 'block'; readonly properties: Properties };

export interface Property {
  readonly takes: Takes;
  /** Not shown by `list` unless asked for all properties. Undefined where it is always shown. */
  readonly normal?: string;
}
export type Properties = Readonly<Record<string, Property>>;

/** A component of tmsh. */
export interface Kind {
  /** All words, as `ltm monitor http`. */
  readonly id: string;
  readonly words: readonly string[];
  /** How errors name it, as in "The requested Pool (/Common/x) was not found." */
  readonly label: string;
  readonly properties: Properties;
  readonly source: string;
  /** One object alone, without a name. */
  readonly isSingle: boolean;
  /** Its name is a path. */
  readonly isInCommon: boolean;
}

const manual = 'tmsh Reference 15.1 (clouddocs.f5.com/cli/tmsh-reference)';

function words(list: string, normal?: string): Property {
  return { takes: { type: 'word', words: list.split(' ') }, ...(normal !== undefined && { normal }) };
}
function text(normal?: string): Property {
  return { takes: { type: 'word', words: [] }, ...(normal !== undefined && { normal }) };
}
function ref(kind: string, normal?: string): Property {
  return { takes: { type: 'word', words: [], refersTo: kind }, ...(normal !== undefined && { normal }) };
}
function number(least: number, most: number, normal?: number | string, ...others: readonly string[]): Property {
  return { takes: { type: 'number', least, most, others }, ...(normal !== undefined && { normal: String(normal) }) };
}
function flag(opposite: string): Property {
  return { takes: { type: 'flag', opposite } };
}
function flags(list: string): Properties {
  return Object.fromEntries(list.split(' ').map((name) => [name, flag('')]));
}
function list(refersTo?: string): Property {
  return { takes: { type: 'list', ...(refersTo !== undefined && { refersTo }) }, normal: 'none' };
}
function entries(properties: Properties, refersTo?: string): Property {
  return { takes: { type: 'entries', properties, ...(refersTo !== undefined && { refersTo }) }, normal: 'none' };
}
function block(properties: Properties): Property {
  return { takes: { type: 'block', properties } };
}

const most = 4_294_967_295;
const onOff = 'enabled disabled';
const yesNo = 'yes no';

/** Modes of 11 and later; the manual prints `least-connections-members` too, configurations do not. */
const modes =
  'round-robin ratio-member least-connections-member observed-member predictive-member ratio-node least-connections-node ' +
  'fastest-node observed-node predictive-node dynamic-ratio-node fastest-app-response least-sessions dynamic-ratio-member ' +
  'weighted-least-connections-member weighted-least-connections-node ratio-session ratio-least-connections-member ' +
  'ratio-least-connections-node';

const member: Properties = {
  address: text(),
  'connection-limit': number(0, most, 0),
  description: text('none'),
  'dynamic-ratio': number(1, 65_535, 1),
  fqdn: block({ autopopulate: words(onOff), name: text(), 'address-family': text(), interval: text() }),
  'inherit-profile': words(onOff, 'enabled'),
  logging: words(onOff, 'disabled'),
  metadata: entries({ value: text(), persist: words('true false') }),
  monitor: { takes: { type: 'monitor' }, normal: 'default' },
  'priority-group': number(0, 65_535, 0),
  'rate-limit': number(0, most, 'disabled', 'disabled'),
  ratio: number(1, 65_535, 1),
  session: words('user-enabled user-disabled', 'user-enabled'),
  state: words('user-up user-down', 'user-up'),
};

const pool: Properties = {
  'allow-nat': words(yesNo, 'yes'),
  'allow-snat': words(yesNo, 'yes'),
  'app-service': text('none'),
  description: text('none'),
  'gateway-failsafe-device': text('none'),
  'ignore-persisted-weight': words(onOff, 'disabled'),
  'ip-tos-to-client': number(0, 255, 'pass-through', 'pass-through', 'mimic'),
  'ip-tos-to-server': number(0, 255, 'pass-through', 'pass-through', 'mimic'),
  'link-qos-to-client': number(0, 7, 'pass-through', 'pass-through'),
  'link-qos-to-server': number(0, 7, 'pass-through', 'pass-through'),
  'load-balancing-mode': words(modes, 'round-robin'),
  members: entries(member),
  metadata: entries({ value: text(), persist: words('true false') }),
  'min-active-members': number(0, 65_535, 0),
  'min-up-members': number(0, 65_535, 0),
  'min-up-members-action': words('failover reboot restart-all', 'failover'),
  'min-up-members-checking': words(onOff, 'disabled'),
  monitor: { takes: { type: 'monitor' }, normal: 'none' },
  profiles: list('ltm profile'),
  'queue-depth-limit': number(0, most, 0),
  'queue-on-connection-limit': words(onOff, 'disabled'),
  'queue-time-limit': number(0, most, 0),
  'reselect-tries': number(0, 65_535, 0),
  'service-down-action': words('none drop reselect reset', 'none'),
  'slow-ramp-time': number(0, most, 10),
};

const node: Properties = {
  address: text(),
  'app-service': text('none'),
  'connection-limit': number(0, most, 0),
  description: text('none'),
  'dynamic-ratio': number(1, 65_535, 1),
  fqdn: block({
    autopopulate: words(onOff),
    name: text(),
    'address-family': text(),
    interval: text(),
    'down-interval': text(),
  }),
  logging: words(onOff, 'disabled'),
  metadata: entries({ value: text(), persist: words('true false') }),
  monitor: { takes: { type: 'monitor' }, normal: 'default' },
  'rate-limit': number(0, most, 'disabled', 'disabled'),
  ratio: number(1, 65_535, 1),
  session: words('user-enabled user-disabled', 'user-enabled'),
  state: words('user-up user-down', 'user-up'),
};

const virtual: Properties = {
  'address-status': words(yesNo, 'yes'),
  'app-service': text('none'),
  'auto-discovery': words(onOff, 'disabled'),
  'auto-lasthop': words('default enabled disabled', 'default'),
  'bwc-policy': text('none'),
  'clone-pools': entries({ context: words('clientside serverside') }),
  'cmp-enabled': words(yesNo, 'yes'),
  'connection-limit': number(0, most, 0),
  'creation-time': text(),
  description: text('none'),
  destination: text(),
  disabled: flag('enabled'),
  enabled: flag('disabled'),
  'fallback-persistence': ref('ltm persistence', 'none'),
  'gtm-score': number(0, most, 0),
  'ip-forward': flag(''),
  'ip-protocol': text('any'),
  'l2-forward': flag(''),
  'last-hop-pool': ref('ltm pool', 'none'),
  'last-modified-time': text(),
  mask: text(),
  metadata: entries({ value: text(), persist: words('true false') }),
  mirror: words(onOff, 'disabled'),
  'mobile-app-tunnel': words(onOff, 'disabled'),
  nat64: words(onOff, 'disabled'),
  persist: entries({ default: words(yesNo) }, 'ltm persistence'),
  policies: entries({}, 'ltm policy'),
  pool: ref('ltm pool', 'none'),
  profiles: entries({ context: words('all clientside serverside') }, 'ltm profile'),
  'rate-class': text('none'),
  'rate-limit': number(0, most, 'disabled', 'disabled'),
  'rate-limit-dst-mask': number(0, 128, 0),
  'rate-limit-mode': text('object'),
  'rate-limit-src-mask': number(0, 128, 0),
  reject: flag(''),
  rules: list('ltm rule'),
  'security-log-profiles': list(),
  'service-down-immediate-action': words('none drop reset', 'none'),
  'serverssl-use-sni': words(onOff, 'disabled'),
  snat: text(),
  source: text(),
  'source-address-translation': block({ pool: ref('ltm snatpool', 'none'), type: words('none automap snat lsn') }),
  'source-port': words('change preserve preserve-strict', 'preserve'),
  'translate-address': words(onOff),
  'translate-port': words(onOff),
  vlans: list(),
  'vlans-disabled': flag('vlans-enabled'),
  'vlans-enabled': flag('vlans-disabled'),
};

const virtualAddress: Properties = {
  address: text(),
  'app-service': text('none'),
  arp: words(onOff),
  'auto-delete': words('true false', 'true'),
  'connection-limit': number(0, most, 0),
  description: text('none'),
  enabled: words(yesNo, 'yes'),
  floating: words(onOff),
  'icmp-echo': words('enabled disabled selective always any all', 'enabled'),
  'inherited-traffic-group': words('true false', 'false'),
  mask: text(),
  metadata: entries({ value: text(), persist: words('true false') }),
  'route-advertisement': words('enabled disabled selective always any all', 'disabled'),
  'server-scope': words('all any none', 'any'),
  spanning: words(onOff, 'disabled'),
  'traffic-group': ref('cm traffic-group', 'none'),
  unit: text(),
};

const probe: Properties = {
  adaptive: words(onOff, 'disabled'),
  'adaptive-divergence-type': words('relative absolute', 'relative'),
  'adaptive-divergence-value': text(),
  'adaptive-limit': text(),
  'adaptive-sampling-timespan': text(),
  'app-service': text('none'),
  'defaults-from': ref('ltm monitor'),
  description: text('none'),
  destination: text(),
  interval: number(1, 86_400),
  'manual-resume': words(onOff),
  'time-until-up': number(0, most),
  timeout: number(1, 86_400),
  transparent: words(onOff),
  'up-interval': number(0, 86_400),
};
const answering: Properties = {
  'ip-dscp': number(0, 63),
  recv: text(),
  'recv-disable': text(),
  reverse: words(onOff),
  send: text(),
};
const asking: Properties = { username: text(), password: text() };
const overTls: Properties = {
  cert: ref('sys file ssl-cert', 'none'),
  cipherlist: text(),
  compatibility: words(onOff),
  key: ref('sys file ssl-key', 'none'),
  'ssl-profile': ref('ltm profile server-ssl', 'none'),
};

const persistence: Properties = {
  'app-service': text('none'),
  'defaults-from': ref('ltm persistence'),
  description: text('none'),
  'match-across-pools': words(onOff),
  'match-across-services': words(onOff),
  'match-across-virtuals': words(onOff),
  mirror: words(onOff),
  'override-connection-limit': words(onOff),
  timeout: number(1, most, undefined, 'indefinite'),
};

const handshake: Properties = {
  'alert-timeout': text(),
  'app-service': text('none'),
  authenticate: words('once always'),
  'ca-file': ref('sys file ssl-cert', 'none'),
  'cache-size': number(0, 4_194_304),
  'cache-timeout': number(0, 86_400),
  cert: ref('sys file ssl-cert', 'none'),
  chain: ref('sys file ssl-cert', 'none'),
  'cipher-group': text('none'),
  ciphers: text(),
  'crl-file': text('none'),
  'defaults-from': ref('ltm profile'),
  description: text('none'),
  'handshake-timeout': text(),
  key: ref('sys file ssl-key', 'none'),
  mode: words(onOff),
  options: list(),
  passphrase: text('none'),
  'peer-cert-mode': words('ignore require request auto'),
  renegotiation: words(onOff),
  'secure-renegotiation': words('request require require-strict'),
  'server-name': text('none'),
  'session-ticket': words(onOff),
  'sni-default': words('true false'),
  'sni-require': words('true false'),
  'strict-resume': words(onOff),
  'unclean-shutdown': words(onOff),
};
const chainEntry: Properties = {
  'app-service': text('none'),
  cert: ref('sys file ssl-cert'),
  chain: ref('sys file ssl-cert', 'none'),
  key: ref('sys file ssl-key'),
  passphrase: text('none'),
  usage: words('SERVER CA'),
};

const certificateFile: Properties = {
  'cache-path': text(),
  checksum: text(),
  'certificate-key-curve-name': text('none'),
  'certificate-key-size': text(),
  'create-time': text(),
  'created-by': text(),
  'expiration-date': text(),
  'expiration-string': text(),
  fingerprint: text(),
  'is-bundle': text(),
  issuer: text(),
  'key-type': text(),
  'last-update-time': text(),
  mode: text(),
  revision: text(),
  'serial-number': text(),
  size: text(),
  'source-path': text(),
  'subject-alternative-name': text('none'),
  subject: text(),
  'updated-by': text(),
  version: text(),
  passphrase: text('none'),
  'key-size': text(),
  'curve-name': text('none'),
  'security-type': text(),
  '-public-key': text(),
  '-pem': text(),
};

const deviceGroup: Properties = {
  'asm-sync': words(onOff, 'disabled'),
  'auto-sync': words(onOff, 'disabled'),
  description: text('none'),
  devices: entries({ 'set-sync-leader': flag('') }),
  'full-load-on-sync': words('true false', 'false'),
  hidden: text('false'),
  'incremental-config-sync-size-max': number(0, most, 1024),
  'network-failover': words(onOff, 'enabled'),
  'save-on-auto-sync': words('true false', 'false'),
  type: words('sync-failover sync-only', 'sync-only'),
};

/** A policy's words as they are used most; of the rest a device has hundreds. */
const policyAction: Properties = {
  ...flags(
    'forward select redirect http-reply reset enable disable log tcl request response http-header http-uri http-host insert replace remove',
  ),
  pool: ref('ltm pool', 'none'),
  location: text(),
  name: text(),
  value: text(),
  path: text(),
  code: text(),
};
const policyCondition: Properties = {
  ...flags(
    'http-uri http-host http-header http-method tcp ssl-extension path host all extension query-string starts-with ends-with contains equals matches not case-insensitive case-sensitive request response external present address server-name',
  ),
  name: text(),
  values: list(),
};
const policy: Properties = {
  controls: list(),
  description: text('none'),
  'last-modified': text(),
  requires: list(),
  rules: entries({
    actions: entries(policyAction),
    conditions: entries(policyCondition),
    description: text('none'),
    ordinal: number(0, most, 0),
  }),
  status: words('draft legacy published'),
  strategy: text(),
};

type Row = readonly [id: string, label: string, properties: Properties, shape?: 'single' | 'bare'];

const any: Properties = {};
const rows: readonly Row[] = [
  ['ltm pool', 'Pool', pool],
  ['ltm node', 'Node', node],
  ['ltm virtual', 'Virtual Server', virtual],
  ['ltm virtual-address', 'Virtual Address', virtualAddress],
  ['ltm monitor http', 'monitor', { ...probe, ...answering, ...asking }],
  ['ltm monitor https', 'monitor', { ...probe, ...answering, ...asking, ...overTls }],
  ['ltm monitor tcp', 'monitor', { ...probe, ...answering }],
  ['ltm monitor udp', 'monitor', { ...probe, ...answering, debug: words('yes no') }],
  ['ltm monitor tcp-half-open', 'monitor', probe],
  ['ltm monitor gateway-icmp', 'monitor', probe],
  ['ltm monitor icmp', 'monitor', probe],
  ['ltm monitor external', 'monitor', { ...probe, args: text(), run: text() }],
  [
    'ltm persistence cookie',
    'profile',
    {
      ...persistence,
      'always-send': words(onOff),
      'cookie-encryption': text(),
      'cookie-name': text(),
      expiration: text(),
      'hash-length': text(),
      'hash-offset': text(),
      httponly: words(onOff),
      method: words('insert rewrite passive hash'),
      secure: words(onOff),
    },
  ],
  [
    'ltm persistence source-addr',
    'profile',
    { ...persistence, 'hash-algorithm': words('default carp'), 'map-proxies': words(onOff), mask: text() },
  ],
  ['ltm persistence dest-addr', 'profile', { ...persistence, 'hash-algorithm': words('default carp'), mask: text() }],
  [
    'ltm persistence hash',
    'profile',
    {
      ...persistence,
      'hash-algorithm': words('default carp'),
      rule: ref('ltm rule', 'none'),
      'hash-length': text(),
      'hash-offset': text(),
    },
  ],
  ['ltm persistence ssl', 'profile', persistence],
  ['ltm persistence universal', 'profile', { ...persistence, rule: ref('ltm rule', 'none') }],
  [
    'ltm profile client-ssl',
    'ClientSSL Profile',
    {
      ...handshake,
      'cert-key-chain': entries(chainEntry),
      'inherit-certkeychain': words('true false'),
      'cert-extension-includes': list(),
      'client-cert-ca': ref('sys file ssl-cert', 'none'),
    },
  ],
  [
    'ltm profile server-ssl',
    'ServerSSL Profile',
    {
      ...handshake,
      'authenticate-name': text('none'),
      'expire-cert-response-control': text(),
      'untrusted-cert-response-control': text(),
    },
  ],
  [
    'ltm profile http',
    'profile',
    { 'defaults-from': ref('ltm profile'), 'insert-xforwarded-for': words(onOff), 'encrypt-cookies': list() },
  ],
  ['ltm profile tcp', 'profile', { 'defaults-from': ref('ltm profile'), 'idle-timeout': text() }],
  ['ltm profile udp', 'profile', { 'defaults-from': ref('ltm profile'), 'idle-timeout': text() }],
  ['ltm profile fastl4', 'profile', { 'defaults-from': ref('ltm profile'), 'idle-timeout': text() }],
  ['ltm profile one-connect', 'profile', { 'defaults-from': ref('ltm profile'), 'source-mask': text() }],
  ['ltm profile http2', 'profile', { 'defaults-from': ref('ltm profile') }],
  ['ltm rule', 'rule', any],
  ['ltm policy', 'policy', policy],
  ['ltm snatpool', 'SNAT pool', { members: list(), description: text('none') }],
  ['ltm snat-translation', 'SNAT translation', any],
  ['ltm default-node-monitor', 'default node monitor', { rule: { takes: { type: 'monitor' } } }, 'single'],
  ['sys file ssl-cert', 'Certificate File', certificateFile],
  ['sys file ssl-key', 'Certificate Key File', certificateFile],
  [
    'sys global-settings',
    'global settings',
    { hostname: text(), 'gui-setup': words(onOff), 'console-inactivity-timeout': text() },
    'single',
  ],
  [
    'sys folder',
    'folder',
    { 'device-group': text('none'), 'traffic-group': text(), description: text('none') },
    'bare',
  ],
  ['sys provision', 'module', { level: words('none minimum nominal dedicated custom') }, 'bare'],
  ['sys db', 'database variable', { value: text() }, 'bare'],
  ['auth partition', 'folder', { description: text('none'), 'default-route-domain': number(0, 65_534, 0) }, 'bare'],
  [
    'auth user',
    'user',
    {
      description: text('none'),
      'encrypted-password': text(),
      'partition-access': entries({ role: text() }),
      shell: words('none tmsh bash'),
    },
    'bare',
  ],
  ['net self', 'Self IP', any],
  ['net vlan', 'VLAN', any],
  ['net route-domain', 'route domain', { id: number(0, 65_534), description: text('none') }],
  ['cm device', 'device', { description: text('none'), comment: text('none') }],
  ['cm device-group', 'device group', deviceGroup],
  ['cm traffic-group', 'traffic group', { 'unit-id': text(), description: text('none'), 'is-floating': text() }],
  ['cm trust-domain', 'trust domain', any],
];

/** Every component that the simulation knows; of all others `list` shows what was loaded. */
export const kinds: readonly Kind[] = rows.map(([id, label, properties, shape]) => ({
  id,
  words: id.split(' '),
  label,
  properties,
  source: `${manual}, "${id}"`,
  isSingle: shape === 'single',
  isInCommon: shape === undefined,
}));

/** The component that the words begin with. */
export function kindOf(given: readonly string[]): Kind | undefined {
  const fits = kinds.filter(({ words: own }) => own.every((word, index) => word === given[index]));
  return fits.toSorted((a, b) => b.words.length - a.words.length)[0];
}
