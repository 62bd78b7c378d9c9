import { connect, type TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRawMember } from '../raw-http.ts';
import { openProxy, type ProxyName } from './proxies.ts';
import type { Listed, Result } from './report.ts';

/** Cases of our own about what happens in a session of TLS that came about: renegotiation, and what HTTP says of TLS (RFC 6797). */

/** One fact of the standard: what a real client does on a connection of its own. */
interface SessionCase extends Listed {
  readonly spoken: 'tls' | 'tls-hsts';
  readonly run: (client: Client) => Promise<Result>;
}

/** What a client can do with a proxy that has a member behind it. */
interface Client {
  readonly open: () => Promise<TLSSocket>;
  /** Asks once and waits for the response; empty = the connection ended without one. */
  readonly ask: (socket: TLSSocket, path: string) => Promise<string>;
}

/** Whatever comes without a word after this long never comes. */
const patienceMs = 10_000;
const hsts = /^strict-transport-security: *(.*?)\r?$/gim;
const wanted = 'max-age=31536000; includeSubDomains; preload';

/** What the virtual server says by its own setting. */
function saidIn(text: string): string[] {
  return [...text.matchAll(hsts)].map(([, value = '']) => value);
}

/** True = the server went along. */
function renegotiate(socket: TLSSocket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, patienceMs, false);
    function finish(isDone: boolean): void {
      clearTimeout(timer);
      resolve(isDone);
    }
    socket.once('error', () => {
      finish(false);
    });
    socket.once('close', () => {
      finish(false);
    });
    const isAsked = socket.renegotiate({ rejectUnauthorized: false }, (error) => {
      finish(error === null);
    });
    if (isAsked === false) finish(false);
  });
}

async function isRefused({ open, ask }: Client): Promise<Result> {
  const socket = await open();
  const before = await ask(socket, '/ok');
  const isDone = await renegotiate(socket);
  const after = socket.destroyed ? 'ended' : 'goes on';
  socket.destroy();
  return { isRight: before.includes('200 OK') && !isDone, seen: `renegotiated: ${isDone}, then it ${after}` };
}

async function isRefusedAtOnce({ open }: Client): Promise<Result> {
  const socket = await open();
  const isDone = await renegotiate(socket);
  socket.destroy();
  return { isRight: !isDone, seen: `renegotiated: ${isDone}` };
}

async function survivesFlood({ open, ask }: Client): Promise<Result> {
  const sockets = await Promise.all(Array.from({ length: 20 }, open));
  const done = await Promise.all(sockets.map(renegotiate));
  for (const socket of sockets) socket.destroy();
  const later = await open();
  const answer = await ask(later, '/ok');
  later.destroy();
  const count = done.filter(Boolean).length;
  return {
    isRight: count === 0 && answer.includes('200 OK'),
    seen: `${count} renegotiated, then ${answer.slice(0, 20)}`,
  };
}

function says(path: string, status: number, times = 1): SessionCase['run'] {
  return async ({ open, ask }) => {
    const socket = await open();
    let text = '';
    for (let turn = 0; turn < times; turn++) text = await ask(socket, path);
    socket.destroy();
    const found = saidIn(text);
    const isRight = text.startsWith(`HTTP/1.1 ${status} `) && found.length === 1 && found[0] === wanted;
    return { isRight, seen: `${text.slice(0, 20)} with ${JSON.stringify(found)}` };
  };
}

export const tlsSessionCases: readonly SessionCase[] = [
  { group: 'renegotiation', name: 'a client that renegotiates (TLS 1.2)', source: '9325 3.5', spoken: 'tls', run: isRefused },
  { group: 'renegotiation', name: 'before it has asked anything', source: '9325 3.5', spoken: 'tls', run: isRefusedAtOnce },
  { group: 'renegotiation', name: 'many clients that do (CVE-2011-1473)', source: '9325 3.5', spoken: 'tls', run: survivesFlood },
  { group: 'HSTS', name: 'is said', source: '6797 7.1', spoken: 'tls-hsts', run: says('/ok', 200) },
  { group: 'HSTS', name: 'with a second response too', source: '6797 7.1', spoken: 'tls-hsts', run: says('/ok', 200, 2) },
  { group: 'HSTS', name: "with an error of the member", source: '6797 7.1', spoken: 'tls-hsts', run: says('/missing', 404) },
  { group: 'HSTS', name: 'with an error of its own', source: '6797 7.1', spoken: 'tls-hsts', run: says('/cut', 502) },
  { group: 'HSTS', name: "once, in the place of the member's own", source: '6797 6.1', spoken: 'tls-hsts', run: says('/own', 200) },
]; // prettier-ignore

/** Runs all cases against one proxy, one after another; answers what was seen, in their order. */
export async function runSessionCases(name: ProxyName): Promise<Result[]> {
  const member = await startRawMember((socket, said) => {
    const path = /GET (\S+) HTTP[^]*\r\n\r\n$/.exec(said.slice(said.lastIndexOf('GET ')))?.[1];
    if (path === undefined) return;
    const own = path === '/own' ? 'Strict-Transport-Security: max-age=1\r\n' : '';
    if (path === '/cut') socket.resetAndDestroy();
    else
      socket.write(`HTTP/1.1 ${path === '/missing' ? '404 Not Found' : '200 OK'}\r\n${own}Content-Length: 2\r\n\r\nok`);
  });
  const spoken = ['tls', 'tls-hsts'] as const;
  const proxy = await openProxy(name, spoken.map((each) => ({ spoken: each, member: member.port }))); // prettier-ignore
  const results: Result[] = [];
  for (const one of tlsSessionCases)
    results.push(await one.run(clientOf(proxy.ports[spoken.indexOf(one.spoken)] ?? 0)));
  await proxy.close();
  await member.close();
  return results;
}

function clientOf(port: number): Client {
  return {
    open: () =>
      new Promise((resolve, reject) => {
        const socket = connect({
          port,
          host: '127.0.0.1',
          servername: 'a.example',
          maxVersion: 'TLSv1.2',
          rejectUnauthorized: false,
        });
        socket.on('error', () => undefined);
        socket.once('secureConnect', () => {
          resolve(socket);
        });
        socket.once('close', () => {
          reject(new Error('no session of TLS came about'));
        });
      }),
    ask: async (socket, path) => {
      let text = '';
      function take(bytes: Buffer): void {
        text += bytes.toString('latin1');
      }
      socket.on('data', take);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
      const deadline = performance.now() + patienceMs;
      while (!isWhole(text) && !socket.destroyed && performance.now() < deadline) await sleep(2);
      socket.off('data', take);
      return text;
    },
  };
}

function isWhole(text: string): boolean {
  const [head = '', body] = text.split('\r\n\r\n');
  const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  return body !== undefined && text.length >= head.length + 4 + length;
}
