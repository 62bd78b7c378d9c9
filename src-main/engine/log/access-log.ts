/** What the log asks of a client's connection. */
export interface LoggedEndpoint {
  readonly clientAddress: string;
  readonly clientPort: number;
  /** Empty in clear text. */
  readonly tlsVersion: string;
}

/** What the log asks of a request. */
export interface LoggedRequest {
  readonly method: () => string;
  readonly host: () => string;
  readonly path: () => string;
}

/** What is written of one exchange, or of one flow without requests; filled in while it runs. */
export interface LogEntry {
  /** Of a flow (`tcp`, `tls-passthrough`, `udp`); empty for an exchange of HTTP, which alone has what belongs to a request. */
  readonly protocol: string;
  readonly atMs: number;
  readonly startedMs: number;
  readonly client: string;
  readonly clientPort: number;
  readonly virtualServer: string;
  readonly tls: string;
  readonly httpVersion: string;
  readonly method: string;
  readonly host: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  /** What a flow's ClientHello asks for; empty = nothing, or it is no TLS. */
  serverName: string;
  pool: string;
  member: string;
  status: number;
  bytesIn: number;
  bytesOut: number;
  /** From the last sending to the response's head, of `tcp` and `tls-passthrough` to the connection with the member; -1 = there was none. */
  responseMs: number;
  retries: number;
  /** Why it ended, as the drops are named; empty = it was completed. */
  cause: string;
}

/** A part of the log on its way to the one process that writes it. */
export interface LogBatch {
  readonly text: string;
  readonly lines: number;
  /** Lines that there was no room for since the last batch. */
  readonly lost: number;
  readonly bytes: number;
}

export interface AccessLogOptions {
  /** The share of exchanges that is written. */
  readonly sample: number;
  readonly chance: () => number;
  readonly send: (batch: LogBatch) => void;
}

/** Lines are handed on when so many bytes have come together, or at the next beat. */
const batchBytes = 32_768;
const beatMs = 50;
/** So much may wait to be written; beyond it lines are lost, and counted. */
const maxWaitingBytes = 4_194_304;

/** A worker's side of the access log: makes lines, never waits, holds a bounded part of them. */
export class AccessLog {
  #options: AccessLogOptions;
  #lines: string[] = [];
  #bytes = 0;
  #lost = 0;
  /** Handed on and not yet written. */
  #waiting = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(options: AccessLogOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.flush();
    }, beatMs).unref();
  }

  set sample(sample: number) {
    this.#options = { ...this.#options, sample };
  }

  /** An entry for a request, or for a connection whose request could not be read; undefined where it is not in the sample. */
  begin(
    virtualServer: string,
    endpoint: LoggedEndpoint,
    request: LoggedRequest | undefined,
    httpVersion: string,
  ): LogEntry | undefined {
    const { sample, chance } = this.#options;
    if (sample < 1 && chance() >= sample) return undefined;
    return {
      protocol: '',
      atMs: Date.now(),
      startedMs: performance.now(),
      client: endpoint.clientAddress,
      clientPort: endpoint.clientPort,
      virtualServer,
      tls: endpoint.tlsVersion,
      httpVersion,
      method: request?.method() ?? '',
      host: request?.host() ?? '',
      path: request?.path() ?? '',
      serverName: '',
      pool: '',
      member: '',
      status: 0,
      bytesIn: 0,
      bytesOut: 0,
      responseMs: -1,
      retries: 0,
      cause: '',
    };
  }

  /** An entry for a flow: all that one client says to a virtual server without requests. */
  beginFlow(virtualServer: string, endpoint: LoggedEndpoint, protocol: string): LogEntry | undefined {
    const entry = this.begin(virtualServer, endpoint, undefined, '');
    return entry === undefined ? undefined : { ...entry, protocol };
  }

  end(entry: LogEntry): void {
    const line = lineOf(entry);
    if (this.#waiting + this.#bytes + line.length > maxWaitingBytes) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#bytes += line.length;
    if (this.#bytes >= batchBytes) this.flush();
  }

  flush(): void {
    if (this.#lines.length === 0 && this.#lost === 0) return;
    const batch = { text: this.#lines.join(''), lines: this.#lines.length, lost: this.#lost, bytes: this.#bytes };
    this.#waiting += this.#bytes;
    this.#lines = [];
    this.#bytes = this.#lost = 0;
    this.#options.send(batch);
  }

  /** So much of what was handed on has left. */
  written(bytes: number): void {
    this.#waiting -= bytes;
  }

  /** Hands on what there is; nothing comes after it. */
  close(): void {
    clearInterval(this.#timer);
    this.flush();
  }
}

function lineOf(entry: LogEntry): string {
  const { responseMs, protocol } = entry;
  const line = {
    at: new Date(entry.atMs).toISOString(),
    client: entry.client,
    clientPort: entry.clientPort,
    virtualServer: entry.virtualServer,
    ...(entry.pool === '' ? {} : { pool: entry.pool }),
    ...(entry.member === '' ? {} : { member: entry.member }),
    ...(entry.tls === '' ? {} : { tls: entry.tls }),
    ...(entry.serverName === '' ? {} : { sni: entry.serverName }),
    ...(protocol === '' ? requestOf(entry) : { protocol }),
    bytesIn: entry.bytesIn,
    bytesOut: entry.bytesOut,
    durationMs: round(performance.now() - entry.startedMs),
    ...(responseMs < 0 ? {} : { responseMs: round(responseMs) }),
    retries: entry.retries,
    cause: entry.cause === '' ? 'complete' : entry.cause,
  };
  return `${JSON.stringify(line)}\n`;
}

function requestOf({ httpVersion, method, host, path, status }: LogEntry) {
  return { httpVersion, method, host, path, status };
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000;
}
