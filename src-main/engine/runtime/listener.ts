import type { Forwarding } from '../http1/rewrite.ts';
import type { MemberRuntime } from './member.ts';
import type { VirtualServerRuntime } from './virtual-server.ts';

/** What the worker asks of a client's connection. */
export interface OpenConnection {
  /** Ends when its response is out, at once when it is idle. */
  readonly drain: () => void;
  /** Ends at once if its exchange runs on this member. */
  readonly cut: (member: MemberRuntime) => void;
  /** The member went down: goes on with another where that is safe, else as `cut`. */
  readonly reselect?: (member: MemberRuntime) => void;
}

/** One listening address. A reload swaps `server`: requests that run stay with what they began with. */
export interface Listener {
  readonly address: string;
  server: VirtualServerRuntime;
  /** How its requests are forwarded now, and how those of clients that have no address. */
  forwarding: Forwarding;
  silentForwarding: Forwarding;
  readonly connections: Set<OpenConnection>;
}

/** Points a listener at the virtual server of the newest configuration. */
export function serve(
  listener: Omit<Listener, 'server' | 'forwarding' | 'silentForwarding'>,
  server: VirtualServerRuntime,
): Listener {
  const { forwardedFor, forwarded } = server.settings.http;
  const forwarding: Forwarding = {
    mode: forwardedFor,
    hasForwarded: forwarded,
    protoLine: Buffer.from(`X-Forwarded-Proto: ${server.settings.tls === undefined ? 'http' : 'https'}\r\n`, 'latin1'),
    defaultHost: Buffer.from(listener.address.startsWith('unix:') ? 'localhost' : listener.address, 'latin1'),
  };
  const silentForwarding: Forwarding = { ...forwarding, mode: 'none', hasForwarded: false };
  return Object.assign(listener, { server, forwarding, silentForwarding });
}
