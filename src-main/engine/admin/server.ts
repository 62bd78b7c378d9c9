import { createHash, timingSafeEqual } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { formatListenAddress, parseListenAddress } from '../config/listen-address.ts';
import type { EngineSettings } from '../config/settings.ts';
import { refusal, removeStaleSocket } from '../supervisor/listeners.ts';
import { AdminProblem, sendProblem } from './problem-document.ts';
import { answerCall, type AdminTarget } from './routes.ts';

const maxBodyBytes = 8_388_608;

/** The admin interface, listening: on a Unix socket (owner only) and, where asked for, on loopback with a token. */
export interface AdminServer {
  readonly socket: string;
  /** With the port that the system chose; empty where it does not listen. */
  readonly listen: string;
  readonly close: () => void;
}

/** Throws ADDRESS_IN_USE or PERMISSION_DENIED. */
export async function openAdmin(settings: EngineSettings['admin'], target: AdminTarget): Promise<AdminServer> {
  const servers: Server[] = [];
  let listen = '';
  if (settings.socket !== '') {
    await removeStaleSocket(settings.socket);
    const server = create(target, undefined);
    servers.push(server);
    await open(server, { path: settings.socket }, `unix:${settings.socket}`);
    chmodSync(settings.socket, 0o600);
  }
  const address = settings.listen === '' ? undefined : parseListenAddress(settings.listen);
  if (address?.kind === 'tcp') {
    const server = create(target, settings.token);
    servers.push(server);
    await open(server, { host: address.host, port: address.port }, settings.listen);
    const bound = server.address();
    const port = bound !== null && typeof bound === 'object' ? bound.port : address.port;
    listen = formatListenAddress({ ...address, port });
  }
  return {
    socket: settings.socket,
    listen,
    close: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
      if (settings.socket !== '') rmSync(settings.socket, { force: true });
    },
  };
}

function open(server: Server, where: { path: string } | { host: string; port: number }, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(refusal(name, error.code ?? error.message));
    });
    server.listen(where, resolve);
  });
}

/** `token` undefined = a Unix socket, guarded by its file mode. */
function create(target: AdminTarget, token: string | undefined): Server {
  const server = createServer((request, response) => {
    void serve(target, token, request, response);
  });
  server.requestTimeout = 30_000;
  return server;
}

async function serve(
  target: AdminTarget,
  token: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (token !== undefined) authorize(request, token);
    await answerCall(target, request, () => readJson(request), response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else sendProblem(response, error);
  }
}

/** A web page can make a browser call loopback: the Host must be a loopback name and the token must be there. */
function authorize(request: IncomingMessage, token: string): void {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase();
  if (host !== 'localhost' && host !== '[::1]' && !/^127(\.\d{1,3}){3}$/.test(host)) {
    throw new AdminProblem(
      403,
      'The host is refused.',
      `"${host}" is not a loopback name: call 127.0.0.1, [::1] or localhost.`,
    );
  }
  if (request.url === '/healthz') return;
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (!timingSafeEqual(digest(given), digest(token))) {
    throw new AdminProblem(401, 'The token is missing or wrong.', 'Send "Authorization: Bearer" with admin.token.');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes = part as Buffer; // no encoding is set: node:http gives Buffers
    length += bytes.length;
    if (length > maxBodyBytes)
      throw new AdminProblem(413, 'The body is too large.', `More than ${maxBodyBytes} bytes.`);
    parts.push(bytes);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AdminProblem(400, 'The body is not JSON.', `${reason}. Nothing was changed.`);
  }
}
