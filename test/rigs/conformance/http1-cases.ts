import {
  isAnswered,
  isForwarded,
  isRefused,
  isRefusedWith,
  isSafe,
  request,
  type ConformanceCase,
  type Seen,
} from './case.ts';

/** Cases of our own from RFC 9110, 9112 and 6455 as they bind an intermediary, grouped as the table shows them. */

type Row = readonly [
  name: string,
  source: string,
  send: string,
  isRight: (seen: Seen) => boolean,
  answer?: string | undefined,
  until?: RegExp,
];

const H = 'Host: a';
const close = 'Connection: close';
const get = 'GET /case HTTP/1.1';
const post = 'POST /case HTTP/1.1';
const chunkedBody = '5\r\nhello\r\n0\r\n\r\n';
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

function asks(line: string, ...fields: readonly string[]): string {
  return request(line, [...fields, close]);
}

function sends(fields: readonly string[], body: string): string {
  return request(post, [H, ...fields, close], body);
}

const line: readonly Row[] = [
  ['a plain GET', '9112 3', asks(get, H), isAnswered],
  ['an unknown method passes', '9110 9.1', asks('BREW /case HTTP/1.1', H), isForwarded('BREW /case')],
  ['no target', '9112 3', asks('GET  HTTP/1.1', H), isRefused],
  ['two spaces before the target', '9112 3', asks('GET  /case HTTP/1.1', H), isRefused],
  ['two spaces before the version', '9112 3', asks('GET /case  HTTP/1.1', H), isRefused],
  ['a space in the target', '9112 3.2', asks('GET /case more HTTP/1.1', H), isRefused],
  ['white space after the version', '9112 3', asks('GET /case HTTP/1.1 ', H), isRefused],
  ['a tab instead of a space', '9112 3', asks('GET\t/case HTTP/1.1', H), isRefused],
  ['a target without a slash', '9112 3.2', asks('GET case HTTP/1.1', H), isRefused],
  ['an asterisk with GET', '9112 3.2.4', asks('GET * HTTP/1.1', H), isRefused],
  ['a method with a separator', '9110 9.1', asks('GE(T /case HTTP/1.1', H), isRefused],
  ['a NUL in the target', '9112 2.2', asks('GET /ca\0se HTTP/1.1', H), isRefused],
  ['a control byte in the target', '9112 3.2', asks('GET /ca\x01se HTTP/1.1', H), isRefused],
  ['a high byte in the target', '9112 3.2', asks('GET /ca\xffse HTTP/1.1', H), isRefused],
  ['HTTP/0.9', '9112 2.3', 'GET /case\r\n\r\n', isRefused],
  ['HTTP/2.0 on the line', '9110 2.5', asks('GET /case HTTP/2.0', H), isRefusedWith(400, 505)],
  ['HTTP/1.10', '9112 2.3', asks('GET /case HTTP/1.10', H), isRefused],
  ['http in lower case', '9112 2.3', asks('GET /case http/1.1', H), isRefused],
  ['a bare LF after the line', '9112 2.2', `GET /case HTTP/1.1\n${H}\r\n${close}\r\n\r\n`, isSafe()],
  ['a bare CR in the line', '9112 2.2', asks('GET /ca\rse HTTP/1.1', H), isRefused],
  ['an empty line before it', '9112 2.2', `\r\n${asks(get, H)}`, isAnswered],
  ['CONNECT', '9110 9.3.6', asks('CONNECT a:443 HTTP/1.1', 'Host: a:443'), isRefused],
  ['a target beyond what is read', '9112 3', asks(`GET /${'x'.repeat(70_000)} HTTP/1.1`, H), isRefusedWith(400, 414)],
];

const fields: readonly Row[] = [
  ['a space before the colon', '9112 5.1', asks(get, H, 'X : 1'), isRefused],
  ['a tab before the colon', '9112 5.1', asks(get, H, 'X\t: 1'), isRefused],
  ['no colon', '9112 5', asks(get, H, 'Xnothing'), isRefused],
  ['an empty name', '9112 5', asks(get, H, ': 1'), isRefused],
  ['a name with a separator', '9110 5.1', asks(get, H, 'X(1): 1'), isRefused],
  ['a name with a high byte', '9110 5.1', asks(get, H, 'X\xe9: 1'), isRefused],
  ['a first line that is folded', '9112 2.2', asks(get, ' X: 1', H), isRefused],
  ['a folded value', '9112 5.2', asks(get, H, 'X: 1\r\n folded'), isSafe('\r\n folded')],
  ['a NUL in a value', '9110 5.5', asks(get, H, 'X: a\0b'), isRefused],
  ['a bare CR in a value', '9110 5.5', asks(get, H, 'X: a\rb'), isSafe('a\rb')],
  ['a bare LF as a line end', '9112 2.2', `${get}\r\n${H}\nX: 1\r\n${close}\r\n\r\n`, isSafe(`${H}\nx`)],
  ['a high byte in a value passes', '9110 5.5', asks(get, H, 'X: caf\xe9'), isForwarded('X: caf\xe9')],
  ['no space after the colon', '9112 5', asks(get, H, 'X:1'), isForwarded('x:')],
  ['an empty value', '9112 5', asks(get, H, 'X:'), isForwarded('x:')],
  ['too many bytes of fields', '6585 5', asks(get, H, `X: ${'x'.repeat(70_000)}`), isRefusedWith(400, 431)],
];

const host: readonly Row[] = [
  ['none', '9112 3.2', asks(get), isRefusedWith(400)],
  ['two', '9112 3.2', asks(get, H, 'Host: b'), isRefusedWith(400)],
  ['two alike', '9112 3.2', asks(get, H, H), isRefusedWith(400)],
  ['with user information', '9112 3.2', asks(get, 'Host: user@a'), isRefused],
  ['with a path', '9112 3.2', asks(get, 'Host: a/b'), isRefused],
  ['with a space', '9112 3.2', asks(get, 'Host: a b'), isRefused],
  ['with a comma', '9112 3.2', asks(get, 'Host: a, b'), isRefused],
  ['with a port that is no number', '9110 4.2', asks(get, 'Host: a:b'), isRefused],
  ['with a port', '9112 3.2', asks(get, 'Host: a:8080'), isAnswered],
  ['an IPv6 address', '9112 3.2', asks(get, 'Host: [::1]:80'), isAnswered],
  ['an IPv6 address without its end', '9112 3.2', asks(get, 'Host: [::1'), isRefused],
  ['none in HTTP/1.0', '9112 3.2', 'GET /case HTTP/1.0\r\n\r\n', isAnswered],
  [
    'absolute form replaces it',
    '9112 3.2.2',
    asks('GET http://b/case HTTP/1.1', H),
    isForwarded('host: b', '!host: a\r'),
  ],
  ['absolute form with user information', '9110 4.2.4', asks('GET http://u@b/case HTTP/1.1', 'Host: b'), isRefused],
  ['absolute form without a path', '9112 3.2.1', asks('GET http://a HTTP/1.1', H), isForwarded('GET / HTTP/1.1')],
  [
    'absolute form of OPTIONS without a path',
    '9112 3.2.4',
    asks('OPTIONS http://a HTTP/1.1', H),
    isForwarded('OPTIONS * HTTP/1.1'),
  ],
];

const lengths: readonly Row[] = [
  ['a body', '9112 6.2', sends(['Content-Length: 5'], 'hello'), isForwarded('hello')],
  ['negative', '9112 6.3', sends(['Content-Length: -5'], 'hello'), isRefused],
  ['with a plus', '9110 8.6', sends(['Content-Length: +5'], 'hello'), isRefused],
  ['hexadecimal', '9110 8.6', sends(['Content-Length: 0x5'], 'hello'), isRefused],
  ['empty', '9110 8.6', sends(['Content-Length:'], 'hello'), isRefused],
  ['with a space inside', '9110 8.6', sends(['Content-Length: 5 0'], 'hello'), isRefused],
  ['with a fraction', '9110 8.6', sends(['Content-Length: 5.0'], 'hello'), isRefused],
  ['beyond 64 bits', '9110 8.6', sends(['Content-Length: 99999999999999999999'], 'hello'), isRefused],
  ['two that differ', '9112 6.3', sends(['Content-Length: 5', 'Content-Length: 6'], 'hello'), isRefused],
  [
    'two alike are one or an error',
    '9112 6.3',
    sends(['Content-Length: 5', 'Content-Length: 5'], 'hello'),
    (seen) => isRefused(seen) || seen.heard.toLowerCase().split('content-length').length === 2,
  ],
  ['a list that differs', '9112 6.3', sends(['Content-Length: 5, 6'], 'hello'), isRefused],
  ['a list of the same is one or an error', '9112 6.3', sends(['Content-Length: 5, 5'], 'hello'), isSafe('5, 5')],
  ['nominated by Connection', '9110 7.6.1', request(post, [H, 'Content-Length: 5', 'Connection: close, content-length'], 'hello'), isSafe('!')],
  ['with leading zeros', '9110 8.6', sends(['Content-Length: 0005'], 'hello'), isSafe()],
]; // prettier-ignore

const codings: readonly Row[] = [
  ['chunked', '9112 7.1', sends(['Transfer-Encoding: chunked'], chunkedBody), isForwarded('hello')],
  ['CHUNKED', '9112 7', sends(['Transfer-Encoding: CHUNKED'], chunkedBody), isForwarded('hello')],
  [
    'with a length: never both',
    '9112 6.3',
    sends(['Content-Length: 6', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
    isSafe('smuggled', 'content-length'),
  ],
  [
    'with a length after it: never both',
    '9112 6.3',
    sends(['Transfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`),
    isSafe('smuggled', 'content-length'),
  ],
  ['unknown', '9112 6.1', sends(['Transfer-Encoding: xchunked'], chunkedBody), isRefused],
  ['identity', '9112 7', sends(['Transfer-Encoding: identity', 'Content-Length: 5'], 'hello'), isRefused],
  ['chunked twice', '9112 6.1', sends(['Transfer-Encoding: chunked, chunked'], chunkedBody), isRefused],
  [
    'in two fields',
    '9112 6.1',
    sends(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunkedBody),
    isRefused,
  ],
  ['not chunked at the end', '9112 6.3', sends(['Transfer-Encoding: chunked, gzip'], chunkedBody), isRefused],
  ['a coding nobody knows before chunked', '9112 6.1', sends(['Transfer-Encoding: foo, chunked'], chunkedBody), isRefusedWith(400, 501)],
  ['in quotes', '9112 6.1', sends(['Transfer-Encoding: "chunked"'], chunkedBody), isRefused],
  ['with a vertical tab', '9112 6.1', sends(['Transfer-Encoding: \x0bchunked'], chunkedBody), isRefused],
  ['with a space before the colon', '9112 5.1', sends(['Transfer-Encoding : chunked'], chunkedBody), isRefused],
  ['with a byte after it', '9112 6.1', sends(['Transfer-Encoding: chunked\x00'], chunkedBody), isRefused],
  ['empty', '9112 6.1', sends(['Transfer-Encoding:'], chunkedBody), isRefused],
  ['in HTTP/1.0', '9112 6.1', request('POST /case HTTP/1.0', [H, 'Transfer-Encoding: chunked'], chunkedBody), isRefused],
  ['nominated by Connection', '9110 7.6.1', request(post, [H, 'Transfer-Encoding: chunked', 'Connection: close, transfer-encoding'], chunkedBody), isSafe('!')],
  ['a size that is no number', '9112 7.1', sends(['Transfer-Encoding: chunked'], 'x\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a negative size', '9112 7.1', sends(['Transfer-Encoding: chunked'], '-5\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a size with 0x', '9112 7.1', sends(['Transfer-Encoding: chunked'], '0x5\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a size beyond 64 bits', '9112 7.1', sends(['Transfer-Encoding: chunked'], '10000000000000005\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a space before the size', '9112 7.1', sends(['Transfer-Encoding: chunked'], ' 5\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a chunk longer than its size', '9112 7.1', sends(['Transfer-Encoding: chunked'], '4\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a bare LF after the size', '9112 7.1', sends(['Transfer-Encoding: chunked'], '5\nhello\r\n0\r\n\r\n'), isBroken],
  ['a bare CR in an extension', '9112 7.1.1', sends(['Transfer-Encoding: chunked'], '5;a\rb\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a bare LF in an extension', '9112 7.1.1', sends(['Transfer-Encoding: chunked'], '5;a\nhello\r\n0\r\n\r\n'), isBroken],
  ['an extension', '9112 7.1.1', sends(['Transfer-Encoding: chunked'], '5;a=b\r\nhello\r\n0\r\n\r\n'), isForwarded('hello')],
  ['a trailer', '9112 7.1.2', sends(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'), isForwarded('hello')],
  ['a broken trailer', '9112 7.1.2', sends(['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\nX Sum\r\n\r\n'), isBroken],
]; // prettier-ignore

/** The member must not have got a whole message: the client is told, or everything ends. */
function isBroken(seen: Seen): boolean {
  const body = seen.heard.slice(seen.heard.indexOf('\r\n\r\n') + 4);
  return seen.heard === '' ? seen.status === 0 || seen.status >= 400 : !/(?:^|\r\n)0+\r\n(?:.*\r\n)*\r\n$/.test(body);
}

/** Bodies that could be read in two ways: refused, or the member hears exactly one request and never the one inside. */
const smuggling: readonly Row[] = [
  ['CL.TE: a length before chunks', '9112 6.1', sends(['Content-Length: 6', 'Transfer-Encoding: chunked'], '0\r\n\r\nG'), isSafe('content-length')],
  ['CL.TE: the coding in another case', '9112 6.1', sends(['Content-Length: 44', 'transfer-encoding: Chunked'], `0\r\n\r\n${smuggled}`), isSafe('smuggled', 'content-length')],
  ['TE.CL: chunks with a whole request in them', '9112 6.1', sends(['Content-Length: 4', 'Transfer-Encoding: chunked'], `26\r\n${smuggled}\r\n0\r\n\r\n`), isSafe('content-length: 4')],
  ['TE.TE: a second coding that is none', '9112 6.1', sends(['Transfer-Encoding: chunked', 'Transfer-Encoding: cow'], chunkedBody), isRefused],
  ['TE.TE: the coding on a folded line', '9112 5.2', sends(['Transfer-Encoding:\r\n chunked', 'Content-Length: 5'], chunkedBody), isSafe('transfer-encoding:\r\n', 'content-length')],
  ['TE.TE: a tab before the coding', '9112 5', sends(['Transfer-Encoding:\tchunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`), isSafe('smuggled', 'content-length')],
  ['TE.TE: a parameter of chunked', '9112 7', sends(['Transfer-Encoding: chunked;q=1'], chunkedBody), isRefused],
  ['TE.TE: a comma behind it', '9110 5.6.1', sends(['Transfer-Encoding: chunked,', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`), isSafe('smuggled', 'content-length')],
  ['TE.TE: a form feed behind it', '9112 6.1', sends(['Transfer-Encoding: chunked\x0c'], chunkedBody), isRefused],
  ['TE.TE: a bare CR before it', '9112 2.2', sends(['X: y\rTransfer-Encoding: chunked', 'Content-Length: 5'], 'hello'), isSafe('\rtransfer-encoding')],
  ['TE.TE: a bare LF before it', '9112 2.2', sends(['X: y\nTransfer-Encoding: chunked', 'Content-Length: 4'], `0\r\n\r\n${smuggled}`), isSafe('smuggled', 'y\ntransfer')],
  ['CL.CL: a space before the colon', '9112 5.1', sends(['Content-Length : 5'], 'hello'), isRefused],
  ['CL.CL: a second one behind a bare LF', '9112 2.2', sends(['Content-Length: 5\nContent-Length: 44'], `hello${smuggled}`), isSafe('5\ncontent-length', 'smuggled')],
  ['CL.0: a body of GET is a body', '9112 6.3', request(get, [H, `Content-Length: ${smuggled.length}`, close], smuggled), (seen) => seen.statuses.length === 1 && (seen.heard === '' || seen.heard.toLowerCase().includes(`content-length: ${smuggled.length}`))],
  ['CL.0: a body of HEAD is a body', '9112 6.3', request('HEAD /case HTTP/1.1', [H, `Content-Length: ${smuggled.length}`, close], smuggled), (seen) => seen.statuses.length === 1, 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n'],
  ['CL.0: a length of 0 before a request: that is the next', '9112 6.3', request(post, [H, 'Content-Length: 0'], asks('GET /next HTTP/1.1', H)), (seen) => seen.statuses.join() === '200,200' && seen.heard.split(' HTTP/1.').length === 3],
  ['a coding of HTTP/1.0 with a length', '9112 6.1', request('POST /case HTTP/1.0', [H, 'Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`), isSafe('smuggled')],
  ['a chunk size with a space behind it', '9112 7.1', chunked('5 \r\nhello\r\n0\r\n\r\n'), isBrokenOrMeant],
  ['a chunk size with a tab behind it', '9112 7.1', chunked('5\t\r\nhello\r\n0\r\n\r\n'), isBrokenOrMeant],
  ['a chunk size with a plus', '9112 7.1', chunked('+5\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a chunk size with an underscore', '9112 7.1', chunked('1_0\r\nhello, world! :-)\r\n0\r\n\r\n'), isBroken],
  ['a word behind a chunk size', '9112 7.1.1', chunked('5 x\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['a chunk size with many zeros', '9112 7.1', chunked('0000000000000005\r\nhello\r\n0\r\n\r\n'), isBrokenOrMeant],
  ['no chunk size', '9112 7.1', chunked('\r\nhello\r\n0\r\n\r\n'), isBroken],
  ['an extension that LF ends', '9112 7.1.1', chunked(`5;x\nhello\r\n0\r\n\r\n`), isBroken],
  ['an extension with NUL', '9112 7.1.1', chunked('5;\0\r\nhello\r\n0\r\n\r\n'), isBrokenOrMeant],
  ['LF behind the bytes of a chunk', '9112 7.1', chunked('5\r\nhello\n0\r\n\r\n'), isBroken],
  ['two other bytes behind those of a chunk', '9112 7.1', chunked('5\r\nhelloXX0\r\n\r\n'), isBroken],
  ['LF alone behind the last chunk', '9112 7.1', chunked('5\r\nhello\r\n0\n\n'), isBroken],
  ['a length among trailers', '9110 6.5.1', chunked('5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n'), (seen) => seen.heard === '' || !/content-length: 99/i.test(seen.heard)],
  ['a coding among trailers', '9110 6.5.1', chunked('5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'), (seen) => seen.heard.toLowerCase().split('transfer-encoding').length <= 2],
  ['a request behind the last chunk and close', '9112 9.6', chunked(`5\r\nhello\r\n0\r\n\r\n${smuggled}`), isSafe('smuggled')],
]; // prettier-ignore

function chunked(body: string): string {
  return sends(['Transfer-Encoding: chunked'], body);
}

/** Refused, or the member hears what is meant, written anew. */
function isBrokenOrMeant(seen: Seen): boolean {
  return (
    isBroken(seen) || /\r\n\r\n0*5\r\nhello\r\n0\r\n\r\n$/.test(seen.heard) || seen.heard.endsWith('\r\n\r\nhello')
  );
}

const hops: readonly Row[] = [
  ['Connection is not forwarded as it came', '9110 7.6.1', request(get, [H, 'Connection: close, X-One', 'X-One: 1']), isForwarded('!x-one')],
  ['a name in upper case is cut', '9110 7.6.1', request(get, [H, 'Connection: close, X-TWO', 'x-two: 1']), isForwarded('!x-two')],
  ['Keep-Alive', '9110 7.6.1', asks(get, H, 'Keep-Alive: timeout=5'), isForwarded('!keep-alive: timeout')],
  ['Proxy-Connection', '9110 7.6.1', asks(get, H, 'Proxy-Connection: keep-alive'), isForwarded('!proxy-connection')],
  ['TE but trailers', '9110 10.1.4', request(get, [H, 'Connection: close, TE', 'TE: gzip']), isForwarded('!te: gzip')],
  ['an Upgrade without Connection', '9110 7.8', asks(get, H, 'Upgrade: foo'), isForwarded('!upgrade: foo')],
  ['an upgrade to h2c', '9113 3.1', request(get, [H, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA']), isForwarded('!h2c'), undefined, /ok$/],
  ['X-Forwarded-For is added', '7239', asks(get, H), isForwarded('x-forwarded-for: 127.0.0.1')],
  ['unknown fields pass', '9110 5.1', asks(get, H, 'X-Any: 1'), isForwarded('x-any: 1')],
  ['of a response: Connection names', '9110 7.6.1', asks(get, H), (seen) => isAnswered(seen) && !/x-hop/i.test(seen.text), 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\nok'],
  ['of a response: Keep-Alive', '9110 7.6.1', asks(get, H), (seen) => isAnswered(seen) && !/timeout=77/i.test(seen.text), 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nKeep-Alive: timeout=77\r\n\r\nok'],
  ['of a response: Proxy-Connection', '9110 7.6.1', asks(get, H), (seen) => isAnswered(seen) && !/proxy-connection/i.test(seen.text), 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nProxy-Connection: close\r\n\r\nok'],
]; // prettier-ignore

const ok = 'Content-Length: 2\r\nConnection: close\r\n\r\nok';

function isBadGateway({ status, text }: Seen): boolean {
  return status === 502 || (status === 0 && text === '');
}

const responses: readonly Row[] = [
  ['no HTTP at all', '9112 4', asks(get, H), isBadGateway, 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ['a status of two digits', '9112 4', asks(get, H), isBadGateway, `HTTP/1.1 20 OK\r\n${ok}`],
  ['a status of four digits', '9112 4', asks(get, H), isBadGateway, `HTTP/1.1 2000 OK\r\n${ok}`],
  ['both lengths', '9112 6.3', asks(get, H), (seen) => seen.status === 502 || !/content-length/i.test(seen.text), `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${ok}`],
  ['two lengths that differ', '9112 6.3', asks(get, H), isBadGateway, `HTTP/1.1 200 OK\r\nContent-Length: 3\r\n${ok}`],
  ['a length that is no number', '9112 6.3', asks(get, H), isBadGateway, `HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok`],
  ['a negative length', '9112 6.3', asks(get, H), isBadGateway, `HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok`],
  ['white space before the colon is removed or refused', '9112 5.1', asks(get, H), (seen) => seen.status === 502 || !/x :/i.test(seen.text), `HTTP/1.1 200 OK\r\nX : 1\r\n${ok}`],
  ['a folded field is refused or unfolded', '9112 5.2', asks(get, H), (seen) => seen.status === 502 || !seen.text.includes('\r\n fold'), `HTTP/1.1 200 OK\r\nX: 1\r\n fold\r\n${ok}`],
  ['a NUL in a value', '9110 5.5', asks(get, H), (seen) => seen.status === 502 || !seen.text.includes('\0'), `HTTP/1.1 200 OK\r\nX: a\0b\r\n${ok}`],
  ['a bare CR in a value', '9112 2.2', asks(get, H), (seen) => seen.status === 502 || !seen.text.includes('a\rb'), `HTTP/1.1 200 OK\r\nX: a\rb\r\n${ok}`],
  ['204 has no body', '9112 6.3', asks(get, H), (seen) => seen.status === 204 && !seen.text.endsWith('ok'), `HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\nok`],
  ['304 has no body', '9112 6.3', asks(get, H), (seen) => seen.status === 304 && !seen.text.endsWith('ok'), `HTTP/1.1 304 Not Modified\r\n${ok}`],
  ['a body until the end', '9112 6.3', asks(get, H), (seen) => seen.status === 200 && seen.text.includes('until'), 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil'],
  ['chunks', '9112 7.1', asks(get, H), (seen) => seen.status === 200 && seen.text.includes('hello'), `HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`],
  ['chunks to HTTP/1.0 come without', '9112 7.1', 'GET /case HTTP/1.0\r\nHost: a\r\n\r\n', (seen) => seen.status === 200 && seen.text.endsWith('\r\n\r\nhello'), `HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunkedBody}`],
  ['a broken chunk never looks whole', '9112 8', asks(get, H), (seen) => !seen.text.endsWith('0\r\n\r\n'), 'HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n'],
  ['our own version is named', '9110 2.5', asks(get, H), (seen) => seen.text.startsWith('HTTP/1.1 200'), `HTTP/1.0 200 OK\r\n${ok}`],
  ['an unasked 101', '9110 15.2.2', asks(get, H), isBadGateway, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n'],
  ['an unknown status passes', '9110 15', asks(get, H), (seen) => seen.status === 299, `HTTP/1.1 299 Odd\r\n${ok}`],
  ['no reason phrase', '9112 4', asks(get, H), (seen) => seen.status === 200, `HTTP/1.1 200 \r\n${ok}`],
  ['several Set-Cookie stay apart', '9110 5.3', asks(get, H), (seen) => seen.text.toLowerCase().split('set-cookie:').length === 3, `HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n${ok}`],
  ['a Date where the member has none', '9110 6.6.1', asks(get, H), (seen) => isAnswered(seen) && /\r\ndate: \w{3}, \d\d \w{3} \d{4} /i.test(seen.text)],
  ["the member's Date stays", '9110 6.6.1', asks(get, H), (seen) => isAnswered(seen) && seen.text.includes('Sun, 06 Nov 1994 08:49:37 GMT'), `HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n${ok}`],
]; // prettier-ignore

const semantics: readonly Row[] = [
  ['HEAD has no body', '9110 9.3.2', asks('HEAD /case HTTP/1.1', H), (seen) => seen.status === 200 && seen.text.endsWith('\r\n\r\n'), 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n'],
  ['HEAD keeps the length', '9110 8.6', asks('HEAD /case HTTP/1.1', H), (seen) => /content-length: 1000/i.test(seen.text), 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n'],
  ['OPTIONS *', '9110 9.3.7', asks('OPTIONS * HTTP/1.1', H), isForwarded('OPTIONS * HTTP/1.1')],
  ['Expect is forwarded or answered', '9110 10.1.1', sends(['Expect: 100-continue', 'Content-Length: 5'], 'hello'), isForwarded('hello')],
  ['103 is forwarded', '8297 2', asks(get, H), (seen) => seen.statuses.join() === '103,200', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${ok}`],
  ['no interim response to HTTP/1.0', '9110 15.2', 'GET /case HTTP/1.0\r\nHost: a\r\n\r\n', (seen) => seen.statuses.join() === '200', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${ok}`],
  ['TRACE with Max-Forwards 0 goes no further', '9110 7.6.2', asks('TRACE /case HTTP/1.1', H, 'Max-Forwards: 0'), ({ heard }) => heard === ''],
  ['OPTIONS with Max-Forwards 0 goes no further', '9110 7.6.2', asks('OPTIONS /case HTTP/1.1', H, 'Max-Forwards: 0'), ({ heard, status }) => heard === '' && status > 0],
  ['OPTIONS with Max-Forwards 5 becomes 4', '9110 7.6.2', asks('OPTIONS /case HTTP/1.1', H, 'Max-Forwards: 5'), isForwarded('max-forwards: 4')],
  ['Range passes', '9110 14.2', asks(get, H, 'Range: bytes=0-1'), isForwarded('range: bytes=0-1')],
  ['a body of GET passes', '9110 9.3.1', request(get, [H, 'Content-Length: 5', close], 'hello'), isForwarded('hello')],
]; // prettier-ignore

const connections: readonly Row[] = [
  ['close is obeyed', '9112 9.6', asks(get, H), (seen) => isAnswered(seen) && seen.ending === 'end'],
  ['close is said', '9112 9.6', asks(get, H), (seen) => isAnswered(seen) && /\r\nconnection: close/i.test(seen.text)],
  ['HTTP/1.0 closes', '9112 9.3', 'GET /case HTTP/1.0\r\nHost: a\r\n\r\n', (seen) => isAnswered(seen) && seen.ending === 'end'],
  ['HTTP/1.0 with keep-alive is told so', '9112 9.3', 'GET /case HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n', (seen) => isAnswered(seen) && (/connection: keep-alive/i.test(seen.text) || seen.ending === 'end'), undefined, /ok$/],
  ['two requests at once are answered in turn', '9112 9.3.2', `${request(get, [H])}${asks('GET /second HTTP/1.1', H)}`, (seen) => seen.statuses.join() === '200,200' && seen.heard.includes('/second')],
  ['what follows close is not read', '9112 9.6', `${asks(get, H)}${smuggled}`, (seen) => isAnswered(seen) && !seen.heard.includes('smuggled')],
  ['a bad request after a good one', '9112 9.3.2', `${request(get, [H])}GET /smuggled HTTP/1.1\r\nHost : a\r\n\r\n`, (seen) => seen.statuses[0] === 200 && !seen.heard.includes('smuggled')],
  ['a body does not become a request', '9112 6.3', request(post, [H, `Content-Length: ${smuggled.length}`, close], smuggled), (seen) => seen.statuses.join() === '200'],
]; // prettier-ignore

const switching = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const switched =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n';
const upgrades: readonly Row[] = [
  ['the handshake passes', '6455 4.1', request(get, [H, ...switching]), (seen) => seen.statuses[0] === 101 && /upgrade: websocket/i.test(seen.heard) && /connection:[^\r]*upgrade/i.test(seen.heard), switched, /s3pPLMBi[^]*\r\n\r\n/],
  ['101 names the protocol', '9110 7.8', request(get, [H, ...switching]), (seen) => /upgrade: websocket/i.test(seen.text) && /connection: upgrade/i.test(seen.text), switched, /s3pPLMBi[^]*\r\n\r\n/],
  ['bytes right behind 101 come through', '6455 4.2', request(get, [H, ...switching]), (seen) => seen.text.endsWith('\x81\x02hi'), `${switched}\x81\x02hi`, /hi$/],
  ['a refused upgrade is a response', '6455 4.2.2', request(get, [H, ...switching]), (seen) => seen.status === 426, `HTTP/1.1 426 Upgrade Required\r\n${ok}`, /ok$/],
  ['HTTP/1.0 cannot upgrade', '9110 7.8', request('GET /case HTTP/1.0', [H, ...switching]), (seen) => !/upgrade: websocket/i.test(seen.heard)],
]; // prettier-ignore

const groups: Readonly<Record<string, readonly Row[]>> = {
  'request line': line,
  fields,
  Host: host,
  'Content-Length': lengths,
  'Transfer-Encoding': codings,
  smuggling,
  'hop by hop': hops,
  'responses of members': responses,
  semantics,
  connections,
  upgrade: upgrades,
};

export const http1Cases: readonly ConformanceCase[] = Object.entries(groups).flatMap(([group, rows]) =>
  rows.map(([name, source, send, isRight, answer, until]) => ({
    group,
    name,
    source,
    send,
    isRight,
    ...(answer === undefined ? {} : { answer }),
    ...(until === undefined ? {} : { until }),
  })),
);
