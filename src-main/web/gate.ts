import { X509Certificate } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/** Which Hosts this server answers to. Any other name may be one that a foreign page has pointed at us (DNS rebinding). */
export interface Gate {
  readonly scheme: 'http' | 'https';
  readonly hosts: ReadonlySet<string>;
  /** What stands in a link: an address that is listened on, or a name of the certificate where all are. */
  readonly linkHost: string;
}

/** `host` as asked for and `address` as listened on; a certificate adds the names that it was made for. */
export function openGate(host: string, address: string, port: number, certificate?: string): Gate {
  const scheme = certificate === undefined ? 'http' : 'https';
  const certified = certificate === undefined ? [] : namesIn(certificate);
  const names = [host, address, 'localhost', ...certified].map(asHost);
  const isDefaultPort = port === (scheme === 'https' ? 443 : 80);
  const hosts = names.flatMap((name) => (isDefaultPort ? [name, `${name}:${port}`] : [`${name}:${port}`]));
  const isEveryAddress = address === '0.0.0.0' || address === '::';
  return { scheme, hosts: new Set(hosts), linkHost: isEveryAddress ? (certified[0] ?? 'localhost') : host };
}

/** Why a request is refused before anything else is looked at, or undefined. An upgrade must say its Origin: browsers always do. */
export function refusal(gate: Gate, headers: IncomingHttpHeaders, isUpgrade: boolean): string | undefined {
  const host = headers.host?.toLowerCase() ?? '';
  if (!gate.hosts.has(host)) return 'The Host of this request is not this console.';
  const { origin } = headers;
  if (origin === undefined) return isUpgrade ? 'A connection needs an Origin.' : undefined;
  return origin.toLowerCase() === `${gate.scheme}://${host}` ? undefined : 'Pages of another origin are not let in.';
}

/** Loopback by its number or as `localhost`; any other name could become another address tomorrow. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

export function asHost(address: string): string {
  return (isIP(address) === 6 ? `[${address}]` : address).toLowerCase();
}

function namesIn(certificate: string): string[] {
  const names = new X509Certificate(certificate).subjectAltName ?? '';
  return names.split(', ').flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined || name.includes('*') ? [] : [name];
  });
}
