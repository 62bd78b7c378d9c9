import type { MemberRuntime } from './member.ts';
import type { VirtualServerRuntime } from './virtual-server.ts';

/** What the worker asks of a client's connection. */
export interface OpenConnection {
  /** Ends when its response is out, at once when it is idle. */
  readonly drain: () => void;
  /** Ends at once if its exchange runs on this member. */
  readonly cut: (member: MemberRuntime) => void;
}

/** One listening address. A reload swaps `server`: requests that run stay with what they began with. */
export interface Listener {
  readonly address: string;
  server: VirtualServerRuntime;
  readonly connections: Set<OpenConnection>;
}
