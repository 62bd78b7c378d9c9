import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { clientPreface, ErrorCode as E, FrameType as T } from '../../../src-main/engine/http2/frames.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { fields, frame, openRawHttp2, settings, uint32, type RawHttp2 } from '../../rigs/raw-http2.ts';
import { startRawMember, type RawMember } from '../../rigs/raw-http.ts';

/** What a client may say to HTTP/2 and what must come of it (RFC 9113), byte for byte. */

const endStream = 1;
const endHeaders = 4;
const padded = 8;
const priority = 32;
const wait = { timeout: 10_000 };

const get = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'x'],
] as const;
const post = [[':method', 'POST'], ...get.slice(1)] as const;

function request(stream: number, ...more: readonly (readonly [string, string])[]): Buffer {
  return frame(T.headers, endStream | endHeaders, stream, fields(...get, ...more));
}

function upload(stream: number, ...more: readonly (readonly [string, string])[]): Buffer {
  return frame(T.headers, endHeaders, stream, fields(...post, ...more));
}

/** Each stream of this one stays open: nobody answers. */
const held = frame(
  T.headers,
  endHeaders,
  1,
  fields([':method', 'POST'], [':scheme', 'http'], [':path', '/held'], [':authority', 'x']),
);

let member: RawMember;
let engine: TestEngine;
let client: RawHttp2;

beforeAll(async () => {
  const answered = new WeakMap<object, number>();
  member = await startRawMember((socket, said) => {
    const from = answered.get(socket) ?? 0;
    const headEnd = said.indexOf('\r\n\r\n', from);
    if (headEnd < 0) return;
    const [path] = /(?<=^[A-Z]+ )\S+/.exec(said.slice(from)) ?? [''];
    if (path === '/held') return;
    const isChunked = said.slice(from, headEnd).includes('transfer-encoding: chunked');
    const bodyEnd = isChunked ? said.indexOf('0\r\n', headEnd) : headEnd;
    const end = isChunked ? said.indexOf('\r\n\r\n', bodyEnd) : headEnd;
    if (bodyEnd < 0 || end < 0) return;
    answered.set(socket, end + 4);
    const body = 'o'.repeat(Number(/\/(\d+)/.exec(path)?.[1] ?? 0)) || 'ok';
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  });
  engine = await openEngine(config(member.port));
});

afterEach(() => {
  client.close();
});

afterAll(async () => {
  await engine.stop();
  await member.close();
});

function config(port: number): EngineConfig {
  return {
    version: 1,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { http2: true, headerTimeoutMs: 30_000 } },
      { name: 'queued', listen: ['127.0.0.1:0'], pool: 'one', http: { http2: true, headerTimeoutMs: 30_000 } },
    ],
    pools: [
      { name: 'app', members: [{ address: '127.0.0.1', port }], retry: { attempts: 0 } },
      {
        name: 'one',
        members: [{ address: '127.0.0.1', port, maxConnections: 1 }],
        queue: { limit: 5, timeoutMs: 60_000 },
      },
    ],
  };
}

function open(preface?: Buffer): RawHttp2 {
  client = openRawHttp2(engine.port('web'), preface);
  return client;
}

describe('a connection error', () => {
  const ping = frame(T.ping, 0, 0, '12345678');
  it.each<[string, number, readonly Buffer[]]>([
    ['DATA on stream 0', E.protocol, [frame(T.data, 0, 0, 'x')]],
    ['DATA on a stream that was never opened', E.protocol, [frame(T.data, 0, 1, 'x')]],
    ['DATA that is all padding and more', E.protocol, [held, frame(T.data, padded, 1, '\x06abcde')]],
    ['padded DATA without a length of its padding', E.frameSize, [held, frame(T.data, padded, 1)]],
    ['a frame longer than allowed', E.frameSize, [held, frame(T.data, 0, 1, Buffer.alloc(16_385))]],
    ['HEADERS on stream 0', E.protocol, [request(0)]],
    ['HEADERS on a stream of the server', E.protocol, [request(2)]],
    ['HEADERS on a stream that was passed over', E.streamClosed, [request(5), request(3)]],
    ['HEADERS with more padding than there is', E.protocol, [frame(T.headers, endHeaders | padded, 1, '\xff\x82')]],
    ['HEADERS too short for its priority', E.frameSize, [frame(T.headers, endHeaders | priority, 1, '\0\0\0')]],
    ['fields that cannot be decoded', E.compression, [frame(T.headers, endStream | endHeaders, 1, '\x80')]],
    ['a frame between HEADERS and CONTINUATION', E.protocol, [frame(T.headers, endStream, 1, fields(...get)), ping]],
    [
      'DATA between HEADERS and CONTINUATION',
      E.protocol,
      [held, frame(T.headers, endStream, 3, fields(...get)), frame(T.data, 0, 1, 'x')],
    ],
    [
      'an unknown frame between them',
      E.protocol,
      [frame(T.headers, endStream, 1, fields(...get)), frame(200, 0, 0, 'x')],
    ],
    [
      'CONTINUATION of another stream',
      E.protocol,
      [frame(T.headers, endStream, 1, fields(...get)), frame(T.continuation, endHeaders, 3)],
    ],
    ['CONTINUATION of nothing', E.protocol, [held, frame(T.continuation, endHeaders, 1)]],
    ['PRIORITY on stream 0', E.protocol, [frame(T.priority, 0, 0, '\0\0\0\0\0')]],
    ['RST_STREAM on stream 0', E.protocol, [frame(T.resetStream, 0, 0, uint32(8))]],
    ['RST_STREAM on a stream that was never opened', E.protocol, [frame(T.resetStream, 0, 1, uint32(8))]],
    ['RST_STREAM of three bytes', E.frameSize, [held, frame(T.resetStream, 0, 1, '\0\0\0')]],
    ['SETTINGS on a stream', E.protocol, [frame(T.settings, 0, 1)]],
    ['SETTINGS that acknowledge and say something', E.frameSize, [frame(T.settings, 1, 0, Buffer.alloc(6))]],
    ['SETTINGS of five bytes', E.frameSize, [frame(T.settings, 0, 0, Buffer.alloc(5))]],
    ['ENABLE_PUSH 2', E.protocol, [settings(2, 2)]],
    ['ENABLE_CONNECT_PROTOCOL 2', E.protocol, [settings(8, 2)]],
    ['INITIAL_WINDOW_SIZE of 2^31', E.flowControl, [settings(4, 0x80000000)]],
    ['MAX_FRAME_SIZE below 2^14', E.protocol, [settings(5, 16_383)]],
    ['MAX_FRAME_SIZE of 2^24', E.protocol, [settings(5, 16_777_216)]],
    [
      'a window that INITIAL_WINDOW_SIZE makes too large',
      E.flowControl,
      [held, frame(T.windowUpdate, 0, 1, uint32(0x7fff0000)), settings(4, 0x7fffffff)],
    ],
    ['PUSH_PROMISE', E.protocol, [frame(T.pushPromise, endHeaders, 1, Buffer.concat([uint32(2), fields(...get)]))]],
    ['PING on a stream', E.protocol, [frame(T.ping, 0, 1, '12345678')]],
    ['PING of seven bytes', E.frameSize, [frame(T.ping, 0, 0, '1234567')]],
    ['GOAWAY on a stream', E.protocol, [frame(T.goAway, 0, 1, Buffer.alloc(8))]],
    ['WINDOW_UPDATE of three bytes', E.frameSize, [frame(T.windowUpdate, 0, 0, '\0\0\x01')]],
    ['WINDOW_UPDATE by 0 for the connection', E.protocol, [frame(T.windowUpdate, 0, 0, uint32(0))]],
    ['WINDOW_UPDATE on a stream that was never opened', E.protocol, [frame(T.windowUpdate, 0, 1, uint32(1))]],
    ['a window of the connection above 2^31-1', E.flowControl, [frame(T.windowUpdate, 0, 0, uint32(0x7fffffff))]],
    [
      'fields without an end',
      E.enhanceYourCalm,
      [frame(T.headers, 0, 1, fields(...get)), ...Array.from({ length: 100 }, () => frame(T.continuation, 0, 1))],
    ],
    ['PINGs without an end', E.enhanceYourCalm, Array.from({ length: 2000 }, () => ping)],
    [
      'empty DATA without an end',
      E.enhanceYourCalm,
      [held, ...Array.from({ length: 2000 }, () => frame(T.data, 0, 1))],
    ],
    [
      'PRIORITY without an end',
      E.enhanceYourCalm,
      Array.from({ length: 2000 }, () => frame(T.priority, 0, 3, '\0\0\0\0\0')),
    ],
    [
      'streams that the client makes us reset',
      E.enhanceYourCalm,
      Array.from({ length: 400 }, (_, at) =>
        frame(T.headers, endStream | endHeaders, 1 + 2 * at, fields([':method', 'GET'])),
      ),
    ],
  ])('is %s', async (_name, code, frames) => {
    const raw = open();
    raw.send(...frames);
    await expect.poll(() => raw.goAways, wait).toEqual([code]);
    await expect.poll(() => raw.isClosed(), wait).toBe(true);
  });

  it.each([
    ['no SETTINGS first', Buffer.concat([clientPreface, request(1)])],
    ['PING first', Buffer.concat([clientPreface, frame(T.ping, 0, 0, '12345678')])],
    ['an acknowledgement first', Buffer.concat([clientPreface, frame(T.settings, 1, 0)])],
  ])('is %s', async (_name, preface) => {
    const raw = open(preface);
    await expect.poll(() => raw.goAways, wait).toEqual([E.protocol]);
  });
});

describe('a stream error', () => {
  it.each<[string, number, readonly Buffer[]]>([
    [
      'DATA behind the end of the stream',
      E.streamClosed,
      [frame(T.headers, endStream | endHeaders, 1, fields(...heldFields())), frame(T.data, 0, 1, 'x')],
    ],
    [
      'HEADERS behind the end of the stream',
      E.streamClosed,
      [frame(T.headers, endStream | endHeaders, 1, fields(...heldFields())), request(1)],
    ],
    ['PRIORITY of four bytes', E.frameSize, [held, frame(T.priority, 0, 1, '\0\0\0\0')]],
    ['WINDOW_UPDATE by 0', E.protocol, [held, frame(T.windowUpdate, 0, 1, uint32(0))]],
    ['a window above 2^31-1', E.flowControl, [held, frame(T.windowUpdate, 0, 1, uint32(0x7fffffff))]],
    ['trailers that do not end it', E.protocol, [held, frame(T.headers, endHeaders, 1, fields(['x-a', 'b']))]],
    [
      'trailers with a pseudo-header',
      E.protocol,
      [held, frame(T.headers, endStream | endHeaders, 1, fields([':path', '/']))],
    ],
    [
      'a body longer than announced',
      E.protocol,
      [upload(1, ['content-length', '2']), frame(T.data, endStream, 1, 'abc')],
    ],
    [
      'a body shorter than announced',
      E.protocol,
      [upload(1, ['content-length', '2']), frame(T.data, endStream, 1, 'a')],
    ],
    ['a body that was announced and does not come', E.protocol, [request(1, ['content-length', '2'])]],
    ['a length that is no number', E.protocol, [upload(1, ['content-length', '1x'])]],
    ['two lengths', E.protocol, [upload(1, ['content-length', '1'], ['content-length', '1'])]],
    ['an upper case name', E.protocol, [request(1, ['X-a', 'b'])]],
    ['a name that is no token', E.protocol, [request(1, ['x a', 'b'])]],
    ['an empty name', E.protocol, [request(1, ['', 'b'])]],
    ['a value with a line feed', E.protocol, [request(1, ['x-a', 'b\nc'])]],
    ['a value with NUL', E.protocol, [request(1, ['x-a', 'b\0'])]],
    ['a value that begins with a space', E.protocol, [request(1, ['x-a', ' b'])]],
    ['Connection', E.protocol, [request(1, ['connection', 'close'])]],
    ['Transfer-Encoding', E.protocol, [request(1, ['transfer-encoding', 'chunked'])]],
    ['Upgrade', E.protocol, [request(1, ['upgrade', 'websocket'])]],
    ['TE of something else than trailers', E.protocol, [request(1, ['te', 'gzip'])]],
    ['an unknown pseudo-header', E.protocol, [request(1, [':x', 'y'])]],
    ['a pseudo-header of responses', E.protocol, [request(1, [':status', '200'])]],
    [
      'a pseudo-header behind a field',
      E.protocol,
      [frame(T.headers, endStream | endHeaders, 1, fields(['x-a', 'b'], ...get))],
    ],
    ['a pseudo-header twice', E.protocol, [request(1, [':path', '/'])]],
    ['no :method', E.protocol, [frame(T.headers, endStream | endHeaders, 1, fields(...get.slice(1)))]],
    [
      'no :scheme',
      E.protocol,
      [frame(T.headers, endStream | endHeaders, 1, fields(...get.filter(([name]) => name !== ':scheme')))],
    ],
    [
      'no :path',
      E.protocol,
      [frame(T.headers, endStream | endHeaders, 1, fields(...get.filter(([name]) => name !== ':path')))],
    ],
    [
      'an empty :path',
      E.protocol,
      [
        frame(
          T.headers,
          endStream | endHeaders,
          1,
          fields([':method', 'GET'], [':scheme', 'http'], [':path', ''], [':authority', 'x']),
        ),
      ],
    ],
    [
      'CONNECT with a :path',
      E.protocol,
      [frame(T.headers, endHeaders, 1, fields([':method', 'CONNECT'], [':path', '/'], [':authority', 'x:1']))],
    ],
    [':protocol without CONNECT', E.protocol, [request(1, [':protocol', 'websocket'])]],
  ])('is %s; the connection goes on', async (_name, code, frames) => {
    const raw = open();
    raw.send(...frames, request(9));
    await expect.poll(() => raw.streams.get(9)?.body, wait).toBe('ok');
    expect(raw.streams.get(1)).toMatchObject({ reset: code });
    expect(raw.goAways).toEqual([]);
  });
});

function heldFields(): readonly (readonly [string, string])[] {
  return [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/held'],
    [':authority', 'x'],
  ];
}

describe('a request is served', () => {
  it.each<[string, readonly Buffer[]]>([
    [
      'with padding and a priority',
      [
        frame(
          T.headers,
          endStream | endHeaders | padded | priority,
          1,
          Buffer.concat([Buffer.from([3, 0, 0, 0, 0, 15]), fields(...get), Buffer.alloc(3)]),
        ),
      ],
    ],
    [
      'with fields in many frames',
      [
        frame(T.headers, endStream, 1, fields(...get).subarray(0, 5)),
        frame(T.continuation, 0, 1),
        frame(T.continuation, endHeaders, 1, fields(...get).subarray(5)),
      ],
    ],
    [
      'behind frames and settings that are not known',
      [frame(77, 0xff, 0, 'whatever'), settings(0x1234, 5), request(1)],
    ],
    ['behind priorities', [frame(T.priority, 0, 1, '\0\0\0\x03\x10'), request(1)]],
    [
      'with padded DATA',
      [upload(1), frame(T.data, padded, 1, '\x02ab\0\0'), frame(T.data, padded | endStream, 1, '\x04\0\0\0\0')],
    ],
    [
      'with trailers',
      [upload(1), frame(T.data, 0, 1, 'ab'), frame(T.headers, endStream | endHeaders, 1, fields(['x-sum', '7']))],
    ],
    ['with an empty body', [upload(1), frame(T.data, endStream, 1)]],
    ['with reserved bits set', [frame(T.headers, endStream | endHeaders, 0x80000001 | 0, fields(...get))]],
  ])('%s', async (_name, frames) => {
    const raw = open();
    raw.send(...frames);
    await expect
      .poll(() => raw.streams.get(1), wait)
      .toMatchObject({ status: '200', body: 'ok', isEnded: true, reset: undefined });
    expect(raw.goAways).toEqual([]);
  });

  it('wherever the bytes are cut', async () => {
    const whole = Buffer.concat([
      clientPreface,
      settings(),
      upload(1),
      frame(T.data, padded, 1, '\x02ab\0\0'),
      frame(T.data, endStream, 1, 'c'),
    ]);
    const raw = open(Buffer.alloc(0));
    for (const byte of whole) {
      raw.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect.poll(() => raw.streams.get(1)?.body, wait).toBe('ok');
    expect(member.heard.some((said) => said.includes('2\r\nab\r\n1\r\nc\r\n0\r\n\r\n'))).toBe(true);
  });

  it('while streams that it reset still send', async () => {
    const raw = open();
    raw.send(
      upload(1, ['connection', 'x']),
      frame(T.data, 0, 1, 'abc'),
      frame(T.headers, endStream | endHeaders, 1, fields(['x-a', 'b'])),
      request(3),
    );
    await expect.poll(() => raw.streams.get(3)?.body, wait).toBe('ok');
    expect(raw.goAways).toEqual([]);
  });
});

describe('flow control', () => {
  it('sends no more than the windows of stream and connection allow', async () => {
    const raw = open(Buffer.concat([clientPreface, settings(4, 10)]));
    raw.send(
      frame(
        T.headers,
        endStream | endHeaders,
        1,
        fields([':method', 'GET'], [':scheme', 'http'], [':path', '/25'], [':authority', 'x']),
      ),
    );
    await expect.poll(() => raw.streams.get(1)?.sizes, wait).toEqual([10]);
    raw.send(frame(T.windowUpdate, 0, 1, uint32(3)));
    await expect.poll(() => raw.streams.get(1)?.sizes, wait).toEqual([10, 3]);
    raw.send(settings(4, 5), frame(T.windowUpdate, 0, 1, uint32(4))); // 5 below 0, then 1 below
    raw.send(frame(T.ping, 0, 0, 'are we?!'));
    await expect.poll(() => raw.pings, wait).toHaveLength(1);
    expect(raw.streams.get(1)?.sizes).toEqual([10, 3]);
    raw.send(frame(T.windowUpdate, 0, 1, uint32(100)));
    await expect.poll(() => raw.streams.get(1), wait).toMatchObject({ sizes: [10, 3, 12], isEnded: true });
    raw.send(
      settings(4, 1_000_000),
      frame(
        T.headers,
        endStream | endHeaders,
        3,
        fields([':method', 'GET'], [':scheme', 'http'], [':path', '/100000'], [':authority', 'x']),
      ),
    );
    // 65,535 is what a connection begins with.
    await expect.poll(() => raw.streams.get(3)?.body.length, wait).toBe(65_535 - 25);
    raw.send(frame(T.windowUpdate, 0, 0, uint32(100_000)));
    await expect.poll(() => raw.streams.get(3), wait).toMatchObject({ isEnded: true });
    expect(raw.streams.get(3)?.body).toHaveLength(100_000);
  });

  it('lets an upload run ahead only once a member takes it', async () => {
    const raw = open();
    raw.send(upload(1), frame(T.data, 0, 1, Buffer.alloc(16_000, 'a')));
    await expect.poll(() => raw.streams.get(1)?.granted ?? 0, wait).toBeGreaterThan(500_000);
    raw.send(frame(T.data, endStream, 1, 'b'));
    await expect.poll(() => raw.streams.get(1)?.body, wait).toBe('ok');
  });

  it('bounds what a stream brings that waits for its turn', async () => {
    client = openRawHttp2(engine.port('queued'));
    client.send(held, upload(3), frame(T.data, 0, 3, Buffer.alloc(16_384)));
    client.send(...[1, 2, 3].map(() => frame(T.data, 0, 3, Buffer.alloc(16_384))), frame(T.ping, 0, 0, 'are we?!'));
    await expect.poll(() => client.pings, wait).toHaveLength(1);
    expect(client.streams.get(3)).toBeUndefined(); // neither reset nor granted more
    client.send(frame(T.data, 0, 3, 'x'));
    await expect.poll(() => client.streams.get(3)?.reset, wait).toBe(E.flowControl);
    expect(client.goAways).toEqual([]);
  });

  it('refuses streams above the limit, and only those', async () => {
    const raw = open();
    const streams = Array.from({ length: 130 }, (_, at) => 1 + 2 * at);
    raw.send(...streams.map((id) => frame(T.headers, endHeaders, id, fields(...heldFields()))));
    await expect.poll(() => raw.streams.get(259)?.reset, wait).toBe(E.refusedStream);
    expect([...raw.streams].filter(([, { reset }]) => reset !== undefined).map(([id]) => id)).toEqual([257, 259]);
    raw.send(frame(T.resetStream, 0, 1, uint32(E.cancel)), request(261));
    await expect.poll(() => raw.streams.get(261)?.body, wait).toBe('ok');
  });
});
