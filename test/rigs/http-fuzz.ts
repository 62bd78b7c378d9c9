import { ChunkReader } from '../../src-main/engine/http1/chunked.ts';
import { head, maxFieldCount, scanRequest } from '../../src-main/engine/http1/head.ts';
import { readChunked, readRequest } from './http-reference.ts';

/** A message on which the two readings do not agree. */
export interface Disagreement {
  readonly message: string;
  readonly expected: string;
  readonly got: string;
}

const maximumBytes = 16_384;

const seeds = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'POST /p?q=1 HTTP/1.1\r\nHost: a.example:8080\r\nContent-Length: 5\r\n\r\nhello',
  'PUT /x HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'GET http://example.com/abs HTTP/1.1\r\nHost: other\r\nConnection: keep-alive, X-Y\r\nX-Y: 1\r\n\r\n',
  'HEAD /h HTTP/1.0\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n',
  '\r\nGET /late HTTP/1.1\r\nHost: a\r\nCookie: a=b\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n',
];

const pieces = [
  '\r\n', '\n', '\r', ' ', '\t', ':', '\0', '\x7f', '\x80', ',', ';', '0', '1', '#', '@',
  'Content-Length: 3\r\n', 'Content-Length: +3\r\n', 'content-length:3\r\n', 'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding : chunked\r\n', 'Transfer-Encoding:\tchunked \r\n',
  'Host: b\r\n', 'Host:\r\n', 'Host: a b\r\n', 'Connection: Host\r\n', 'Connection: close\r\n', ' folded\r\n', 'X: \x01\r\n',
  'HTTP/1.0', 'HTTP/1.1', 'HTTP/2.0', 'http/1.1', '//', 'GET ', 'CONNECT ',
]; // prettier-ignore

const chunkPieces = [
  '0',
  '1',
  '5',
  'a',
  'F',
  '\r\n',
  '\r',
  '\n',
  ';',
  ' ',
  'x=y',
  'hello',
  '0\r\n\r\n',
  '5\r\nhello\r\n',
  'T: v\r\n',
  ':',
  '\0',
];

/** One round: a mutated request and a mutated chunked body, each read whole and in pieces cut at random. */
export function fuzzOnce(chance: () => number): Disagreement | undefined {
  return fuzzHead(chance) ?? fuzzChunks(chance);
}

function fuzzHead(chance: () => number): Disagreement | undefined {
  const message = mutate(pick(seeds, chance), pieces, chance);
  const reading = readRequest(message, maxFieldCount);
  const expected =
    reading.kind === 'request'
      ? JSON.stringify([
          reading.method,
          reading.target,
          reading.isHttp10,
          reading.contentLength,
          reading.isChunked,
          reading.keepsAlive,
          reading.headBytes,
        ])
      : reading.kind;
  const bytes = Buffer.from(message, 'latin1');
  const whole = scanned(bytes, bytes.length);
  // The scanner may refuse before the head is whole; it may never accept what the reference refuses, nor the reverse.
  const isAgreed = whole === expected || (expected === 'incomplete' && whole === 'refused');
  if (!isAgreed) return { message, expected, got: whole };
  let end = 0;
  while (end < bytes.length) {
    end = Math.min(bytes.length, end + 1 + Math.floor(chance() * 20));
    const part = scanned(bytes, end);
    if (part === 'incomplete') continue;
    return part === whole ? undefined : { message, expected: whole, got: `${part} after ${end} bytes` };
  }
  return undefined;
}

function scanned(bytes: Buffer, end: number): string {
  const result = scanRequest(bytes, 0, end, maximumBytes);
  if (result === 0) return 'incomplete';
  if (result < 0) return 'refused';
  return JSON.stringify([
    bytes.toString('latin1', head.start, head.methodEnd),
    bytes.toString('latin1', head.targetStart, head.targetEnd),
    head.isHttp10,
    head.contentLength,
    head.isChunked,
    !head.hasClose && (!head.isHttp10 || head.hasKeepAlive),
    result,
  ]);
}

function fuzzChunks(chance: () => number): Disagreement | undefined {
  let message = '5\r\nhello\r\n0\r\n\r\n';
  if (chance() < 0.9) message = mutate(message, chunkPieces, chance);
  const reading = readChunked(message);
  const expected = reading.kind === 'body' ? `${reading.bytes} ${reading.data}` : reading.kind;
  const bytes = Buffer.from(message, 'latin1');
  const whole = followed(bytes, () => bytes.length);
  const isAgreed = whole === expected || (expected === 'incomplete' && whole === 'refused');
  if (!isAgreed) return { message, expected, got: whole };
  const cut = followed(bytes, (from) => Math.min(bytes.length, from + 1 + Math.floor(chance() * 4)));
  return cut === whole ? undefined : { message, expected: whole, got: `${cut} in pieces` };
}

function followed(bytes: Buffer, nextCut: (from: number) => number): string {
  const reader = new ChunkReader(true);
  let data = '';
  for (let from = 0; from < bytes.length;) {
    const to = nextCut(from);
    const result = reader.read(bytes, from, to, (start, end) => {
      data += bytes.toString('latin1', start, end);
    });
    if (result === -2) return 'refused';
    if (result >= 0) return `${result} ${data}`;
    from = to;
  }
  return 'incomplete';
}

function mutate(text: string, parts: readonly string[], chance: () => number): string {
  let result = text;
  for (let change = Math.floor(chance() * 4); change > 0; change--) {
    const at = Math.floor(chance() * (result.length + 1));
    const kind = chance();
    if (kind < 0.3) result = result.slice(0, at) + pick(parts, chance) + result.slice(at);
    else if (kind < 0.45) result = result.slice(0, at) + result.slice(at + 1 + Math.floor(chance() * 3));
    else if (kind < 0.6)
      result = result.slice(0, at) + String.fromCharCode(Math.floor(chance() * 256)) + result.slice(at + 1);
    else result = insertLine(result, pick(parts, chance), chance);
  }
  return result;
}

/** At the start of a line, where whole field lines make sense. */
function insertLine(text: string, part: string, chance: () => number): string {
  const lines = text.split('\r\n');
  const index = 1 + Math.floor(chance() * Math.max(1, lines.length - 2));
  lines.splice(index, 0, part.replace(/\r\n$/, ''));
  return lines.join('\r\n');
}

function pick<T>(list: readonly T[], chance: () => number): T {
  const item = list[Math.floor(chance() * list.length)];
  if (item === undefined) throw new RangeError('an empty list');
  return item;
}
