import { Agent, type IncomingMessage, request as openRequest } from 'node:http';
import type { Socket } from 'node:net';
import { type BackendCounts, type Fault, startBackend } from '../../src-main/lab/backend.ts';

/** Back ends that count for themselves: the truth that a balancer's own figures are compared with. Named b1, b2 ... */
export interface Backends {
  readonly names: readonly string[];
  readonly ports: readonly number[];
  /** By name. */
  readonly counts: () => Readonly<Record<string, BackendCounts>>;
  readonly setDelay: (name: string, delayMs: number) => void;
  readonly setFault: (name: string, fault: Fault) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `n` back ends on free ports of 127.0.0.1, or one per given name. */
export async function startBackends(wanted: number | readonly string[]): Promise<Backends> {
  const names = typeof wanted === 'number' ? Array.from({ length: wanted }, (_, index) => `b${index + 1}`) : wanted;
  const backends = await Promise.all(names.map((name) => startBackend({ name })));
  function find(name: string) {
    const backend = backends.find((one) => one.name === name);
    if (!backend) throw new Error(`There is no back end ${name}, only ${names.join(', ')}`);
    return backend;
  }
  return {
    names,
    ports: backends.map((backend) => backend.port),
    counts: () => Object.fromEntries(backends.map((backend) => [backend.name, backend.counts()])),
    setDelay: (name, delayMs) => {
      find(name).setLatency({ medianMs: delayMs, spread: 0 });
    },
    setFault: (name, fault) => find(name).setFault(fault),
    close: async () => {
      await Promise.all(backends.map((backend) => backend.close()));
    },
  };
}

export interface RequestOptions {
  /** At one time; default 8. */
  readonly concurrency?: number;
  /** Default true: `concurrency` connections are used again and again. */
  readonly keepAlive?: boolean;
  readonly method?: string;
  /** Path of all requests, or of the one with this index; default `/`. `?bytes=N` asks a back end for a body of that size. */
  readonly path?: string | ((index: number) => string);
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** The address to come from (127.0.0.2 ... are all loopback), to look like different clients. */
  readonly localAddress?: string | ((index: number) => string);
  /** Whole time for one request; default 10 s. */
  readonly timeoutMs?: number;
}

/** What clients saw. Every request is in `byBackend` (whatever its status), or in `statuses` alone (the balancer's own), or a failure. */
export interface RequestCounts {
  readonly sent: number;
  /** By the answering back end's name. */
  readonly byBackend: Readonly<Record<string, number>>;
  readonly statuses: Readonly<Record<string, number>>;
  readonly bodyBytes: number;
  /** On the clients' sockets, heads and all. */
  readonly wireBytesReceived: number;
  /** Messages of those that got no whole answer. */
  readonly failures: readonly string[];
  /** The back ends' names in the order of the answers. */
  readonly order: readonly string[];
}

/** Sends `n` requests to 127.0.0.1:`port` and tells who answered them. */
export async function sendRequests(port: number, n: number, options: RequestOptions = {}): Promise<RequestCounts> {
  const concurrency = Math.min(options.concurrency ?? 8, Math.max(n, 1));
  const agent = new Agent({ keepAlive: options.keepAlive ?? true, maxSockets: Infinity });
  const byBackend: Record<string, number> = {};
  const statuses: Record<string, number> = {};
  const failures: string[] = [];
  const order: string[] = [];
  const sockets = new Set<Socket>();
  let bodyBytes = 0;
  let next = 0;
  async function client(): Promise<void> {
    while (next < n) {
      try {
        const answer = await sendOne(port, agent, next++, options, sockets);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        bodyBytes += answer.bytes;
        if (answer.backend === undefined) continue;
        byBackend[answer.backend] = (byBackend[answer.backend] ?? 0) + 1;
        order.push(answer.backend);
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: concurrency }, client));
  } finally {
    agent.destroy();
  }
  const wireBytesReceived = [...sockets].reduce((bytes, socket) => bytes + socket.bytesRead, 0);
  return { sent: n, byBackend, statuses, bodyBytes, wireBytesReceived, failures, order };
}

interface Answer {
  readonly status: number;
  readonly backend: string | undefined;
  readonly bytes: number;
}

function sendOne(
  port: number,
  agent: Agent,
  index: number,
  options: RequestOptions,
  sockets: Set<Socket>,
): Promise<Answer> {
  const { path = '/', localAddress } = options;
  return new Promise((resolve, reject) => {
    const request = openRequest({
      host: '127.0.0.1',
      port,
      agent,
      method: options.method ?? 'GET',
      path: typeof path === 'function' ? path(index) : path,
      headers: { ...options.headers },
      ...(localAddress === undefined
        ? {}
        : { localAddress: typeof localAddress === 'function' ? localAddress(index) : localAddress }),
    });
    const timer = setTimeout(() => {
      request.destroy(new Error(`no whole answer within ${options.timeoutMs ?? 10_000} ms`));
    }, options.timeoutMs ?? 10_000);
    request.on('close', () => {
      clearTimeout(timer);
    });
    request.on('socket', (socket) => sockets.add(socket));
    request.on('error', reject);
    request.on('response', (response) => {
      readAnswer(response).then(resolve, reject);
    });
    request.end(options.body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) bytes += chunk.length; // no encoding set
  const backend = response.headers['x-backend'];
  return { status: response.statusCode ?? 0, backend: typeof backend === 'string' ? backend : undefined, bytes };
}
