import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openHttp } from '../../../src-main/transports/http.ts';

const undo: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const one of undo.splice(0).reverse()) await one();
});

async function listen(server: Server): Promise<{ socketPath: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'steelyard-http-'));
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  const socketPath = join(folder, 'admin.sock');
  await new Promise<void>((done) => server.listen(socketPath, done));
  undo.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
    await rm(folder, { recursive: true });
  });
  return { socketPath };
}

/** A server that says these bytes to whoever connects, then ends (or resets, or keeps the line open). */
function saying(bytes: string, ending: 'end' | 'reset' | 'stay' = 'end'): Promise<{ socketPath: string }> {
  return listen(
    createServer((socket) => {
      socket.on('error', () => undefined); // the client hangs up on purpose
      socket.once('data', () => {
        socket.write(bytes, () => {
          if (ending === 'end') socket.end();
          if (ending === 'reset') socket.destroy();
        });
      });
    }),
  );
}

test('a call carries method, path and JSON body, and a status of 400 and more is a result', async () => {
  const target = await listen(
    createHttpServer((request, response) => {
      request.setEncoding('utf8').on('data', (body: string) => {
        response.writeHead(409, { 'content-type': 'application/json' });
        response.end(JSON.stringify([request.method, request.url, request.headers['content-type'], body]));
      });
    }),
  );
  const http = openHttp(target);
  const answer = await http.fetch('PATCH', '/v1/pools/a/members/b', '{"weight":3}');
  expect(answer.status).toBe(409);
  expect(JSON.parse(answer.body.toString())).toEqual([
    'PATCH',
    '/v1/pools/a/members/b',
    'application/json',
    '{"weight":3}',
  ]);
});

test('a token goes along over loopback TCP as a bearer token', async () => {
  const server = createHttpServer((request, response) => {
    response.end(request.headers.authorization);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  undo.push(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const http = openHttp({ host: '127.0.0.1', port: address.port, token: 'change-me' });
  expect((await http.fetch('GET', '/')).body.toString()).toBe('Bearer change-me');
});

test('another machine is refused, for the token would cross the network in clear text', () => {
  expect(() => openHttp({ host: '192.0.2.1', port: 9900, token: 'x' })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
  expect(() => openHttp({ host: '127.0.0.1.example.com', port: 9900 })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID' }),
  );
});

test('nobody listening is UNREACHABLE', async () => {
  await expect(openHttp({ socketPath: '/nonexistent/admin.sock' }).fetch('GET', '/')).rejects.toMatchObject({
    code: 'UNREACHABLE',
  });
});

test('an answer that never comes is TIMED_OUT, and so is one that stops half way', async () => {
  const silent = openHttp(await saying('', 'stay'));
  await expect(silent.fetch('GET', '/', undefined, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
  const half = openHttp(await saying('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', 'stay'));
  await expect(half.fetch('GET', '/', undefined, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
});

test('an answer cut off in its head or body is SESSION_CLOSED', async () => {
  for (const bytes of ['HTTP/1.1 200 O', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf']) {
    for (const ending of ['end', 'reset'] as const) {
      const http = openHttp(await saying(bytes, ending));
      await expect(http.fetch('GET', '/')).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
    }
  }
});

test('what is not HTTP is OUTPUT_UNPARSED', async () => {
  const http = openHttp(await saying('SSH-2.0-OpenSSH_9.2\r\n\r\n'));
  await expect(http.fetch('GET', '/')).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
});

test('an endless answer is OUTPUT_UNPARSED as soon as it passes the limit', async () => {
  const target = await listen(
    createHttpServer((_, response) => {
      function write(): void {
        while (response.write(Buffer.alloc(65_536)));
        response.once('drain', write);
      }
      write();
    }),
  );
  await expect(openHttp(target).fetch('GET', '/', undefined, { maxBytes: 1_000_000 })).rejects.toMatchObject({
    code: 'OUTPUT_UNPARSED',
  });
});

test("the caller's signal ends a call, also one given after the fact", async () => {
  const http = openHttp(await saying('', 'stay'));
  const stop = new AbortController();
  const call = http.fetch('GET', '/', undefined, { signal: stop.signal });
  stop.abort();
  await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
  await expect(http.fetch('GET', '/', undefined, { signal: stop.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('closing the session ends what is running and refuses what comes later', async () => {
  const http = openHttp(await saying('', 'stay'));
  const call = http.fetch('GET', '/');
  http.close();
  await expect(call).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  await expect(http.fetch('GET', '/')).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
});
