import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { PageFile } from './files.ts';
import { type Gate, refusal } from './gate.ts';
import { securityHeaders } from './headers.ts';
import type { Sessions } from './sessions.ts';

export interface PageParts {
  readonly gate: Gate;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly sessions: Sessions;
}

/** Answers one request that is not an upgrade: a page's file, the link, or why not. */
export function answerRequest(
  { gate, files, sessions }: PageParts,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-store');
  const reason = refusal(gate, request.headers, false);
  if (reason !== undefined) {
    say(response, 403, reason);
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    say(response, 405, 'Only GET and HEAD are answered here.');
    return;
  }
  if (hasBody(request)) {
    say(response, 413, 'A request with a body is not taken.');
    return;
  }
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const token = path === '/' && request.method === 'GET' ? new URLSearchParams(query).get('token') : null;
  if (token !== null) {
    enter(sessions, token, gate, request, response);
    return;
  }
  if (path === '/session') {
    saySession(sessions, request, response);
    return;
  }
  const file = files.get(path);
  if (file === undefined) {
    say(response, 404, 'There is nothing at this address.');
    return;
  }
  sendFile(file, request, response);
}

/** Trades the link's token for a session cookie and leads on to the page, so that the token leaves the address bar. */
function enter(
  sessions: Sessions,
  token: string,
  gate: Gate,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const session = sessions.exchange(token);
  if (session === undefined && !hasSession(sessions, request)) {
    say(
      response,
      403,
      'This link was used before, or it is not of this console. Each link is good for one use: start the console again for a new one.',
    );
    return;
  }
  if (session !== undefined) {
    const secure = gate.scheme === 'https' ? '; Secure' : '';
    response.setHeader('Set-Cookie', `${cookieName(request)}=${session}; HttpOnly; SameSite=Strict; Path=/${secure}`);
  }
  response.setHeader('Location', '/');
  say(response, 303, 'Go on to the console.');
}

/** Lets a page tell "no session here" from "the console is gone", which a refused WebSocket does not. */
function saySession(sessions: Sessions, request: IncomingMessage, response: ServerResponse): void {
  const isOpen = hasSession(sessions, request);
  say(response, isOpen ? 200 : 401, isOpen ? 'open' : 'Open the link that the console printed.');
}

function sendFile(file: PageFile, request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('Content-Type', file.type);
  if (file.isHashed) response.setHeader('Cache-Control', 'private, max-age=31536000, immutable');
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  // A file that went missing since the start ends the answer short; the client has gone in every other case.
  pipeline(createReadStream(file.path), response, () => response.destroy());
}

function say(response: ServerResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (status >= 400) response.setHeader('Connection', 'close');
  response.end(`${text}\n`);
}

function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
}

/** Whether the request comes from a browser that has traded a token of this console's for a session. */
export function hasSession(sessions: Sessions, request: IncomingMessage): boolean {
  const name = cookieName(request);
  return (request.headers.cookie ?? '').split('; ').some((pair) => {
    return pair.startsWith(`${name}=`) && sessions.has(pair.slice(name.length + 1));
  });
}

/** Browsers keep cookies per host and not per port: the port in the name keeps two consoles apart. */
function cookieName(request: IncomingMessage): string {
  return `steelyard-${request.socket.localPort ?? 0}`;
}
