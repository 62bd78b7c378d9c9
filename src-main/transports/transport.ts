/** What drivers see of a wire. No driver opens one; the console opens it and hands it in. */

export interface ExecResult {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Whole time for the call; past it TIMED_OUT and the channel is closed. Default 15 s. */
  readonly timeoutMs?: number;
  /** Most bytes taken of an answer; past it OUTPUT_UNPARSED and the channel is closed. Default 32 MiB. */
  readonly maxBytes?: number;
}

/**
 * One kept connection to a host (SSH). Errors are `AppError`s: UNREACHABLE, AUTH_FAILED, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, TIMED_OUT,
 * SESSION_CLOSED, OUTPUT_UNPARSED (too long), PERMISSION_DENIED, NOT_FOUND (a file or socket that is not there).
 */
export interface HostSession {
  /** Runs a command line by the account's login shell. A non-zero exit is a result, not an error. */
  readonly exec: (command: string, options?: CallOptions & { readonly stdin?: Buffer }) => Promise<ExecResult>;
  /** Reads a whole file (SFTP). */
  readonly readFile: (path: string, options?: CallOptions) => Promise<Buffer>;
  /** Writes `text` to a Unix socket on the host, half closes, and reads the answer to its end (direct-streamlocal@openssh.com). */
  readonly request: (socketPath: string, text: string, options?: CallOptions) => Promise<Buffer>;
  /**
   * The certificate (DER) that a TLS server answers with when asked for a name, by TCP as seen from the host (direct-tcpip); the
   * certificate is looked at, not trusted. Absent where the wire cannot. Throws CAPABILITY_MISSING where sshd forbids forwarding.
   */
  readonly handshake?: (to: TlsTarget, options?: CallOptions) => Promise<Buffer>;
  /**
   * Opens an interactive shell with a terminal and lets `talk` type and read there; it is closed when `talk` has ended, or its time is
   * over. Absent where the wire has none. Throws CAPABILITY_MISSING where the server opens none.
   */
  readonly converse?: <T>(talk: (wire: TerminalWire) => Promise<T>, options?: CallOptions) => Promise<T>;
  readonly isOpen: () => boolean;
  readonly close: () => void;
}

/** Both directions of a terminal. */
export interface TerminalWire {
  readonly write: (text: string) => void;
  /** Called with each piece of what comes, in its order; what came before is kept for the first listener. */
  readonly onText: (listener: (text: string) => void) => void;
  /** The far end closed the terminal. */
  readonly onEnd: (listener: () => void) => void;
}

export interface TlsTarget {
  readonly host: string;
  readonly port: number;
  /** Sent as SNI; absent = none is sent. */
  readonly serverName?: string;
}

/** HTTP with JSON bodies to one admin interface, over a Unix socket or loopback TCP. A status of 400 and more is a result, not an error. */
export interface HttpSession {
  readonly fetch: (
    method: string,
    path: string,
    body?: string,
    options?: CallOptions,
  ) => Promise<{ readonly status: number; readonly body: Buffer }>;
  readonly close: () => void;
}

/**
 * One value as an agent sent it. `tag` is its ASN.1 tag (RFC 2578): 2 INTEGER, 4 OCTET STRING, 6 OBJECT IDENTIFIER, 64 IpAddress,
 * 65 Counter32, 66 Gauge32, 67 TimeTicks, 68 Opaque, 70 Counter64. Numbers of up to 32 bits are numbers, OIDs and IPv4 addresses
 * dotted text, everything else (a Counter64 too) its bytes.
 */
export interface SnmpCell {
  readonly tag: number;
  readonly value: number | string | Buffer;
}
/** A column of a table: its cells by row index, the dotted text behind the column's OID, in the agent's order. */
export type SnmpColumn = ReadonlyMap<string, SnmpCell>;

/**
 * One SNMP agent. OIDs are dotted text without a leading dot. Errors are `AppError`s: UNREACHABLE, AUTH_FAILED (v3: user, password or
 * protocol), PERMISSION_DENIED, TIMED_OUT (no answer; a wrong community looks like that), OUTPUT_UNPARSED (unreadable, endless, or
 * longer than `maxBytes`), COMMAND_REJECTED (the agent's own error), CANCELLED, SESSION_CLOSED.
 */
export interface SnmpSession {
  /** Scalars by their whole OID (`.0`); undefined where the agent has none. */
  readonly get: (oids: readonly string[], options?: CallOptions) => Promise<readonly (SnmpCell | undefined)[]>;
  /** Whole columns, read side by side by GETBULK (v1: GETNEXT); one answer per column asked for, empty where there is none. */
  readonly walk: (columns: readonly string[], options?: CallOptions) => Promise<readonly SnmpColumn[]>;
  readonly close: () => void;
}

export type Session =
  | { readonly kind: 'host'; readonly host: HostSession }
  | { readonly kind: 'http'; readonly http: HttpSession }
  | { readonly kind: 'snmp'; readonly snmp: SnmpSession };
