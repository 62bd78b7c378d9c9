import { ErrorCode, Flag, FrameType, Setting } from '../../../src-main/engine/http2/frames.ts';
import { fields, frame, settings, uint32 } from '../raw-http2.ts';
import { respond, type HeardRequest, type RawHttp2Behaviour, type RawHttp2Link } from '../raw-http2-member.ts';

/** What came of one case: what the client got, and what the member heard on its connections. */
export interface MemberSeen {
  /** latin1. */
  readonly text: string;
  /** Of the first final response; 0 = none came. */
  readonly status: number;
  /** Of all responses, interim ones too. */
  readonly statuses: readonly number[];
  readonly ending: 'end' | 'reset' | 'open';
  readonly links: readonly RawHttp2Link[];
  /** The first request that a member heard. */
  readonly request: HeardRequest | undefined;
}

/** One fact of RFC 9113 as it binds an intermediary towards a member. */
export interface MemberCase {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  /** HTTP/1.1; default: a GET. */
  readonly send: string;
  readonly member: RawHttp2Behaviour;
  readonly isRight: (seen: MemberSeen) => boolean;
  /** What the member has to have heard or the client to have got before the case is over; default: the client's connection is over. */
  readonly until?: (seen: MemberSeen) => boolean;
}

type Row = readonly [
  name: string,
  source: string,
  member: RawHttp2Behaviour,
  isRight: (seen: MemberSeen) => boolean,
  more?: Partial<MemberCase>,
];

const ok = [[':status', '200']] as const;
const { headers, data } = FrameType;

function get(...lines: readonly string[]): string {
  return `GET /a?b HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
}

function post(body: string, ...lines: readonly string[]): string {
  return `POST /p HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

/** Says these frames once a request is whole. */
function says(frames: (stream: number) => readonly Buffer[], more: RawHttp2Behaviour = {}): RawHttp2Behaviour {
  return {
    onRequest: (link, { stream }) => {
      link.send(...frames(stream));
    },
    ...more,
  };
}

const answers = says((stream) => [respond(stream, ok, 'ok')]);

function head(stream: number, flags: number, ...pairs: readonly (readonly [string, string])[]): Buffer {
  return frame(headers, flags, stream, fields(...pairs));
}

/** A response's fields alone, with more to come. */
function begin(stream: number, ...pairs: readonly (readonly [string, string])[]): Buffer {
  return head(stream, Flag.endHeaders, ...ok, ...pairs);
}

function whole(stream: number, ...pairs: readonly (readonly [string, string])[]): Buffer {
  return head(stream, Flag.endHeaders | Flag.endStream, ...pairs);
}

function value({ request }: MemberSeen, name: string): string | undefined {
  return request?.fields.find(([found]) => found === name)?.[1];
}

function lacks(seen: MemberSeen, ...names: readonly string[]): boolean {
  return seen.request !== undefined && names.every((name) => value(seen, name) === undefined);
}

function bodyOf({ text }: MemberSeen): string {
  const [top = '', ...rest] = text.replace(/^(HTTP\/1\.1 1\d\d[^]*?\r\n\r\n)+/, '').split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  return /transfer-encoding: *chunked/i.test(top) ? body.replace(/[0-9a-f]+\r\n([^]*?)\r\n/gi, '$1') : body;
}

function isAnswered(seen: MemberSeen): boolean {
  return seen.status === 200 && bodyOf(seen).startsWith('ok');
}

function is502(seen: MemberSeen): boolean {
  return seen.status === 502;
}

/** The client can tell that the response is not whole. */
function isCut({ text, status, ending }: MemberSeen): boolean {
  if (status >= 500) return true;
  if (/transfer-encoding: *chunked/i.test(text)) return !text.endsWith('0\r\n\r\n');
  const length = /content-length: *(\d+)/i.exec(text)?.[1];
  if (length !== undefined) return (text.split('\r\n\r\n')[1] ?? '').length < Number(length);
  return ending === 'reset';
}

/** The connection to the member was ended with this error, and the client told so. */
function endsWith(...errors: readonly number[]): (seen: MemberSeen) => boolean {
  return (seen) =>
    seen.status >= 500 && seen.links.some(({ goAways }) => goAways.some((error) => errors.includes(error)));
}

/** The stream was reset with one of these, or the connection was ended with one. */
function breaksWith(...errors: readonly number[]): (seen: MemberSeen) => boolean {
  return (seen) =>
    isCut(seen) &&
    (errors.includes(seen.request?.reset ?? -1) ||
      seen.links.some(({ goAways }) => goAways.some((error) => errors.includes(error))));
}

const gone: Partial<MemberCase> = {
  until: ({ links, status }) => status > 0 && links.some(({ goAways }) => goAways.length > 0),
};
const broken: Partial<MemberCase> = {
  until: ({ links, request, ending }) =>
    ending !== 'open' && (request?.reset !== undefined || links.some(({ goAways }) => goAways.length > 0)),
};

const requests: readonly Row[] = [
  ['pseudo-header fields, once each and first', '8.3', answers, (seen) => {
    const names = (seen.request?.fields ?? []).map(([name]) => name);
    const pseudo = names.filter((name) => name.startsWith(':'));
    return isAnswered(seen) && ['', ':authority,'].includes(pseudo.toSorted().join().replace(':method,:path,:scheme', '')) && names.slice(0, pseudo.length).every((name) => name.startsWith(':'));
  }], // prettier-ignore
  ['method and path as they came', '8.3.1', answers, (seen) => value(seen, ':method') === 'GET' && value(seen, ':path') === '/a?b'],
  ['Host becomes :authority', '8.3.1', answers, (seen) => value(seen, ':authority') === 'a.example' && lacks(seen, 'host')],
  ['OPTIONS of the whole server', '8.3.1', answers, (seen) => value(seen, ':path') === '*', { send: 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' }],
  ['an absolute target', '8.3.1', answers, (seen) => value(seen, ':path') === '/x' && value(seen, ':authority') === 'b', { send: 'GET http://b/x HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n' }],
  ['names in lower case', '8.2.1', answers, (seen) => value(seen, 'x-mixed') === 'Value', { send: get('X-MiXed: Value') }],
  ['no fields of one connection', '8.2.2', answers, (seen) => lacks(seen, 'connection', 'keep-alive', 'proxy-connection', 'x-hop', 'upgrade', 'transfer-encoding'), { send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop, Keep-Alive\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nProxy-Connection: close\r\n\r\n' }],
  ['of TE trailers alone', '8.2.2', answers, (seen) => [undefined, 'trailers'].includes(value(seen, 'te')), { send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close, TE\r\nTE: trailers, deflate\r\n\r\n' }],
  ['fields of the same name stay apart or become a list', '8.2', answers, (seen) => (seen.request?.fields ?? []).filter(([name]) => name === 'x-list').map(([, text]) => text).join(', ') === 'a, b', { send: get('X-List: a', 'X-List: b') }],
  ['Cookie whole', '8.2.3', answers, (seen) => (seen.request?.fields ?? []).filter(([name]) => name === 'cookie').map(([, text]) => text).join('; ') === 'a=1; b=2', { send: get('Cookie: a=1; b=2') }],
  ['without a body it ends with its fields', '8.1', answers, ({ links }) => links[0]?.frames.some(({ type, flags }) => type === headers && (flags & Flag.endStream) !== 0) === true],
  ['a body of known length', '8.1.1', answers, (seen) => seen.request?.body === 'hello' && value(seen, 'content-length') === '5', { send: post('hello', 'Content-Length: 5') }],
  ['a chunked body', '8.2.2', answers, (seen) => seen.request?.body === 'hello' && lacks(seen, 'transfer-encoding'), { send: post('5\r\nhello\r\n0\r\n\r\n', 'Transfer-Encoding: chunked') }],
  ['trailers', '8.1', answers, (seen) => seen.request?.trailers.some(([name, text]) => name === 'x-sum' && text === 'abc') === true, { send: post('5\r\nhello\r\n0\r\nX-Sum: abc\r\n\r\n', 'Transfer-Encoding: chunked') }],
  ['no DATA frame above what the member takes', '4.2', answers, ({ links, request }) => request?.body.length === 50_000 && (links[0]?.frames ?? []).every(({ length }) => length <= 16_384), { send: post('x'.repeat(50_000), 'Content-Length: 50000') }],
  ['no field section above it in one frame', '6.10', answers, (seen) => isAnswered(seen) && (seen.links[0]?.frames ?? []).every(({ length }) => length <= 16_384), { send: get(`X-Long: ${'x'.repeat(7000)}`) }],
  ['no more than the window of a stream', '6.9', { ...answers, greets: settings(Setting.initialWindowSize, 3) }, ({ request }) => request?.body === 'hel', { send: post('hello', 'Content-Length: 5'), until: ({ request }) => (request?.body.length ?? 0) >= 3 }],
  ['the rest once it opens', '6.9', { ...answers, greets: settings(Setting.initialWindowSize, 3), onHead: (link, { stream }) => { link.send(frame(FrameType.windowUpdate, 0, stream, uint32(100))); } }, isAnswered, { send: post('hello', 'Content-Length: 5') }],
  ['a push is forbidden beforehand, or refused', '6.5.2', says((stream) => [frame(FrameType.pushPromise, Flag.endHeaders, stream, Buffer.concat([uint32(2), fields([':method', 'GET'], [':scheme', 'http'], [':authority', 'a'], [':path', '/'])])), respond(stream, ok, 'ok')]), ({ links }) => links.some(({ goAways }) => goAways.includes(ErrorCode.protocol)), gone],
  ['SETTINGS are acknowledged', '6.5.3', answers, ({ links }) => links[0]?.frames.some(({ type, flags }) => type === FrameType.settings && flags === Flag.ack) === true],
  ['PING is answered', '6.7', says((stream) => [frame(FrameType.ping, 0, 0, 'pingping'), respond(stream, ok, 'ok')]), (seen) => isAnswered(seen) && seen.links[0]?.pings.includes('ack:pingping') === true],
]; // prettier-ignore

const responses: readonly Row[] = [
  ['fields and body', '8.1', answers, isAnswered],
  ['an empty DATA frame as the end', '8.1', says((stream) => [begin(stream), frame(data, 0, stream, 'ok'), frame(data, Flag.endStream, stream)]), isAnswered],
  ['a body in many frames', '8.1', says((stream) => [begin(stream), ...['o', 'k', '', '!'].map((text) => frame(data, 0, stream, text)), frame(data, Flag.endStream, stream)]), (seen) => bodyOf(seen).startsWith('ok!')],
  ['padding', '6.1', says((stream) => [begin(stream), frame(data, Flag.padded | Flag.endStream, stream, '\u0003ok\0\0\0')]), isAnswered],
  ['padding of fields, and a priority', '6.2', says((stream) => [frame(headers, Flag.endHeaders | Flag.padded | Flag.priority, stream, Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 1]), fields(...ok), Buffer.alloc(2)])), frame(data, Flag.endStream, stream, 'ok')]), isAnswered],
  ['CONTINUATION', '6.10', says((stream) => [frame(headers, 0, stream, fields(...ok)), frame(FrameType.continuation, Flag.endHeaders, stream, fields(['x-later', '1'])), frame(data, Flag.endStream, stream, 'ok')]), (seen) => isAnswered(seen) && /x-later: 1/i.test(seen.text)],
  ['a field of the dynamic table', 'RFC 7541 2.3', says((stream) => [frame(headers, Flag.endHeaders, stream, Buffer.concat([fields(...ok), Buffer.from([0x40, 3]), Buffer.from('x-a'), Buffer.from([1]), Buffer.from('b'), Buffer.from([0x80 | 62])])), frame(data, Flag.endStream, stream, 'ok')]), (seen) => /x-a: b[^]*x-a: b|x-a: b, b/i.test(seen.text)],
  ['a response without a body', '8.1', says((stream) => [whole(stream, [':status', '200'])]), ({ status, ending }) => status === 200 && ending === 'end'],
  ['204', '8.1', says((stream) => [whole(stream, [':status', '204'])]), (seen) => seen.status === 204 && bodyOf(seen) === ''],
  ['304', '8.1', says((stream) => [whole(stream, [':status', '304'], ['etag', '"a"'])]), (seen) => seen.status === 304 && bodyOf(seen) === ''],
  ['the length that HEAD would have', '8.1.1', says((stream) => [whole(stream, [':status', '200'], ['content-length', '10'])]), (seen) => seen.status === 200 && /content-length: 10/i.test(seen.text) && bodyOf(seen) === '', { send: 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' }],
  ['an interim response', '8.1', says((stream) => [head(stream, Flag.endHeaders, [':status', '103'], ['link', '</a>']), respond(stream, ok, 'ok')]), (seen) => isAnswered(seen) && seen.statuses.includes(103)],
  ['an interim response that ends the stream', '8.1', says((stream) => [whole(stream, [':status', '103'])]), is502],
  ['status 101', '8.6', says((stream) => [respond(stream, [[':status', '101']], 'ok')]), is502],
  ['trailers', '8.1', says((stream) => [begin(stream, ['trailer', 'x-sum']), frame(data, 0, stream, 'ok'), whole(stream, ['x-sum', 'abc'])]), isAnswered],
  ['trailers with a pseudo-header', '8.1', says((stream) => [begin(stream), frame(data, 0, stream, 'ok'), whole(stream, [':status', '200'])]), isCut, broken],
  ['trailers that do not end the stream', '8.1', says((stream) => [begin(stream), frame(data, 0, stream, 'ok'), head(stream, Flag.endHeaders, ['x-sum', 'abc'])]), isCut, broken],
  ['no :status', '8.3.2', says((stream) => [respond(stream, [['x-a', 'b']], 'ok')]), is502],
  ['two of them', '8.3.2', says((stream) => [respond(stream, [[':status', '200'], [':status', '200']], 'ok')]), is502],
  ['a :status that is none', '8.3.2', says((stream) => [respond(stream, [[':status', '2x0']], 'ok')]), is502],
  [':status behind another field', '8.3', says((stream) => [respond(stream, [['x-a', 'b'], [':status', '200']], 'ok')]), is502],
  ['a pseudo-header of requests', '8.3', says((stream) => [respond(stream, [[':status', '200'], [':path', '/']], 'ok')]), is502],
  ['a pseudo-header that nobody knows', '8.3', says((stream) => [respond(stream, [[':status', '200'], [':x', '/']], 'ok')]), is502],
  ['a name in upper case', '8.2.1', says((stream) => [respond(stream, [[':status', '200'], ['X-A', 'b']], 'ok')]), is502],
  ['a name with a space', '8.2.1', says((stream) => [respond(stream, [[':status', '200'], ['x a', 'b']], 'ok')]), is502],
  ['a value with CR LF', '8.2.1', says((stream) => [respond(stream, [[':status', '200'], ['x-a', 'b\r\nSet-Cookie: c=d']], 'ok')]), is502],
  ['a value with NUL', '8.2.1', says((stream) => [respond(stream, [[':status', '200'], ['x-a', 'b\0c']], 'ok')]), is502],
  ['Connection', '8.2.2', says((stream) => [respond(stream, [[':status', '200'], ['connection', 'close']], 'ok')]), is502],
  ['Transfer-Encoding', '8.2.2', says((stream) => [respond(stream, [[':status', '200'], ['transfer-encoding', 'chunked']], 'ok')]), is502],
  ['more DATA than Content-Length says', '8.1.1', says((stream) => [begin(stream, ['content-length', '1']), frame(data, Flag.endStream, stream, 'ok')]), (seen) => isCut(seen) || !seen.text.endsWith('ok'), broken],
  ['less', '8.1.1', says((stream) => [begin(stream, ['content-length', '5']), frame(data, Flag.endStream, stream, 'ok')]), isCut],
  ['none at all where it says some', '8.1.1', says((stream) => [whole(stream, [':status', '200'], ['content-length', '5'])]), isCut],
  ['two lengths that differ', '8.1.1', says((stream) => [respond(stream, [[':status', '200'], ['content-length', '2'], ['content-length', '3']], 'ok')]), is502],
  ['a length that is no number', '8.1.1', says((stream) => [respond(stream, [[':status', '200'], ['content-length', '+2']], 'ok')]), is502],
  ['DATA before the fields', '8.1', says((stream) => [frame(data, Flag.endStream, stream, 'ok')]), (seen) => seen.status >= 500],
]; // prettier-ignore

const failures: readonly Row[] = [
  ['RST_STREAM in place of a response', '5.4.2', says((stream) => [frame(FrameType.resetStream, 0, stream, uint32(ErrorCode.internal))]), is502],
  ['RST_STREAM within one', '5.4.2', says((stream) => [begin(stream), frame(data, 0, stream, 'ok'), frame(FrameType.resetStream, 0, stream, uint32(ErrorCode.internal))]), isCut],
  ['RST_STREAM of no stream', '6.4', says((stream) => [frame(FrameType.resetStream, 0, stream + 2, uint32(ErrorCode.cancel)), respond(stream, ok, 'ok')]), endsWith(ErrorCode.protocol), gone],
  ['GOAWAY lets the stream finish', '6.8', says((stream) => [frame(FrameType.goAway, 0, 0, Buffer.concat([uint32(stream), uint32(0)])), respond(stream, ok, 'ok')]), isAnswered],
  ['GOAWAY that is too short', '6.8', says(() => [frame(FrameType.goAway, 0, 0, 'abc')]), endsWith(ErrorCode.frameSize), gone],
  ['a type that nobody knows', '5.5', says((stream) => [frame(0xfa, 0, 0, 'abc'), frame(0xfa, 0, stream, 'abc'), respond(stream, ok, 'ok')]), isAnswered],
  ['a frame that is too large', '4.2', says((stream) => [begin(stream), frame(data, Flag.endStream, stream, 'x'.repeat(16_385))]), breaksWith(ErrorCode.frameSize), broken],
  ['DATA on the connection', '6.1', says(() => [frame(data, 0, 0, 'abc')]), endsWith(ErrorCode.protocol), gone],
  ['fields on the connection', '6.2', says(() => [head(0, Flag.endHeaders, ...ok)]), endsWith(ErrorCode.protocol), gone],
  ['fields on a stream that was not opened', '5.1.1', says((stream) => [head(stream + 2, Flag.endHeaders, ...ok)]), endsWith(ErrorCode.protocol), gone],
  ['fields on a stream of the member', '5.1.1', says(() => [head(2, Flag.endHeaders, ...ok)]), endsWith(ErrorCode.protocol), gone],
  ['another frame within a field section', '6.2', says((stream) => [frame(headers, 0, stream, fields(...ok)), frame(FrameType.ping, 0, 0, 'pingping')]), endsWith(ErrorCode.protocol), gone],
  ['CONTINUATION behind nothing', '6.10', says((stream) => [frame(FrameType.continuation, Flag.endHeaders, stream, fields(...ok))]), endsWith(ErrorCode.protocol), gone],
  ['fields that cannot be decoded', '4.3', says((stream) => [frame(headers, Flag.endHeaders, stream, Buffer.from([0xff, 0xff, 0xff]))]), endsWith(ErrorCode.compression), gone],
  ['an index that the table has not', 'RFC 7541 2.3.3', says((stream) => [frame(headers, Flag.endHeaders, stream, Buffer.from([0x80 | 62]))]), endsWith(ErrorCode.compression), gone],
  ['a table larger than allowed', 'RFC 7541 6.3', says((stream) => [frame(headers, Flag.endHeaders | Flag.endStream, stream, Buffer.concat([Buffer.from([0x3f, 0xe1, 0xff, 0x03]), fields(...ok)]))]), endsWith(ErrorCode.compression), gone],
  ['PING of a wrong length', '6.7', says(() => [frame(FrameType.ping, 0, 0, 'ping')]), endsWith(ErrorCode.frameSize), gone],
  ['PING of a stream', '6.7', says((stream) => [frame(FrameType.ping, 0, stream, 'pingping')]), endsWith(ErrorCode.protocol), gone],
  ['SETTINGS of a wrong length', '6.5', says(() => [frame(FrameType.settings, 0, 0, 'abc')]), endsWith(ErrorCode.frameSize), gone],
  ['SETTINGS of a stream', '6.5', says((stream) => [frame(FrameType.settings, 0, stream)]), endsWith(ErrorCode.protocol), gone],
  ['a window of the connection beyond 2^31 - 1', '6.9.1', says(() => [frame(FrameType.windowUpdate, 0, 0, uint32(0x7fffffff))]), endsWith(ErrorCode.flowControl), gone],
  ['a window that opens by nothing', '6.9', says(() => [frame(FrameType.windowUpdate, 0, 0, uint32(0))]), endsWith(ErrorCode.protocol), gone],
  ['a window of a stream that opens by nothing', '6.9', says((stream) => [frame(FrameType.windowUpdate, 0, stream, uint32(0))]), breaksWith(ErrorCode.protocol), broken],
  ['an initial window beyond 2^31 - 1', '6.5.2', says(() => [settings(Setting.initialWindowSize, 0x80000000)]), endsWith(ErrorCode.flowControl), gone],
  ['padding longer than its frame', '6.1', says((stream) => [begin(stream), frame(data, Flag.padded, stream, '\u0009ok')]), breaksWith(ErrorCode.protocol), broken],
  ['something else than SETTINGS at first', '3.4', { greets: frame(FrameType.ping, 0, 0, 'pingping') }, (seen) => seen.status >= 500],
  ['HTTP/1.1 in place of it', '3.4', { greets: Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') }, (seen) => seen.status >= 500],
]; // prettier-ignore

function named(group: string, rows: readonly Row[]): MemberCase[] {
  return rows.map(([name, source, member, isRight, more]) => ({
    group,
    name,
    source,
    send: get(),
    member,
    isRight,
    ...more,
  }));
}

export const memberCases: readonly MemberCase[] = [
  ...named('requests', requests),
  ...named('responses', responses),
  ...named('failures', failures),
];
