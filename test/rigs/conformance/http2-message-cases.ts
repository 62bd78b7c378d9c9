import {
  isAnswered,
  isBrokenOff,
  isForwarded,
  isMalformed,
  isStreamError,
  type Http2Case,
  type Http2Seen,
  type Step,
} from './http2-case.ts';
import { get, post, type Row } from './http2-frame-cases.ts';
import { block, data, E, F, frame, headers, reset, S, T, type Field } from './http2-wire.ts';

/** RFC 9113 8.1 and 8.4 to 8.6, RFC 8441, and what must not be smuggled when HTTP/2 becomes HTTP/1.1. */

const closing = 'Content-Length: 2\r\nConnection: close\r\n\r\nok';
/** NGINX gathers a body and then says its length. */
const untilWhole: Partial<Http2Case> = { answersAfter: /hello$|\r\n0\r\n(?:[^]*\r\n)?\r\n$/ };
const open = F.endHeaders;
const never: Partial<Http2Case> = { answersAfter: /never/ };

function sends(body: string, ...fields: readonly Field[]): Step[] {
  return [headers(1, post(...fields), open), data(1, body)];
}

const requests: readonly Row[] = [
  ['a body', '9113 8.1', sends('hello'), isForwarded('hello'), untilWhole],
  ['a body with its length', '9113 8.1.1', sends('hello', ['content-length', '5']), isForwarded('content-length: 5', 'hello', '!transfer-encoding'), untilWhole],
  ['a body in pieces', '9113 8.1', [headers(1, post(), open), data(1, 'hel', 0), data(1, 'lo')], (seen) => isAnswered(seen) && seen.heard.replaceAll(/\r\n[0-9a-f]+\r\n/g, '').includes('hello'), untilWhole],
  ['a body of GET', '9110 9.3.1', [headers(1, get(), open), data(1, 'hello')], isForwarded('hello'), untilWhole],
  ['trailers', '9113 8.1', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['x-sum', '1']))], isForwarded('hello'), untilWhole],
  ['trailers without an end', '9113 8.1', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['x-sum', '1']), open)], isBrokenOff, never],
  ['trailers with an upper case name', '9113 8.2.1', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['X-Sum', '1']))], isBrokenOff, never],
  ['trailers with a connection field', '9113 8.2.2', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['transfer-encoding', 'chunked']))], isBrokenOff, never],
  ['a length beyond the body', '9113 8.1.1', sends('hello', ['content-length', '6']), isUnfinished, never],
  ['a length short of the body', '9113 8.1.1', sends('hello', ['content-length', '4']), isUnfinished, never],
  ['a length short of a body in pieces', '9113 8.1.1', [headers(1, post(['content-length', '5']), open), data(1, 'hel', 0), data(1, 'lo, world')], isUnfinished, never],
  ['a length without a body', '9113 8.1.1', [headers(1, post(['content-length', '5']))], isUnfinished, never],
  ['a length before trailers that come too early', '9113 8.1.1', [headers(1, post(['content-length', '50']), open), data(1, 'hello', 0), headers(1, block(['x-sum', '1']))], isUnfinished, never],
  ['two lengths that differ', '9110 8.6', sends('hello', ['content-length', '5'], ['content-length', '6']), isMalformed],
  ['a length that is no number', '9110 8.6', sends('hello', ['content-length', 'five']), isMalformed],
  ['a length with a plus', '9110 8.6', sends('hello', ['content-length', '+5']), isMalformed],
  ['a negative length', '9110 8.6', sends('hello', ['content-length', '-5']), isMalformed],
  ['a length beyond 64 bits', '9110 8.6', sends('hello', ['content-length', '99999999999999999999']), isMalformed],
  ['a list of lengths that differ', '9110 8.6', sends('hello', ['content-length', '5, 6']), isMalformed],
  ['Expect is forwarded or answered', '9110 10.1.1', sends('hello', ['expect', '100-continue'], ['content-length', '5']), isForwarded('hello'), untilWhole],
  ['X-Forwarded-For is added', '7239', [headers(1, get())], isForwarded('x-forwarded-for: 127.0.0.1')],
  ['our own version is named to the member', '9110 2.5', [headers(1, get())], isForwarded('GET /case HTTP/1.1\r\n')],
  ['TRACE with Max-Forwards 0 goes no further', '9110 7.6.2', [headers(1, block([':method', 'TRACE'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a'], ['max-forwards', '0']))], (seen) => seen.heard === '' && seen.isOver],
]; // prettier-ignore

/** Told the client, or broken off, and the member could not take it for whole: its connection ended before what was announced. */
function isUnfinished(seen: Http2Seen): boolean {
  const announced = Number(/content-length: (\d+)/i.exec(seen.heard)?.[1] ?? 0);
  const body = seen.heard.split('\r\n\r\n').slice(1).join('\r\n\r\n');
  const isTold = seen.status() >= 400 || isStreamError(E.protocol)(seen);
  return isTold && (seen.heard === '' || body.length < announced);
}

function h1(head: string, body = ''): Partial<Http2Case> {
  return { answer: `HTTP/1.1 ${head}\r\n\r\n${body}` };
}

const asks = headers(1, get());

const responses: readonly Row[] = [
  ['names are in lower case', '9113 8.2.1', [asks], (seen) => isAnswered(seen) && seen.sections.every(({ fields }) => fields.every(([name]) => name === name.toLowerCase())) && seen.field('x-mixed') === 'Yes', h1('200 OK\r\nX-Mixed: Yes\r\nConnection: close\r\nContent-Length: 2', 'ok')],
  ['the status stands first, and nothing else is pseudo', '9113 8.3.2', [asks], (seen) => isAnswered(seen) && seen.sections[0]?.fields[0]?.[0] === ':status' && seen.sections[0].fields.filter(([name]) => name.startsWith(':')).length === 1],
  ['fields of the connection are not said', '9113 8.2.2', [asks], (seen) => isAnswered(seen) && ['connection', 'keep-alive', 'transfer-encoding', 'x-hop'].every((name) => seen.field(name) === undefined), h1('200 OK\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nTransfer-Encoding: chunked', '2\r\nok\r\n0\r\n\r\n')],
  ['Upgrade is not said', '9113 8.2.2', [asks], (seen) => isAnswered(seen) && seen.field('upgrade') === undefined, h1('200 OK\r\nUpgrade: h2c\r\nConnection: close, Upgrade\r\nContent-Length: 2', 'ok')],
  ['chunks come as they are meant', '9113 8.1', [asks], (seen) => isAnswered(seen) && seen.body() === 'hello', h1('200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked', '3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n')],
  ['a body until the end', '9113 8.1', [asks], (seen) => isAnswered(seen) && seen.body() === 'until', h1('200 OK\r\nConnection: close', 'until')],
  ['trailers', '9113 8.1', [asks], (seen) => isAnswered(seen) && seen.field('x-sum') === '1', h1('200 OK\r\nConnection: close\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked', '2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n')],
  ['103 is forwarded', '8297 2', [asks], (seen) => seen.statuses().join() === '103,200' && seen.isWhole(), { answer: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${closing}` }],
  ['100 is forwarded', '9110 15.2.1', [headers(1, post(['expect', '100-continue'], ['content-length', '5']), open), (seen) => seen.statuses().length > 0, data(1, 'hello')], (seen) => seen.statuses()[0] === 100, { answer: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${closing}` }],
  ['204 has no body', '9113 8.1', [asks], (seen) => seen.status() === 204 && seen.isWhole() && seen.body() === '', h1('204 No Content\r\nConnection: close')],
  ['304 has no body', '9113 8.1', [asks], (seen) => seen.status() === 304 && seen.isWhole() && seen.body() === '', h1('304 Not Modified\r\nContent-Length: 100\r\nConnection: close')],
  ['HEAD has no body and keeps the length', '9113 8.1.1', [headers(1, block([':method', 'HEAD'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a']))], (seen) => seen.status() === 200 && seen.isWhole() && seen.body() === '' && seen.field('content-length') === '1000', h1('200 OK\r\nContent-Length: 1000\r\nConnection: close')],
  ['several Set-Cookie stay apart', '9110 5.3', [asks], (seen) => (seen.sections[0]?.fields.filter(([name]) => name === 'set-cookie').length ?? 0) === 2, h1('200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\nContent-Length: 2', 'ok')],
  ['an unknown status passes', '9110 15', [asks], (seen) => seen.status() === 299, { answer: `HTTP/1.1 299 Odd\r\n${closing}` }],
  ['a body that breaks off is reset, never ended', '9113 8.1.1', [asks, (seen) => seen.isOver], (seen) => !seen.isWhole() && (seen.resetCode(1) !== undefined || seen.isClosed), h1('200 OK\r\nContent-Length: 100\r\nConnection: close', 'part')],
  ['chunks that break off are reset, never ended', '9113 8.1.1', [asks, (seen) => seen.isOver], (seen) => !seen.isWhole() && (seen.resetCode(1) !== undefined || seen.isClosed), h1('200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked', '5\r\nhello\r\n')],
  ['chunks that are broken are reset, never ended', '9113 8.1.1', [asks, (seen) => seen.isOver], (seen) => seen.status() >= 500 || (!seen.isWhole() && (seen.resetCode(1) !== undefined || seen.isClosed)), h1('200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked', '5\r\nhello\r\nzz\r\n')],
  ['what is behind the length is no body', '9113 8.1.1', [asks], (seen) => seen.status() >= 500 || seen.body() === 'ok', h1('200 OK\r\nContent-Length: 2\r\nConnection: close', 'okextra')],
  ['two lengths that differ', '9110 8.6', [asks], (seen) => seen.status() === 502 || seen.resetCode(1) !== undefined, h1('200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\nConnection: close', 'ok!')],
  ['a member that speaks no HTTP', '9110 15.6.3', [asks], (seen) => seen.status() === 502, { answer: 'SSH-2.0-OpenSSH\r\n\r\n' }],
  ['an unasked 101', '9113 8.6', [asks], (seen) => seen.status() === 502 || (seen.status() === 0 && isStreamError(E.protocol, E.internal)(seen)), h1('101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo')],
  ['a NUL in a value', '9113 8.2.1', [asks], (seen) => seen.status() === 502 || seen.field('x') === undefined, h1('200 OK\r\nX: a\0b\r\nContent-Length: 2\r\nConnection: close', 'ok')],
  ['a response before the end of the request', '9113 8.1', [headers(1, post(['content-length', '50000']), open), data(1, 'x'.repeat(100), 0), (seen) => seen.isWhole()], (seen) => seen.heard === '' || (seen.status() === 413 && seen.body() === 'ok'), { answer: `HTTP/1.1 413 Content Too Large\r\n${closing}` }],
  ['a body of 300,000 bytes through the windows', '9113 6.9', [asks, ...Array.from({ length: 30 }, (_, at): Step => (seen) => seen.body().length >= Math.min((at + 1) * 10_000, 299_999) && Buffer.concat([frame(T.window, 0, 0, Buffer.from([0, 0, 0x27, 0x10])), frame(T.window, 0, 1, Buffer.from([0, 0, 0x27, 0x10]))]))], (seen) => seen.body().length === 300_000 && seen.isWhole(), h1('200 OK\r\nContent-Length: 300000\r\nConnection: close', 'z'.repeat(300_000))],
]; // prettier-ignore

const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

/** Refused, or heard as exactly one request and without what was to be smuggled. */
function isSafe(...forbidden: readonly string[]): (seen: Http2Seen) => boolean {
  return (seen) =>
    (seen.heard === '' || seen.heard.split(' HTTP/1.').length === 2) &&
    ['injected', ...forbidden].every((part) => !seen.heard.toLowerCase().includes(part)) &&
    seen.isOver;
}

function put(name: string, value: string): Step {
  const fields: readonly Field[] = [[':method', 'GET'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a']]; // prettier-ignore
  const isPseudo = fields.some((field) => field[0] === name);
  const list = fields.map((field): Field => (field[0] === name ? [name, value] : field));
  return headers(1, block(...list, ...(isPseudo ? [] : [[name, value] as const])));
}

const downgrade: readonly Row[] = [
  ['a line in a value', '9113 10.3', [put('x', 'a\r\ninjected: 1')], isMalformed],
  ['a whole request in a value', '9113 10.3', [put('x', `a\r\n\r\n${smuggled}`)], isMalformed],
  ['a bare LF in a value', '9113 10.3', [put('x', 'a\ninjected: 1')], isMalformed],
  ['a line in a name', '9113 10.3', [put('x: a\r\ninjected', '1')], isMalformed],
  ['a colon in a name', '9113 10.3', [put('transfer-encoding: chunked, x', '1')], isMalformed],
  ['a line in the method', '9113 10.3', [put(':method', 'GET / HTTP/1.1\r\ninjected: 1\r\nx:')], isMalformed],
  ['a request line in the method', '9113 10.3', [put(':method', 'GET /admin HTTP/1.1')], isMalformed],
  ['a line in the path', '9113 10.3', [put(':path', '/ HTTP/1.1\r\ninjected: 1\r\nx: ')], isMalformed],
  ['a version in the path', '9113 10.3', [put(':path', '/admin HTTP/1.1')], isMalformed],
  ['an absolute path that names another host', '9113 8.3.1', [put(':path', 'http://b/case')], (seen) => isMalformed(seen) || (isAnswered(seen) && !seen.heard.includes('http://b'))],
  ['a line in the authority', '9113 10.3', [put(':authority', 'a\r\ninjected: 1')], isMalformed],
  ['a line in the scheme', '9113 10.3', [put(':scheme', 'http\r\ninjected: 1')], isSafe()],
  ['a URL in the scheme', '9113 8.3.1', [put(':scheme', 'http://injected/?')], isSafe()],
  ['a line in Host', '9113 10.3', [headers(1, block([':method', 'GET'], [':scheme', 'http'], [':path', '/case'], ['host', 'a\r\ninjected: 1']))], isMalformed],
  ['a line in a cookie', '9113 10.3', [put('cookie', 'a=1\r\ninjected: 1')], isMalformed],
  ['Transfer-Encoding before a body (H2.TE)', '9113 8.2.2', [headers(1, post(['transfer-encoding', 'chunked']), open), data(1, `0\r\n\r\n${smuggled}`)], isMalformed],
  ['a space behind Transfer-Encoding', '9113 8.2.1', [headers(1, post(['transfer-encoding ', 'chunked']), open), data(1, `0\r\n\r\n${smuggled}`)], isMalformed],
  ['Transfer-Encoding in a value that lies', '9113 10.3', [headers(1, post(['x', 'a\r\ntransfer-encoding: chunked']), open), data(1, `0\r\n\r\n${smuggled}`)], isMalformed],
  ['a length of 0 before a body (H2.CL)', '9113 8.1.1', [headers(1, post(['content-length', '0']), open), data(1, smuggled)], (seen) => !seen.heard.includes('smuggled') && seen.isOver],
  ['a length within the body (H2.CL)', '9113 8.1.1', [headers(1, post(['content-length', '5']), open), data(1, `hello${smuggled}`)], (seen) => !seen.heard.includes('smuggled') && seen.isOver, never],
  ['a body that looks like chunks is a body', '9113 8.1', sends(`0\r\n\r\n${smuggled}`, ['content-length', String(smuggled.length + 5)]), (seen) => isAnswered(seen) && seen.of(T.headers).length === 1, { answersAfter: /smuggled[^]*\r\n\r\n$/ }],
  ['a trailer does not become a field', '9113 8.1', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['content-length', '1'], ['x-sum', '1']))], (seen) => !seen.heard.slice(0, seen.heard.indexOf('\r\n\r\n')).toLowerCase().includes('content-length') && seen.isOver, untilWhole],
  ['a line in a trailer', '9113 10.3', [headers(1, post(), open), data(1, 'hello', 0), headers(1, block(['x-sum', '1\r\n\r\nGET /smuggled HTTP/1.1']))], (seen) => !seen.heard.includes('smuggled') && seen.isOver, never],
]; // prettier-ignore

const connect: readonly Field[] = [[':method', 'CONNECT'], [':protocol', 'websocket'], [':scheme', 'http'], [':path', '/chat'], [':authority', 'a'], ['sec-websocket-version', '13']]; // prettier-ignore
const tunnel = headers(1, block(...connect), open);
const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n'; // prettier-ignore
const echoes: Partial<Http2Case> = { answer: switched, then: 'echo' };

function isOpen(seen: Http2Seen): boolean {
  return seen.status() > 0;
}

const webSockets: readonly Row[] = [
  ['the setting is sent', '8441 3', [asks], (seen) => isAnswered(seen) && seen.settings.get(S.connect) === 1],
  ['the handshake becomes that of HTTP/1.1', '8441 5', [tunnel, isOpen], (seen) => seen.status() === 200 && seen.heard.startsWith('GET /chat HTTP/1.1\r\n') && /upgrade: websocket\r\n/i.test(seen.heard) && /connection:[^\r]*upgrade/i.test(seen.heard) && /sec-websocket-key: \S{24}\r\n/i.test(seen.heard), echoes],
  ['200 without Sec-WebSocket-Accept', '8441 5', [tunnel, isOpen], (seen) => seen.status() === 200 && seen.field('sec-websocket-accept') === undefined && seen.field('upgrade') === undefined && !seen.isWhole(), echoes],
  ['DATA goes both ways', '8441 5', [tunnel, isOpen, data(1, '\x81\x02hi', 0), (seen) => seen.body().length >= 4], (seen) => seen.body() === '\x81\x02hi', echoes],
  ['bytes right behind 101 come through', '6455 4.2', [tunnel, (seen) => seen.body().length >= 4], (seen) => seen.body() === '\x81\x02hi', { answer: `${switched}\x81\x02hi`, then: 'open' }],
  ["the member's end is the stream's", '8441 5', [tunnel], (seen) => seen.status() === 200 && seen.isWhole(), { answer: switched, then: 'end' }],
  ["the client's end reaches the member", '8441 5', [tunnel, isOpen, data(1, ''), (seen) => seen.memberEndings.length > 0], (seen) => seen.memberEndings.length === 1, echoes],
  ['RST_STREAM reaches the member', '8441 5', [tunnel, isOpen, reset(1, E.cancel), (seen) => seen.memberEndings.length > 0], (seen) => seen.memberEndings.length === 1, echoes],
  ["the member's reset reaches the client", '8441 5', [tunnel], (seen) => seen.status() === 200 && (seen.resetCode(1) !== undefined || seen.isWhole()), { answer: switched, then: 'reset' }],
  ['a refused upgrade is a response', '8441 5', [tunnel, (seen) => seen.isWhole()], (seen) => seen.status() === 403 && seen.body() === 'ok', { answer: `HTTP/1.1 403 Forbidden\r\n${closing}` }],
  ['a protocol nobody knows', '8441 4', [headers(1, block(...connect.map((field): Field => (field[0] === ':protocol' ? [':protocol', 'nothing'] : field))), open), (seen) => seen.isOver], (seen) => seen.heard.includes('upgrade: nothing') || (seen.heard === '' && (seen.status() >= 400 || seen.resetCode(1) !== undefined)), { answer: '', then: 'open' }],
  ['without a path', '8441 4', [headers(1, block(...connect.filter((field) => field[0] !== ':path')), open), (seen) => seen.isOver], isMalformed],
  ['without a scheme', '8441 4', [headers(1, block(...connect.filter((field) => field[0] !== ':scheme')), open), (seen) => seen.isOver], isMalformed],
  ['without an authority', '8441 4', [headers(1, block(...connect.filter((field) => field[0] !== ':authority')), open), (seen) => seen.isOver], isMalformed],
  ['with fields of a connection', '8441 4', [headers(1, block(...connect, ['connection', 'upgrade'], ['upgrade', 'websocket'])), (seen) => seen.isOver], isMalformed],
]; // prettier-ignore

export const messageGroups: Readonly<Record<string, readonly Row[]>> = {
  requests,
  responses,
  'down to HTTP/1.1': downgrade,
  'WebSocket (RFC 8441)': webSockets,
};
