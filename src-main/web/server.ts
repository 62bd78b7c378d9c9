import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Console } from '../contract/console.ts';
import { AppError } from '../contract/errors.ts';
import type { Report } from '../dispatch.ts';
import { listFiles } from './files.ts';
import { asHost, isLoopback, openGate, refusal } from './gate.ts';
import { answerRequest, hasSession } from './pages.ts';
import { openSessions } from './sessions.ts';
import { openSockets } from './sockets.ts';

export interface ServeOptions {
  /** `host:port` or `[v6]:port`; port 0 takes a free one. */
  readonly listen: string;
  /** The built renderer. */
  readonly pages: string;
  /** PEM texts; with them the console speaks TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly allowRemote?: boolean;
  readonly report: Report;
}

export interface WebServer {
  /** Where it listens, without a token. */
  readonly origin: string;
  /** A link with a token of its own, good for one use, and no longer than `livesMs` where that is given. */
  readonly mintLink: (livesMs?: number) => string;
  readonly close: () => Promise<void>;
}

/**
 * Serves the window's files and the contract to browsers. Files are open to whoever reaches the address (they hold nothing secret);
 * every call and event needs the session that a link's token was traded for. Throws INPUT_INVALID for an address that must not be
 * listened on, ADDRESS_IN_USE, CERTIFICATE_INVALID, NOT_FOUND (the renderer is not built).
 */
export async function serveConsole(console: Console, options: ServeOptions): Promise<WebServer> {
  const { host, port: wantedPort } = parseListen(options.listen);
  if (!isLoopback(host)) demandRemote(host, options);
  const files = listFiles(options.pages);
  const sessions = openSessions(Date.now);
  const server = createWebServer(options.tls, (request, response) => {
    answerRequest({ gate, files, sessions }, request, response);
  });
  server.maxConnections = 256;
  await listen(server, host, wantedPort);
  const { address, port } = server.address() as AddressInfo; // an object for every server that listens on a port
  const gate = openGate(host, address, port, options.tls?.cert);
  const sockets = openSockets(console, options.report);
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy()); // a client that goes in the middle of its upgrade
    const isIn = request.url === '/bridge' && hasSession(sessions, request);
    if (isIn && refusal(gate, request.headers, true) === undefined) sockets.accept(request, socket, head);
    else socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  const origin = `${gate.scheme}://${asHost(gate.linkHost)}:${port}`;
  return {
    origin,
    mintLink: (livesMs) => `${origin}/?token=${sessions.mintToken(livesMs)}`,
    close: async () => {
      sockets.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Takes `host:port` apart; throws INPUT_INVALID. */
export function parseListen(text: string): { readonly host: string; readonly port: number } {
  const [, v6, name, portText] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(portText);
  if (host === undefined || port > 65_535) {
    throw new AppError('INPUT_INVALID', `"${text}" is no address to listen on. Write host:port or [v6]:port.`);
  }
  return { host, port };
}

function demandRemote(host: string, options: ServeOptions): void {
  if (options.allowRemote === true && options.tls !== undefined) return;
  throw new AppError(
    'INPUT_INVALID',
    `${host} is not this machine's loopback: whoever reaches it could try to take the console over. ` +
      'Nothing was opened. Listen on 127.0.0.1, or give --allow-remote with --cert and --key.',
  );
}

function createWebServer(tls: ServeOptions['tls'], listener: RequestListener): Server {
  const limits = { headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384 };
  if (tls === undefined) return createServer(limits, listener);
  try {
    return createTlsServer({ ...limits, ...tls, minVersion: 'TLSv1.2' }, listener);
  } catch (error) {
    throw new AppError('CERTIFICATE_INVALID', `The files of --cert and --key cannot be used: ${String(error)}.`, {
      cause: error,
    });
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'INPUT_INVALID';
      reject(new AppError(code, `Cannot listen on ${asHost(host)}:${port}: ${error.message}.`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
}
