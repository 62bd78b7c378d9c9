import { describe, expect, it } from 'vitest';
import { ChunkReader } from '../../../src-main/engine/http1/chunked.ts';
import { head, scanRequest, scanResponse } from '../../../src-main/engine/http1/head.ts';
import { fuzzOnce } from '../../rigs/http-fuzz.ts';
import { seeded } from './candidates.ts';

function request(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return scanRequest(bytes, 0, bytes.length, 1000);
}

function response(text: string): number {
  const bytes = Buffer.from(text, 'latin1');
  return scanResponse(bytes, 0, bytes.length, 1000);
}

describe('a request head', () => {
  it.each([
    ['both lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 400],
    ['a list of lengths', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n', 400],
    ['a signed length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n', 400],
    ['a length beyond 2^53', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999\r\n\r\n', 400],
    ['an unknown coding before chunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n', 501],
    [
      'a coding that does not end with chunked',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n',
      400,
    ],
    ['chunked in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
    ['white space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: a\n\n', 400],
    ['a bare carriage return in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: 1\rY: 2\r\n\r\n', 400],
    ['a NUL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n', 400],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', 400],
    ['a Host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 400],
    ['a Host with user information', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', 400],
    ['an illegal byte in the method', 'G(T / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['an illegal byte in the target', 'GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a fragment in the target', 'GET /#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['a target that is no path', 'GET x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', 501],
    ['another major version', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    ['Connection that names Host', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n', 400],
    ['a target that is too long', `GET /${'x'.repeat(1100)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
    ['fields that are too long', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1100)}\r\n\r\n`, 431],
    ['too many fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X:\r\n'.repeat(200)}\r\n`, 431],
  ])('with %s is refused', (_, text, status) => {
    expect(request(text)).toBe(-status);
  });

  it('gives the offset behind it and what frames the body', () => {
    const text = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n';
    expect(request(`${text}hello`)).toBe(text.length);
    expect([head.contentLength, head.isChunked, head.isIdempotent]).toEqual([5, false, false]);
  });

  it('asks for more at every cut of a good head', () => {
    const text = 'GET /path HTTP/1.1\r\nHost: a.example:80\r\nAccept: */*\r\nConnection: keep-alive\r\n\r\n';
    for (let length = 0; length < text.length; length++) expect(request(text.slice(0, length))).toBe(0);
    expect(request(text)).toBe(text.length);
  });

  it('cuts what Connection names and all that is hop-by-hop', () => {
    request(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: X-Mine, close\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nTE: trailers\r\nAccept: x\r\n\r\n',
    );
    expect([...head.isCut.slice(0, head.fieldCount)]).toEqual([0, 1, 1, 1, 1, 0]);
  });
});

describe('a response head', () => {
  it.each([
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['garbage', 'SSH-2.0-OpenSSH_9.2 Debian\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ])('with %s is not forwarded', (_, text) => {
    expect(response(text)).toBe(-1);
  });

  it('may leave the reason out', () => {
    expect(response('HTTP/1.1 204\r\nX: y\r\n\r\n')).toBe(22);
    expect(head.status).toBe(204);
  });

  it('says how long the member keeps an idle connection', () => {
    response('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 0\r\n\r\n');
    expect(head.keepAliveTimeoutS).toBe(5);
  });
});

describe('a chunked body', () => {
  function read(text: string, isOfClient = false): number {
    const bytes = Buffer.from(text, 'latin1');
    return new ChunkReader(isOfClient).read(bytes, 0, bytes.length);
  }

  it.each([
    ['no size', '\r\n'],
    ['a sign before the size', '+5\r\nhello\r\n0\r\n\r\n'],
    ['0x before the size', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a size that overflows', 'ffffffffffffff\r\n'],
    ['a bare line feed after the size', '5\nhello\r\n0\r\n\r\n'],
    ['data longer than its size', '5\r\nhelloo\r\n0\r\n\r\n'],
    ['a word behind the size', '5 x\r\nhello\r\n0\r\n\r\n'],
    ['a bare carriage return in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
    ['framing in a trailer', '0\r\nContent-Length: 5\r\n\r\n'],
    ["white space before a trailer's colon", '0\r\nX : 5\r\n\r\n'],
  ])('with %s is refused', (_, text) => {
    expect(read(text)).toBe(-2);
  });

  it('may fill its size lines up with spaces where a member sends it, not where a client does', () => {
    const text = '5  \t\r\nhello\r\n0 \r\n\r\n';
    expect([read(text), read(text, true)]).toEqual([text.length, -2]);
    const extended = '5 ;a=b\r\nhello\r\n0\r\n\r\n';
    expect(read(extended, true)).toBe(extended.length);
  });

  it('ends behind its trailers', () => {
    const text = '5;a="b"\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';
    expect(read(`${text}GET`)).toBe(text.length);
  });
});

describe('the strict reader and a second reading of the RFC', () => {
  it('agree on mutated messages, whole and in pieces', () => {
    const chance = seeded(20_261_122);
    for (let round = 0; round < 20_000; round++) expect(fuzzOnce(chance)).toBeUndefined();
  });
});
