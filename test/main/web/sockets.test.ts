import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { AnswerMessage, EventMessage, LabState } from '../../../src-main/contract/api.ts';
import type { Problem } from '../../../src-main/contract/errors.ts';
import { serveConsole, type WebServer } from '../../../src-main/web/server.ts';
import { openSmallConsole, type SmallConsole } from '../../rigs/small-console.ts';

let pages: string;
let server: WebServer;
let console: SmallConsole;
let cookie: string;
const reported: unknown[] = [];
const unlocked = vi.fn<(passphrase: string) => void>();

beforeEach(async () => {
  pages = await mkdtemp(join(tmpdir(), 'steelyard-web-'));
  await writeFile(join(pages, 'index.html'), '<title>Steelyard</title>');
  unlocked.mockClear();
  reported.length = 0;
  console = openSmallConsole({
    'settings.get': (_, { client, shell }) => Promise.resolve({ client, shell }),
    'secrets.unlock': ({ passphrase }) => {
      unlocked(passphrase);
      return Promise.resolve(null);
    },
    'lab.get': () => Promise.reject(new TypeError('x is not a function')),
  });
  server = await serveConsole(console, { listen: '127.0.0.1:0', pages, report: (error) => reported.push(error) });
  const entered = await fetch(server.mintLink(), { redirect: 'manual' });
  cookie = entered.headers.getSetCookie()[0]?.split(';')[0] ?? '';
});
afterEach(async () => {
  await server.close();
  await rm(pages, { recursive: true });
});

interface Dial {
  readonly path?: string;
  readonly origin?: string | undefined;
  readonly host?: string;
  readonly cookie?: string;
}

/** The open socket, or the status by which it was refused. */
function dial(options: Dial = {}): Promise<WebSocket | number> {
  const headers: Record<string, string> = { Cookie: options.cookie ?? cookie };
  if (options.host !== undefined) headers['Host'] = options.host;
  const origin = 'origin' in options ? options.origin : server.origin;
  const url = `${server.origin.replace('http', 'ws')}${options.path ?? '/bridge'}`;
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { headers, ...(origin === undefined ? {} : { origin }) });
    socket.on('open', () => {
      resolve(socket);
    });
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.on('error', reject);
  });
}

async function open(): Promise<WebSocket> {
  const socket = await dial();
  if (typeof socket === 'number') throw new Error(`refused with ${socket}`);
  return socket;
}

function receive(socket: WebSocket, count = 1): Promise<(AnswerMessage | EventMessage)[]> {
  const messages: (AnswerMessage | EventMessage)[] = [];
  return new Promise((resolve) => {
    function take(data: Buffer): void {
      messages.push(JSON.parse(data.toString()) as AnswerMessage | EventMessage); // our own server's two forms
      if (messages.length < count) return;
      socket.off('message', take);
      resolve(messages);
    }
    socket.on('message', take);
  });
}

function ask(socket: WebSocket, text: string): Promise<AnswerMessage> {
  const answer = receive(socket).then(([first]) => first as AnswerMessage); // no event is told in these tests
  socket.send(text);
  return answer;
}

function whenClosed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => {
    socket.on('close', resolve);
  });
}

function problemOf(answer: AnswerMessage): Problem | undefined {
  return answer.outcome.ok ? undefined : answer.outcome.problem;
}

test('a page of another origin, of a rebound name, or that says no origin is refused', async () => {
  const { port } = new URL(server.origin);
  expect(await dial({ origin: 'https://evil.example' })).toBe(403);
  expect(await dial({ origin: 'null' })).toBe(403);
  expect(await dial({ origin: undefined })).toBe(403);
  expect(await dial({ origin: `http://localhost:${port}` }), 'the other name is another origin').toBe(403);
  expect(await dial({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` })).toBe(403);
  expect(console.clients()).toEqual([]);
});

test('without a session, with a made-up one, or with a token in its place the connection is refused', async () => {
  const [name = ''] = cookie.split('=');
  const token = new URL(server.mintLink()).searchParams.get('token') ?? '';
  expect(await dial({ cookie: '' })).toBe(403);
  expect(await dial({ cookie: `${name}=${'A'.repeat(43)}` })).toBe(403);
  expect(await dial({ cookie: `${name}=${token}` })).toBe(403);
  expect(await dial({ path: '/bridge/' })).toBe(403);
});

test('a call is answered under its id, for a client of its own', async () => {
  const [one, two] = [await open(), await open()];
  const first = await ask(one, '{"id":7,"call":"settings.get","input":{}}');
  const second = await ask(two, '{"id":7,"call":"settings.get","input":{}}');
  expect(first).toEqual({ id: 7, outcome: { ok: true, value: { client: 'web-1', shell: 'web' } } });
  expect(second.outcome).toEqual({ ok: true, value: { client: 'web-2', shell: 'web' } });
});

test('what is no call of the contract is answered as invalid and reaches no handler', async () => {
  const socket = await open();
  for (const text of [
    'not json',
    'null',
    '[]',
    '{"id":3}',
    '{"id":3,"call":"__proto__","input":{}}',
    '{"id":3,"call":"constructor","input":{}}',
    '{"id":3,"call":"secrets.unlock","input":{"passphrase":"p"},"more":1}',
    '{"id":3,"call":"secrets.unlock","input":{"passphrase":7}}',
    '{"id":3,"call":"secrets.unlock","input":{"passphrase":"p","other":1}}',
    '{"id":3,"call":"secrets.unlock","input":{"__proto__":{"passphrase":"p"}}}',
    '{"id":3,"call":"secrets.unlock"}',
  ]) {
    const answer = await ask(socket, text);
    expect(problemOf(answer)?.code, text).toBe('INPUT_INVALID');
    expect([3, -1]).toContain(answer.id);
  }
  expect(unlocked).not.toHaveBeenCalled();
});

test('an invalid input is told by place and rule, and its values are not repeated', async () => {
  const secret = `hunter2${'x'.repeat(5000)}`;
  const answer = await ask(
    await open(),
    JSON.stringify({ id: 1, call: 'secrets.unlock', input: { passphrase: secret } }),
  );
  expect(problemOf(answer)?.detail).toContain('passphrase');
  expect(JSON.stringify(answer)).not.toContain('hunter2');
});

test('what nobody foresaw is INTERNAL outside, and told with its stack inside', async () => {
  const answer = await ask(await open(), '{"id":1,"call":"lab.get","input":{}}');
  expect(problemOf(answer)).toMatchObject({ code: 'INTERNAL' });
  expect(JSON.stringify(answer)).not.toContain('    at ');
  expect(reported).toHaveLength(1);
});

test('a message past the limit, or of bytes, ends that connection and no other', async () => {
  const [big, binary, other] = [await open(), await open(), await open()];
  const closed = [whenClosed(big), whenClosed(binary)];
  big.send('x'.repeat(9 * 2 ** 20));
  binary.send(Buffer.from('{}'));
  expect(await Promise.all(closed)).toEqual([1009, 1003]);
  expect((await ask(other, '{"id":1,"call":"settings.get","input":{}}')).outcome.ok).toBe(true);
});

test('events come as they are told, until the client goes and is forgotten', async () => {
  const socket = await open();
  const told = receive(socket);
  const lab: LabState = { isRunning: true, backends: [] };
  console.tell('lab', lab);
  expect(await told).toEqual([{ event: 'lab', data: lab }]);
  socket.close();
  await vi.waitFor(() => {
    expect(console.dropped).toEqual(['web-1']);
  });
  expect(console.clients()).toEqual([]);
});

test('a hundred calls at once are all answered', async () => {
  const socket = await open();
  const answers = receive(socket, 100);
  for (let id = 1; id <= 100; id++) socket.send(JSON.stringify({ id, call: 'settings.get', input: {} }));
  expect(new Set((await answers).map((message) => 'id' in message && message.id)).size).toBe(100);
});

test('when the console ends, so do its connections and sessions', async () => {
  const socket = await open();
  const closed = whenClosed(socket);
  await server.close();
  expect([1001, 1006]).toContain(await closed);
});
