import type { ServedTls } from './served-tls.ts';

/**
 * What a simulated appliance is configured to do with traffic, in words that all vendors share. Each vendor's `carried.ts` reads it out
 * of that vendor's own configuration; `carrier.ts` does it.
 */
export interface CarriedServer {
  /** Names its counters. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'http' | 'tcp' | 'udp' | 'tls-passthrough';
  /** It takes connections. */
  readonly isOn: boolean;
  /** 0 or absent = none. */
  readonly connectionLimit?: number;
  readonly pool: CarriedPool;
  readonly persistence?: CarriedPersistence;
  /** Towards clients; absent = clear text. Without a certificate one is made up. */
  readonly tls?: ServedTls;
  /** Tells the member the client's address in X-Forwarded-For. */
  readonly tellsClient?: boolean;
}

export interface CarriedPool {
  /** Virtual servers whose pools have one name share its turns. */
  readonly name: string;
  readonly method: CarriedMethod;
  readonly members: readonly CarriedMember[];
  /** Fewer up in a priority group: the next group joins. */
  readonly minActive?: number;
  /** How many of a member's monitors must pass; absent = all. */
  readonly monitorsRequired?: number;
  /** Members are asked in TLS, whoever they are. */
  readonly isTlsToMembers?: boolean;
}

/** The engine's words. A hash may look at a header or a cookie. */
export interface CarriedMethod {
  readonly name:
    | 'round-robin'
    | 'least-connections'
    | 'least-requests'
    | 'least-response-time'
    | 'least-bandwidth'
    | 'least-sessions'
    | 'random'
    | 'source-ip-hash'
    | 'source-ip-port-hash'
    | 'dest-ip-hash'
    | 'uri-hash'
    | 'host-hash'
    | 'header-hash'
    | 'cookie-hash';
  readonly key?: string;
}

export interface CarriedMember {
  /** Names its counters, and its health. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  /** In the vendor's own range; shares are what counts. Default 1. */
  readonly weight?: number;
  /** The highest group serves. Default 0. */
  readonly priority?: number;
  /** `draining` lets held clients in, `disabled` nobody; what runs goes on in both, and is cut in `cut`. */
  readonly state: 'enabled' | 'draining' | 'disabled' | 'cut';
  readonly connectionLimit?: number;
  readonly monitors: readonly CarriedMonitor[];
  /** What a cookie of persistence says of it. */
  readonly cookieValue?: string;
}

export interface CarriedMonitor {
  readonly type: 'http' | 'https' | 'tcp' | 'tcp-half-open' | 'tcp-send-expect' | 'tls-hello';
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** So many in a row change the verdict. */
  readonly rise: number;
  readonly fall: number;
  readonly port?: number;
  readonly address?: string;
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly expectStatus?: readonly string[];
  readonly expectBody?: string;
  /** With `\r \n \t \0 \\ \xHH`. */
  readonly send?: string;
  /** The same, or `/regex/`. */
  readonly expect?: string;
}

export interface CarriedPersistence {
  readonly method: 'cookie-insert' | 'source-ip' | 'dest-ip' | 'tls-session-id' | 'header' | 'query-param';
  readonly cookieName?: string;
  readonly isCookieSecure?: boolean;
  readonly isCookieHttpOnly?: boolean;
  readonly key?: string;
  readonly ipv4Prefix?: number;
  readonly timeoutMs?: number;
  readonly fallback?: 'source-ip';
}

/** Only these are served by a real socket: nothing of a simulated appliance leaves the machine. */
export function isLoopback(address: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(address) || address === '::1';
}
