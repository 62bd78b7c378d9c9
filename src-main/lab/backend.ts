import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * What a back end can do wrong. `slow`: twentyfold latency; `5xx`: 500 to everything but the monitor; `refuse`: nothing listens;
 * `hang`: accepts and never answers; `cut`: half a body, then a reset; `no-monitor`: only /health fails.
 */
export const faults = ['none', 'slow', '5xx', 'refuse', 'hang', 'cut', 'no-monitor'] as const;
export type Fault = (typeof faults)[number];

/** Log-normal latency: half of the answers come within `medianMs`; `spread` is the standard deviation of the logarithm. */
export interface Latency {
  readonly medianMs: number;
  readonly spread: number;
}

/** What a back end counted by itself. Requests for /health are `checks` and nothing else; their connections' bytes are left out. */
export interface BackendCounts {
  readonly requests: number;
  readonly checks: number;
  readonly connections: number;
  readonly responses: Readonly<Record<string, number>>;
  /** Bodies alone; `wire*` with heads and chunk marks, as the socket saw them. `in` = towards this back end. */
  readonly bodyBytesIn: number;
  readonly bodyBytesOut: number;
  readonly wireBytesIn: number;
  readonly wireBytesOut: number;
}

export interface BackendOptions {
  readonly name: string;
  /** 0 (the default) = any free port of 127.0.0.1. */
  readonly port?: number;
  readonly latency?: Latency;
  /** Numbers in [0, 1) that latencies are drawn from. */
  readonly chance?: () => number;
}

export interface Backend {
  readonly name: string;
  readonly port: number;
  readonly latency: () => Latency;
  readonly setLatency: (latency: Latency) => void;
  /** Resolves when the fault is in force (for `refuse` and back: when the port is closed or open again). */
  readonly setFault: (fault: Fault) => Promise<void>;
  readonly counts: () => BackendCounts;
  readonly close: () => Promise<void>;
}

const largestBodyBytes = 16 * 1024 * 1024;

/**
 * An HTTP server on loopback that answers with its own name (header `x-backend`, and the body starts with it), padded to `?bytes=N`.
 * GET /health answers 200. Throws what `listen` throws (EADDRINUSE ...).
 */
export async function startBackend(options: BackendOptions): Promise<Backend> {
  const { name, chance = (): number => 0.5 } = options;
  let latency = options.latency ?? { medianMs: 0, spread: 0 };
  let fault: Fault = 'none';
  const tally = createTally();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      tally.end(socket);
    });
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isCheck = request.url === '/health';
    tally.begin(request, isCheck);
    const state = fault;
    for await (const chunk of request as AsyncIterable<Buffer>) tally.bodyIn(isCheck ? 0 : chunk.length); // no encoding set
    const delayMs = draw(latency, chance) * (state === 'slow' ? 20 : 1);
    if (delayMs >= 1 && !isCheck) await new Promise((done) => setTimeout(done, delayMs).unref());
    if (state === 'hang' || request.socket.destroyed) return;
    const isFailing = state === '5xx' ? !isCheck : state === 'no-monitor' && isCheck;
    const body = padded(name, request.url ?? '/');
    response.writeHead(isFailing ? 500 : 200, {
      'content-type': 'text/plain',
      'content-length': body.length,
      'x-backend': name,
    });
    if (state === 'cut') {
      response.write(body.subarray(0, body.length / 2), () => {
        request.socket.resetAndDestroy();
      });
      return;
    }
    response.end(request.method === 'HEAD' ? undefined : body);
    if (!isCheck) tally.answered(isFailing ? 500 : 200, request.method === 'HEAD' ? 0 : body.length);
  }

  let port = await listen(server, options.port ?? 0);
  return {
    name,
    get port() {
      return port;
    },
    latency: () => latency,
    setLatency: (wanted) => {
      latency = wanted;
    },
    setFault: async (wanted) => {
      const isListening = fault !== 'refuse';
      fault = wanted;
      if (wanted === 'refuse' && isListening) await shut(server, sockets);
      if (wanted !== 'refuse' && !isListening) port = await listen(server, port);
    },
    counts: () => tally.counts(sockets),
    close: async () => {
      if (server.listening) await shut(server, sockets);
    },
  };
}

function draw(latency: Latency, chance: () => number): number {
  if (latency.spread === 0) return latency.medianMs;
  const normal = Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance()); // Box-Muller
  return latency.medianMs * Math.exp(latency.spread * normal);
}

function padded(name: string, url: string): Buffer {
  const asked = Number(new URL(url, 'http://x').searchParams.get('bytes') ?? 0);
  const line = Buffer.from(`${name}\n`);
  return asked > line.length ? Buffer.concat([line], Math.min(asked, largestBodyBytes)) : line;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port); // listening on TCP, so never a path or null
    });
  });
}

function shut(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    for (const socket of sockets) socket.destroy();
  });
}

/** The counters. A connection whose first request is a check is a monitor's: its bytes are not counted. */
function createTally() {
  const monitors = new WeakSet<Socket>();
  const clients = new WeakSet<Socket>();
  const sums = { requests: 0, checks: 0, connections: 0, bodyBytesIn: 0, bodyBytesOut: 0 };
  const ended = { wireBytesIn: 0, wireBytesOut: 0 };
  const responses: Record<string, number> = {};
  return {
    begin: ({ socket }: IncomingMessage, isCheck: boolean): void => {
      if (isCheck) sums.checks++;
      else sums.requests++;
      if (monitors.has(socket) || clients.has(socket)) return;
      if (isCheck) monitors.add(socket);
      else {
        clients.add(socket);
        sums.connections++;
      }
    },
    bodyIn: (bytes: number): void => {
      sums.bodyBytesIn += bytes;
    },
    answered: (status: number, bytes: number): void => {
      const key = `${Math.floor(status / 100)}xx`;
      responses[key] = (responses[key] ?? 0) + 1;
      sums.bodyBytesOut += bytes;
    },
    end: (socket: Socket): void => {
      if (!clients.has(socket)) return;
      ended.wireBytesIn += socket.bytesRead;
      ended.wireBytesOut += socket.bytesWritten;
    },
    counts: (sockets: ReadonlySet<Socket>): BackendCounts => {
      const wire = { ...ended };
      for (const socket of sockets) {
        if (!clients.has(socket)) continue;
        wire.wireBytesIn += socket.bytesRead;
        wire.wireBytesOut += socket.bytesWritten;
      }
      return { ...sums, ...wire, responses: { ...responses } };
    },
  };
}
