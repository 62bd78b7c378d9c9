import type { CarriedMember, CarriedMethod, CarriedPersistence, CarriedServer } from '../carried.ts';
import type { ServedTls } from '../served-tls.ts';
import { type Bound, type Vserver, vserversOf } from './bindings.ts';
import { monitorsFor } from './carried-monitors.ts';
import { type ConfigLine, findArgument, isSame } from './config-line.ts';
import { type Configuration, findLines } from './configuration.ts';

export interface CarriedBy {
  readonly config: Configuration;
  readonly tls: (vserver: string) => ServedTls | undefined;
  /** It was disabled and still waits for its connections, or its delay. */
  readonly isWaiting: (name: string) => boolean;
}

/** What a NetScaler of this configuration does with connections (12.0 Command Reference, lb vserver, service, serviceGroup). */
export function carriedServersOf(by: CarriedBy): readonly CarriedServer[] {
  return vserversOf(by.config).flatMap((vserver) => {
    const protocol = protocols[vserver.protocol.toUpperCase()];
    return protocol === undefined ? [] : [serverOf(by, vserver, protocol)];
  });
}

const protocols: Readonly<Record<string, CarriedServer['protocol']>> = {
  HTTP: 'http',
  SSL: 'http',
  TCP: 'tcp',
  SSL_TCP: 'tcp',
  SSL_BRIDGE: 'tls-passthrough',
  UDP: 'udp',
};

function serverOf(by: CarriedBy, vserver: Vserver, protocol: CarriedServer['protocol']): CarriedServer {
  const { name, address, port, isEnabled, method, bound } = vserver;
  const [line] = findLines(by.config, 'add', 'lb vserver', name);
  const tls = protocol === 'tls-passthrough' ? undefined : by.tls(name);
  const persistence = line === undefined ? undefined : persistenceOf(line, name, tls !== undefined);
  const isTlsToMembers = protocol !== 'tls-passthrough' && bound.some((one) => /^SSL(_TCP)?$/i.test(one.protocol));
  return {
    key: vserverKey(name),
    address,
    port,
    protocol,
    // Without a certificate it is down.
    isOn: isEnabled && tls?.certificates.length !== 0,
    pool: {
      name,
      method: methods[method.toUpperCase()] ?? { name: 'round-robin' },
      members: bound.map((one) => memberOf(by, one)),
      ...(isTlsToMembers && { isTlsToMembers }),
    },
    ...(persistence !== undefined && { persistence }),
    ...(tls !== undefined && { tls }),
    ...(protocol === 'http' && { tellsClient: bound.some((one) => tellsClient(ownerOf(by.config, one))) }),
  };
}

/** What counters are kept of; those of members go by their names. */
export function vserverKey(name: string): string {
  return `vserver ${name}`;
}

/** Methods that look at what nothing measures here (CUSTOMLOAD, TOKEN, STATICPROXIMITY ...) take turns. */
const methods: Readonly<Record<string, CarriedMethod>> = {
  LEASTCONNECTION: { name: 'least-connections' },
  LEASTREQUEST: { name: 'least-requests' },
  LEASTRESPONSETIME: { name: 'least-response-time' },
  LRTM: { name: 'least-response-time' },
  LEASTBANDWIDTH: { name: 'least-bandwidth' },
  LEASTPACKETS: { name: 'least-bandwidth' },
  URLHASH: { name: 'uri-hash' },
  DOMAINHASH: { name: 'host-hash' },
  SOURCEIPHASH: { name: 'source-ip-hash' },
  SRCIPDESTIPHASH: { name: 'source-ip-hash' },
  SRCIPSRCPORTHASH: { name: 'source-ip-port-hash' },
  DESTINATIONIPHASH: { name: 'dest-ip-hash' },
};

function ownerOf(config: Configuration, { name, group }: Bound): ConfigLine | undefined {
  return group === ''
    ? findLines(config, 'add', 'service', name)[0]
    : findLines(config, 'add', 'serviceGroup', group)[0];
}

function memberOf(by: CarriedBy, bound: Bound): CarriedMember {
  const { name, address, port, weight } = bound;
  const owner = ownerOf(by.config, bound);
  return {
    key: name,
    address,
    port,
    weight,
    state: stateOf(by, bound, owner),
    connectionLimit: Number((owner === undefined ? undefined : findArgument(owner, 'maxClient')) ?? 0),
    monitors: owner === undefined ? [] : monitorsFor(by.config, owner),
    cookieValue: cookieValueOf(address, port),
  };
}

/** Down state flush, which is normal, ends what runs as soon as a service is out (CTX124710); while it leaves, persistent clients come. */
function stateOf(by: CarriedBy, { name, isEnabled }: Bound, owner: ConfigLine | undefined): CarriedMember['state'] {
  if (isEnabled) return 'enabled';
  if (by.isWaiting(name)) return 'draining';
  const isFlushed = owner === undefined || findArgument(owner, 'downStateFlush') !== 'DISABLED';
  return isFlushed ? 'cut' : 'disabled';
}

/** `-cip ENABLED X-Forwarded-For`. */
function tellsClient(owner: ConfigLine | undefined): boolean {
  const values = owner?.args.find(({ name }) => isSame(name, 'cip'))?.values.map(({ text }) => text) ?? [];
  return values[0] === 'ENABLED' && isSame(values[1] ?? '', 'X-Forwarded-For');
}

/** Time-outs are minutes; 0 has no end, as a cookie of the session has none. */
function persistenceOf(line: ConfigLine, vserver: string, isTls: boolean): CarriedPersistence | undefined {
  const minutes = Number(findArgument(line, 'timeout') ?? 2);
  const timed = { timeoutMs: minutes * 60_000 };
  const isBacked = findArgument(line, 'persistenceBackup') === 'SOURCEIP';
  const fallback = isBacked ? ({ fallback: 'source-ip' } as const) : {};
  switch ((findArgument(line, 'persistenceType') ?? 'NONE').toUpperCase()) {
    case 'COOKIEINSERT':
      return {
        method: 'cookie-insert',
        cookieName: findArgument(line, 'cookieName') ?? cookieNameOf(vserver),
        isCookieHttpOnly: true,
        isCookieSecure: isTls,
        ...fallback,
      };
    case 'SOURCEIP':
      return { method: 'source-ip', ...prefixOf(findArgument(line, 'persistMask')), ...timed };
    case 'DESTIP':
      return { method: 'dest-ip', ...timed };
    case 'SSLSESSION':
      return { method: 'tls-session-id', ...timed, ...fallback };
    default:
      return undefined;
  }
}

function prefixOf(mask = ''): { readonly ipv4Prefix?: number } {
  if (!/^\d+(\.\d+){3}$/.test(mask)) return {};
  const ones = mask.split('.').map((part) => Number(part).toString(2).replaceAll('0', '').length);
  return { ipv4Prefix: ones.reduce((sum, one) => sum + one, 0) };
}

/** `NSC_` and the name with each letter moved on by one, as public decoders of these cookies have it (from memory). */
function cookieNameOf(vserver: string): string {
  const moved = vserver.replaceAll(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0);
    return /z/i.test(letter) ? String.fromCharCode(code - 25) : String.fromCharCode(code + 1);
  });
  return `NSC_${moved}`;
}

/** Address and port in hexadecimal; the real one is scrambled. */
function cookieValueOf(address: string, port: number): string {
  const hex = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `ffffffff${address.includes(':') ? address.replaceAll(':', '') : hex.join('')}${port.toString(16).padStart(4, '0')}`;
}
