import {
  createServer,
  request,
  type Agent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';

/** A member whose answers a test writes: by path, the nth request gets what `answer` does with it. */
export interface CacheOrigin {
  readonly port: number;
  /** Requests heard so far, by path. */
  readonly heard: (path: string) => readonly IncomingHttpHeaders[];
  readonly serve: (
    path: string,
    answer: (request: IncomingMessage, response: ServerResponse, turn: number) => void,
  ) => void;
  readonly close: () => Promise<void>;
}

export function startOrigin(): Promise<CacheOrigin> {
  const answers = new Map<string, Parameters<CacheOrigin['serve']>[1]>();
  const heard = new Map<string, IncomingHttpHeaders[]>();
  const server = createServer((incoming, response) => {
    const path = (incoming.url ?? '').split('?', 1)[0] ?? '';
    const requests = heard.get(path) ?? [];
    heard.set(path, requests);
    requests.push(incoming.headers);
    const answer = answers.get(path);
    if (answer === undefined) response.writeHead(404).end('nothing here');
    else answer(incoming, response, requests.length);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        heard: (path) => heard.get(path) ?? [],
        serve: (path, answer) => answers.set(path, answer),
        close: () =>
          new Promise((done) => {
            server.close(() => {
              done();
            });
            server.closeAllConnections();
          }),
      });
    });
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Its connections may serve again. */
  readonly agent?: Agent;
  /** The head has come. */
  readonly onHead?: () => void;
}

/** One request on a connection of its own. Rejects where the answer is cut. */
export function ask(port: number, path: string, options: AskOptions = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        headers: { ...options.headers },
        agent: options.agent ?? false,
        timeout: 20_000,
      },
      (response) => {
        options.onHead?.();
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer to ${path}`)));
    outgoing.end(options.body);
  });
}
