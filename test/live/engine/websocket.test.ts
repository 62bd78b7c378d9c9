import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';

/** RFC 6455 with real software on both sides: what the engine's tunnel may not change. */
let engine: TestEngine;
let server: Server;
let sockets: WebSocketServer;
let port = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    response.writeHead(404).end('no socket here');
  });
  sockets = new WebSocketServer({
    server,
    path: '/echo',
    maxPayload: 64 * 1_048_576,
    handleProtocols: (names) => [...names][0] ?? false,
  });
  sockets.on('connection', (socket) => {
    socket.on('message', (data: Buffer, isBinary) => {
      if (data.toString('latin1', 0, 6) === 'close ') socket.close(Number(data.toString().slice(6)), 'as asked');
      else if (data.toString('latin1', 0, 9) === 'terminate') socket.terminate();
      else if (data.toString('latin1', 0, 5) === 'pause') pauseFor(socket, 300);
      else socket.send(data, { binary: isBinary });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const memberPort = address !== null && typeof address === 'object' ? address.port : 0;
  engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { clientTimeoutMs: 5000 } }],
    pools: [{ name: 'app', members: [{ name: 'm', address: '127.0.0.1', port: memberPort }] }],
  });
  port = engine.port('web');
});

afterAll(async () => {
  for (const socket of sockets.clients) socket.terminate();
  await engine.stop();
  server.close();
});

function pauseFor(socket: WebSocket, pauseMs: number): void {
  socket.pause();
  setTimeout(() => {
    socket.resume();
  }, pauseMs);
}

async function open(protocols: string[] = [], path = '/echo'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { maxPayload: 64 * 1_048_576 });
  await once(socket, 'open');
  return socket;
}

async function echo(socket: WebSocket, data: Buffer | string): Promise<{ data: Buffer; isBinary: boolean }> {
  const heard = once(socket, 'message');
  socket.send(data);
  const [bytes, isBinary] = (await heard) as [Buffer, boolean]; // what ws hands to its listeners
  return { data: bytes, isBinary };
}

describe('a WebSocket through the engine', () => {
  it('carries text and binary messages of every length form, byte for byte', async () => {
    const socket = await open();
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000, 16_777_216]) {
      const sent = randomBytes(size);
      const { data, isBinary } = await echo(socket, sent);
      expect([size, isBinary, data.equals(sent)]).toEqual([size, true, true]);
    }
    const text = 'Grüße, 世界';
    expect((await echo(socket, text)).data.toString()).toBe(text);
    socket.close();
  });

  it('agrees on a subprotocol', async () => {
    const socket = await open(['first', 'second']);
    expect(socket.protocol).toBe('first');
    socket.close();
  });

  it('carries ping and pong with their bytes', async () => {
    const socket = await open();
    const heard = once(socket, 'pong');
    socket.ping('are you there');
    expect(String((await heard)[0])).toBe('are you there');
    socket.close();
  });

  it.each([1000, 1001, 1011, 3000, 4999])('carries the close code %s with its reason, both ways', async (code) => {
    const asked = await open();
    const closed = once(asked, 'close');
    asked.send(`close ${code}`);
    expect((await closed).map(String)).toEqual([String(code), 'as asked']);
    const closing = await open();
    const [theirs] = [...sockets.clients].slice(-1);
    const heard = theirs === undefined ? Promise.resolve([]) : once(theirs, 'close');
    closing.close(code, 'of mine');
    expect((await heard).map(String)).toEqual([String(code), 'of mine']);
  });

  it('ends without a close frame where the member is gone', async () => {
    const socket = await open();
    const closed = once(socket, 'close');
    socket.send('terminate');
    expect((await closed)[0]).toBe(1006);
  });

  it('refuses where the member refuses', async () => {
    await expect(open([], '/none')).rejects.toThrow(/40[04]/);
  });

  it('holds back a client whose member does not read, and loses nothing', async () => {
    const socket = await open();
    const parts = Array.from({ length: 32 }, () => randomBytes(1_048_576));
    const heard: Buffer[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: Buffer) => {
        if (heard.push(data) === parts.length) resolve();
      });
    });
    socket.send('pause');
    for (const part of parts) socket.send(part);
    await all;
    expect(heard.every((data, index) => parts[index]?.equals(data))).toBe(true);
    socket.close();
  });

  it('is one request, with status 101, however much it carries', async () => {
    const before = (await engine.stats()).virtualServers[0];
    const socket = await open();
    await echo(socket, randomBytes(100_000));
    socket.close();
    await once(socket, 'close');
    await expect
      .poll(async () => {
        const after = (await engine.stats()).virtualServers[0];
        return [
          (after?.requests ?? 0) - (before?.requests ?? 0),
          (after?.responses['1xx'] ?? 0) - (before?.responses['1xx'] ?? 0),
        ];
      })
      .toEqual([1, 1]);
  });
});
