import { createHash, randomBytes } from 'node:crypto';
import { createServer, Agent as HttpAgent, request as openHttp, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as openHttps } from 'node:https';
import { WebSocket, WebSocketServer } from 'ws';

/** A back end for soaks: `/small`, `/big` (10 MiB), an echo of what is posted, and a WebSocket that echoes. */
export interface MixedBackend {
  readonly port: number;
  readonly bigDigest: string;
  readonly close: () => Promise<void>;
}

const smallBody = 's'.repeat(1024);
const bigBody = randomBytes(10_485_760);

export async function startMixedBackend(): Promise<MixedBackend> {
  const server = createServer((request, response) => {
    if (request.url === '/big') response.end(bigBody);
    else if (request.method === 'POST') request.pipe(response);
    else response.end(smallBody);
  });
  server.keepAliveTimeout = 60_000;
  const sockets = new WebSocketServer({ server, maxPayload: 64 * 1_048_576 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    bigDigest: createHash('sha256').update(bigBody).digest('hex'),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets.clients) socket.terminate();
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Where the load goes. Without `tls` only clear text is spoken. */
export interface LoadTarget {
  readonly port: number;
  readonly tls?: { readonly port: number; readonly ca: string };
  readonly bigDigest: string;
}

export type LoadKind = 'small' | 'post' | 'big' | 'close' | 'tls' | 'tls-close' | 'socket' | 'tls-socket';

/** Clients of several kinds that ask one thing after another until `stop`; every answer is compared byte for byte or by its hash. */
export class MixedLoad {
  readonly failures: string[] = [];
  readonly counts = new Map<LoadKind, number>();
  /** Durations in ms since the last `takeTimes`. */
  #times: number[] = [];
  readonly #target: LoadTarget;
  readonly #kept: HttpAgent;
  readonly #keptTls: HttpsAgent;
  readonly #clients: Promise<void>[] = [];
  #isOver = false;

  constructor(target: LoadTarget) {
    this.#target = target;
    this.#kept = new HttpAgent({ keepAlive: true });
    this.#keptTls = new HttpsAgent({ keepAlive: true });
  }

  /** One more client of each kind. */
  start(...kinds: readonly LoadKind[]): void {
    for (const kind of kinds) this.#clients.push(this.#client(kind));
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  takeTimes(): number[] {
    const times = this.#times;
    this.#times = [];
    return times;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#clients);
    this.#kept.destroy();
    this.#keptTls.destroy();
  }

  async #client(kind: LoadKind): Promise<void> {
    if (kind === 'socket' || kind === 'tls-socket') {
      await this.#converse(kind);
      return;
    }
    while (!this.#isOver) {
      const startedAt = performance.now();
      try {
        await this.#ask(kind);
        this.#count(kind, performance.now() - startedAt);
      } catch (error) {
        this.failures.push(`${kind}: ${error instanceof Error ? error.message : String(error)}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  }

  #count(kind: LoadKind, durationMs: number): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
    if (kind !== 'big') this.#times.push(durationMs);
  }

  #ask(kind: LoadKind): Promise<void> {
    const { tls } = this.#target;
    const isTls = kind.startsWith('tls') && tls !== undefined;
    const isKept = !kind.endsWith('close');
    const body = kind === 'post' ? randomBytes(20_000).toString('hex') : undefined;
    const options = {
      host: '127.0.0.1',
      port: isTls ? tls.port : this.#target.port,
      path: kind === 'big' ? '/big' : '/small',
      method: body === undefined ? 'GET' : 'POST',
      agent: isKept ? (isTls ? this.#keptTls : this.#kept) : false,
      timeout: 30_000,
    } as const;
    return new Promise((resolve, reject) => {
      const { bigDigest } = this.#target;
      function onResponse(response: IncomingMessage): void {
        const hash = kind === 'big' ? createHash('sha256') : undefined;
        let text = '';
        response.on('data', (part: Buffer) => {
          if (hash === undefined) text += part.toString('latin1');
          else hash.update(part);
        });
        response.on('error', reject);
        response.on('end', () => {
          const isRight = hash === undefined ? text === (body ?? smallBody) : hash.digest('hex') === bigDigest;
          if (response.statusCode === 200 && isRight) resolve();
          else reject(new Error(`status ${response.statusCode ?? 0}, ${text.length} bytes`));
        });
      }
      const outgoing = isTls ? openHttps({ ...options, ca: tls.ca }, onResponse) : openHttp(options, onResponse);
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 30 s')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** One WebSocket all the time: each message comes back as it was, pings are answered, it closes with its own code. */
  #converse(kind: 'socket' | 'tls-socket'): Promise<void> {
    const { tls, port } = this.#target;
    const socket =
      kind === 'tls-socket' && tls !== undefined
        ? new WebSocket(`wss://127.0.0.1:${tls.port}/`, { ca: tls.ca })
        : new WebSocket(`ws://127.0.0.1:${port}/`);
    return new Promise((resolve) => {
      let sent: Buffer = Buffer.alloc(0);
      let sentAt = 0;
      const say = (): void => {
        if (this.#isOver) {
          socket.close(4001, 'done');
          return;
        }
        sent = randomBytes(1 + Math.floor(sent.length === 0 ? 100 : (sent.length * 7) % 200_000));
        sentAt = performance.now();
        socket.send(sent);
        socket.ping();
      };
      socket.on('open', say);
      socket.on('message', (data: Buffer) => {
        if (data.equals(sent)) this.#count(kind, performance.now() - sentAt);
        else this.failures.push(`${kind}: ${data.length} bytes came back for ${sent.length}`);
        setTimeout(say, 5);
      });
      socket.on('error', (error) => this.failures.push(`${kind}: ${error.message}`));
      socket.on('close', (code, reason) => {
        if (code !== 4001 || reason.toString() !== 'done') this.failures.push(`${kind}: closed with ${code}`);
        resolve();
      });
    });
  }
}
