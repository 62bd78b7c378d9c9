import {
  isAnswered,
  isConnectionError,
  isForwarded,
  isMalformed,
  isStreamError,
  type Http2Seen,
  type Step,
} from './http2-case.ts';
import { get, post, type Row } from './http2-frame-cases.ts';
import { block, data, E, F, frame, headers, indexed, integer, S, settings, T, type Field } from './http2-wire.ts';

/** RFC 7541, RFC 9113 8.2 and 8.3: how fields are written, and which may stand in a request. */

const isCompressionError = isConnectionError(E.compression);

/** GET http://…/ by indices alone, its authority a literal that nobody indexes. */
const short = bytes(0x82, 0x86, 0x84, 0x01, 1, 97);

function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

function asks(...parts: readonly Buffer[]): Step {
  return headers(1, Buffer.concat([...parts]));
}

/** The second request says by index what the first put into the table. */
function again(index: number): Step[] {
  return [
    (seen) => seen.isWhole(1) || seen.isOver,
    headers(3, Buffer.concat([short, integer(index, 7, 0x80)])),
    (seen) => seen.isWhole(3) || seen.goaway !== undefined || seen.isClosed,
  ];
}

const compression: readonly Row[] = [
  ['indices of the static table', '7541 6.1', [asks(short)], isForwarded('GET / HTTP/1.1')],
  ['an index of 0', '7541 6.1', [asks(short, bytes(0x80))], isCompressionError],
  ['an index beyond the tables', '7541 2.3.3', [asks(short, integer(70, 7, 0x80))], isCompressionError],
  ['a name beyond the tables', '7541 2.3.3', [asks(short, integer(70, 6, 0x40), bytes(1, 97))], isCompressionError],
  ['a literal that is put into the table', '7541 6.2.1', [asks(short, indexed('x-table', 'kept')), ...again(62)], (seen) => seen.status(3) === 200 && seen.heard.split('x-table: kept').length === 3],
  ['a literal that is not', '7541 6.2.2', [asks(short, block(['x-table', 'kept'])), ...again(63)], isLaterError],
  ['a literal that is never indexed', '7541 6.2.3', [asks(short, bytes(0x10, 1, 120, 1, 121))], isForwarded('x: y')],
  ['the newest entry stands first', '7541 2.3.2', [asks(short, indexed('x-old', '1'), indexed('x-new', '2')), ...again(62)], (seen) => seen.status(3) === 200 && seen.heard.split('x-new: 2').length === 3 && seen.heard.split('x-old: 1').length === 2],
  ['an entry that was pushed out', '7541 4.4', [asks(short, indexed('x-old', '1'), indexed('x-new', 'y'.repeat(4030))), ...again(63)], isLaterError],
  ['an entry larger than the table empties it', '7541 4.4', [asks(short, indexed('x-new', 'y'.repeat(5000))), ...again(62)], isLaterError],
  ['the table lives on after a malformed request', '9113 4.3', [asks(short, indexed('x-table', 'kept'), block([':bad', 'x'])), (seen) => seen.status() > 0 || seen.resetCode() !== undefined || seen.isOver, headers(3, Buffer.concat([short, integer(62, 7, 0x80)])), (seen) => seen.isWhole(3) || seen.goaway !== undefined || seen.isClosed], (seen) => seen.status(3) === 200 || isConnectionError(E.protocol)(seen)],
  ['a table size update at the start', '7541 4.2', [asks(integer(100, 5, 0x20), short)], isAnswered],
  ['two of them', '7541 4.2', [asks(bytes(0x20), integer(4096, 5, 0x20), short)], isAnswered],
  ['a table size update beyond the setting', '7541 6.3', [(seen) => seen.settings.size > 0, (seen) => headers(1, Buffer.concat([integer((seen.settings.get(S.tableSize) ?? 4096) + 1, 5, 0x20), short]))], isCompressionError],
  ['a table size update behind a field', '7541 4.2', [asks(short, bytes(0x20))], isCompressionError],
  ['a size of 0 empties the table', '7541 4.3', [asks(short, indexed('x-table', 'kept')), (seen) => seen.isWhole(1), headers(3, Buffer.concat([bytes(0x20), short, integer(62, 7, 0x80)]))], isLaterError],
  ['Huffman codes', '7541 5.2', [asks(short, bytes(0, 1, 120, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff))], isForwarded('x: www.example.com')],
  ['Huffman padding of zeros', '7541 5.2', [asks(short, bytes(0, 1, 120, 0x81, 0x18))], isCompressionError],
  ['Huffman padding of a whole byte', '7541 5.2', [asks(short, bytes(0, 1, 120, 0x82, 0x1f, 0xff))], isCompressionError],
  ['the end of string among Huffman codes', '7541 5.2', [asks(short, bytes(0, 1, 120, 0x85, 0x1f, 0xff, 0xff, 0xff, 0xff))], isCompressionError],
  ['a string beyond its block', '7541 5.2', [asks(short, bytes(0, 1, 120, 0x40, 97))], isCompressionError],
  ['a block that is cut in an integer', '7541 5.1', [asks(short, bytes(0, 1, 120, 0x7f, 0x80))], isCompressionError],
  ['a block that is cut behind a name', '7541 6.2', [asks(short, bytes(0, 1, 120))], isCompressionError],
  ['an integer that never ends', '7541 5.1', [asks(short, bytes(0xff, ...Array.from({ length: 20 }, () => 0x80), 1))], isCompressionError],
  ['an integer beyond 32 bits', '7541 5.1', [asks(short, bytes(0x7f, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 97))], isCompressionError],
  ['our table size is kept', '7541 4.2', [settings([S.tableSize, 0]), headers(1, get()), (seen) => seen.isWhole(1), headers(3, get()), (seen) => seen.isWhole(3)], (seen) => seen.status(1) === 200 && seen.status(3) === 200 && seen.problem === ''],
  ['blocks of two responses can be read', '7541 2.2', [headers(1, get()), (seen) => seen.isWhole(1), headers(3, get()), (seen) => seen.isWhole(3)], (seen) => seen.status(3) === 200 && seen.problem === ''],
]; // prettier-ignore

function isLaterError(seen: Http2Seen): boolean {
  return seen.status(3) === 0 && ((seen.goaway ?? E.none) === E.compression || (seen.isClosed && seen.goaway === undefined));
} // prettier-ignore

const [method, scheme, path, authority] = [[':method', 'GET'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a']] as const; // prettier-ignore

function request(...fields: readonly Field[]): Step {
  return headers(1, block(...fields));
}

const pseudo: readonly Row[] = [
  ['all four', '9113 8.3.1', [request(method, scheme, path, authority)], isForwarded('GET /case HTTP/1.1\r\n', 'host: a\r\n')],
  ['in another order', '9113 8.3', [request(authority, path, scheme, method)], isForwarded('GET /case HTTP/1.1\r\n')],
  ['no method', '9113 8.3.1', [request(scheme, path, authority)], isMalformed],
  ['no scheme', '9113 8.3.1', [request(method, path, authority)], isMalformed],
  ['no path', '9113 8.3.1', [request(method, scheme, authority)], isMalformed],
  ['an empty path', '9113 8.3.1', [request(method, scheme, [':path', ''], authority)], isMalformed],
  ['an empty method', '9113 8.3.1', [request([':method', ''], scheme, path, authority)], isMalformed],
  ['an empty scheme', '9113 8.3.1', [request(method, [':scheme', ''], path, authority)], isMalformed],
  ['the method twice', '9113 8.3.1', [request(method, method, scheme, path, authority)], isMalformed],
  ['the scheme twice', '9113 8.3.1', [request(method, scheme, scheme, path, authority)], isMalformed],
  ['the path twice', '9113 8.3.1', [request(method, scheme, path, path, authority)], isMalformed],
  ['the authority twice', '9113 8.3', [request(method, scheme, path, authority, authority)], isMalformed],
  ['behind a regular field', '9113 8.3', [request(method, scheme, authority, ['x', 'y'], path)], isMalformed],
  ['one nobody knows', '9113 8.3', [request(method, scheme, path, authority, [':bad', 'x'])], isMalformed],
  ['that of a response', '9113 8.3', [request(method, scheme, path, authority, [':status', '200'])], isMalformed],
  ['a protocol without CONNECT', '8441 4', [request(method, scheme, path, authority, [':protocol', 'websocket'])], isMalformed],
  ['Host in place of an authority', '9113 8.3.1', [request(method, scheme, path, ['host', 'b'])], isForwarded('host: b\r\n')],
  ['an authority beside the same Host', '9113 8.3.1', [request(method, scheme, path, authority, ['host', 'a'])], (seen) => isAnswered(seen) && seen.heard.toLowerCase().split('\r\nhost: a\r\n').length === 2],
  ['an authority beside another Host', '9113 8.3.1', [request(method, scheme, path, authority, ['host', 'b'])], isMalformed],
  ['Host twice', '9113 8.3.1', [request(method, scheme, path, ['host', 'b'], ['host', 'c'])], isMalformed],
  ['neither authority nor Host', '9113 8.3.1', [request(method, scheme, path)], (seen) => isMalformed(seen) || seen.heard.toLowerCase().split('\r\nhost:').length === 2],
  ['an empty authority', '9113 8.3.1', [request(method, scheme, path, [':authority', ''])], (seen) => isMalformed(seen) || seen.heard.toLowerCase().split('\r\nhost:').length === 2],
  ['an authority with user information', '9113 8.3.1', [request(method, scheme, path, [':authority', 'u@a'])], isMalformed],
  ['an authority with a path', '9113 8.3.1', [request(method, scheme, path, [':authority', 'a/b'])], isMalformed],
  ['an authority with a space', '9113 8.3.1', [request(method, scheme, path, [':authority', 'a b'])], isMalformed],
  ['a path without a slash', '9113 8.3.1', [request(method, scheme, [':path', 'case'], authority)], isMalformed],
  ['a path with a space', '9113 8.3.1', [request(method, scheme, [':path', '/a b'], authority)], isMalformed],
  ['a path with a control byte', '9113 8.3.1', [request(method, scheme, [':path', '/a\x01b'], authority)], isMalformed],
  ['a path with a fragment', '9113 8.3.1', [request(method, scheme, [':path', '/a#b'], authority)], (seen) => isMalformed(seen) || (isAnswered(seen) && !seen.heard.includes('#'))],
  ['an asterisk with GET', '9113 8.3.1', [request(method, scheme, [':path', '*'], authority)], isMalformed],
  ['OPTIONS *', '9113 8.3.1', [request([':method', 'OPTIONS'], scheme, [':path', '*'], authority)], isForwarded('OPTIONS * HTTP/1.1')],
  ['a method nobody knows passes', '9110 9.1', [request([':method', 'BREW'], scheme, path, authority)], isForwarded('BREW /case')],
  ['a method with a separator', '9110 9.1', [request([':method', 'GE(T'], scheme, path, authority)], isMalformed],
  ['CONNECT with a path', '9113 8.5', [request([':method', 'CONNECT'], path, authority)], isMalformedOrNot],
  ['CONNECT with a scheme', '9113 8.5', [request([':method', 'CONNECT'], scheme, authority)], isMalformedOrNot],
  ['CONNECT without an authority', '9113 8.5', [request([':method', 'CONNECT'])], isMalformedOrNot],
  ['in trailers', '9113 8.1', [headers(1, post(), F.endHeaders), data(1, 'hello', 0), headers(1, block([':method', 'GET']))], isStreamErrorOrTold, { answersAfter: /never/ }],
]; // prettier-ignore

/** A proxy may know nothing of CONNECT at all. */
function isMalformedOrNot(seen: Http2Seen): boolean {
  return isMalformed(seen) || (seen.heard === '' && [501, 405].includes(seen.status()));
}

function isStreamErrorOrTold(seen: Http2Seen): boolean {
  return seen.status() >= 400 || isStreamError(E.protocol)(seen);
}

function sends(name: string, value: string): Step {
  return headers(1, get([name, value]));
}

const fields: readonly Row[] = [
  ['a name in upper case', '9113 8.2.1', [sends('X-Name', '1')], isMalformed],
  ['an empty name', '9113 8.2.1', [sends('', '1')], isMalformed],
  ['a name with a space', '9113 8.2.1', [sends('x name', '1')], isMalformed],
  ['a name with a colon', '9113 8.2.1', [sends('x:name', '1')], isMalformed],
  ['a name with NUL', '9113 8.2.1', [sends('x\0', '1')], isMalformed],
  ['a name with CR', '9113 8.2.1', [sends('x\r', '1')], isMalformed],
  ['a name with LF', '9113 8.2.1', [sends('x\n', '1')], isMalformed],
  ['a name with DEL', '9113 8.2.1', [sends('x\x7f', '1')], isMalformed],
  ['a name with a high byte', '9113 8.2.1', [sends('x\xe9', '1')], isMalformed],
  ['a name with a separator', '9110 5.1', [sends('x(y)', '1')], isMalformed],
  ['a value with NUL', '9113 8.2.1', [sends('x', 'a\0b')], isMalformed],
  ['a value with CR', '9113 8.2.1', [sends('x', 'a\rb')], isMalformed],
  ['a value with LF', '9113 8.2.1', [sends('x', 'a\nb')], isMalformed],
  ['a value that a space begins', '9113 8.2.1', [sends('x', ' a')], isMalformed],
  ['a value that a space ends', '9113 8.2.1', [sends('x', 'a ')], isMalformed],
  ['a value that a tab begins', '9113 8.2.1', [sends('x', '\ta')], isMalformed],
  ['a value with a control byte', '9110 5.5', [sends('x', 'a\x01b')], isMalformed],
  ['an empty value', '9110 5.5', [sends('x-empty', '')], isForwarded('x-empty:')],
  ['a high byte in a value passes', '9110 5.5', [sends('x', 'caf\xe9')], isForwarded('x: caf\xe9')],
  ['Connection', '9113 8.2.2', [sends('connection', 'close')], isMalformed],
  ['Keep-Alive', '9113 8.2.2', [sends('keep-alive', 'timeout=5')], isMalformed],
  ['Proxy-Connection', '9113 8.2.2', [sends('proxy-connection', 'keep-alive')], isMalformed],
  ['Transfer-Encoding', '9113 8.2.2', [sends('transfer-encoding', 'chunked')], isMalformed],
  ['Upgrade', '9113 8.2.2', [sends('upgrade', 'foo')], isMalformed],
  ['TE but trailers', '9113 8.2.2', [sends('te', 'gzip')], isMalformed],
  ['TE: trailers', '9113 8.2.2', [sends('te', 'trailers')], isAnswered],
  ['TE with more than trailers', '9113 8.2.2', [sends('te', 'trailers, deflate;q=0.5')], isMalformed],
  ['cookie crumbs become one field', '9113 8.2.3', [headers(1, get(['cookie', 'a=1'], ['cookie', 'b=2']))], isForwarded('cookie: a=1; b=2\r\n')],
  ['too many bytes of fields', '6585 5', [tooMuch()], (seen) => seen.heard === '' && ([400, 431].includes(seen.status()) || isStreamError(E.protocol, E.calm, E.refused, E.compression, E.internal)(seen))],
]; // prettier-ignore

/** 200,000 bytes in one section of as many frames as it takes. */
function tooMuch(): Step {
  const whole = get(...Array.from({ length: 50 }, (_, at): Field => [`x-${at}`, 'y'.repeat(4000)]));
  const parts: Buffer[] = [headers(1, whole.subarray(0, 16_000), F.endStream)];
  for (let at = 16_000; at < whole.length; at += 16_000) {
    const isLast = at + 16_000 >= whole.length;
    parts.push(frame(T.continuation, isLast ? F.endHeaders : 0, 1, whole.subarray(at, at + 16_000)));
  }
  return Buffer.concat(parts);
}

export const fieldGroups: Readonly<Record<string, readonly Row[]>> = {
  'field compression': compression,
  'pseudo-header fields': pseudo,
  fields,
};
