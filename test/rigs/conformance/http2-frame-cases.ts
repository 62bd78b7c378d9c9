import {
  isAnswered,
  isConnectionError,
  isForwarded,
  isIgnored,
  isPonged,
  isStreamError,
  type Http2Case,
  type Http2Seen,
  type Step,
} from './http2-case.ts';
import {
  block,
  data,
  E,
  F,
  frame,
  headers,
  ping,
  preface,
  reset,
  S,
  settings,
  T,
  uint32,
  windowUpdate,
  type Field,
} from './http2-wire.ts';

/** RFC 9113 3.4 to 6.10: connection preface, frames, states of streams, flow control. */

export type Row = readonly [
  name: string,
  source: string,
  steps: readonly Step[],
  isRight: (seen: Http2Seen) => boolean,
  more?: Partial<Http2Case>,
];

/** The field section of a GET. */
export function get(...more: readonly Field[]): Buffer {
  return block([':method', 'GET'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a'], ...more);
}

export function post(...more: readonly Field[]): Buffer {
  return block([':method', 'POST'], [':scheme', 'http'], [':path', '/case'], [':authority', 'a'], ...more);
}

const asks = headers(1, get());
const isProtocolError = isConnectionError(E.protocol);
const isSizeError = isConnectionError(E.frameSize);
/** NGINX gathers a body and then says its length. */
const wholeBody: Partial<Http2Case> = { answersAfter: /hello$|x{700}$|\r\n0\r\n\r\n$/ };
const silent: Partial<Http2Case> = { answer: '', then: 'open' };
const opened = headers(1, post(), F.endHeaders);

function pongs(seen: Http2Seen): boolean {
  return seen.hasPong;
}

function answered(seen: Http2Seen): boolean {
  return seen.isWhole(1);
}

/** Over, yet the member never answers: the stream is open, or half closed. */
function isEither(...codes: readonly number[]): (seen: Http2Seen) => boolean {
  return isStreamError(...codes);
}

const starting: readonly Row[] = [
  ['SETTINGS come first', '3.4', [asks], (seen) => isAnswered(seen) && seen.frames[0]?.type === T.settings && seen.frames[0].flags === 0],
  ['ours are acknowledged', '6.5.3', [asks], (seen) => isAnswered(seen) && seen.of(T.settings).some(({ flags, payload }) => flags === F.ack && payload.length === 0)],
  ['byte by byte', '3.4', [asks], isAnswered, { inBytes: true }],
  ['a preface that is none', '3.4', [], (seen) => seen.isClosed, { start: Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n', 'latin1') }],
  ['a first frame that is no SETTINGS', '3.4', [ping(), asks], isProtocolError, { start: preface }],
  ['SETTINGS twice are acknowledged twice', '6.5.3', [settings([S.push, 0]), ping(), pongs], (seen) => seen.of(T.settings).filter(({ flags }) => flags === F.ack).length === 2],
  ['SETTINGS on a stream', '6.5', [frame(T.settings, 0, 1)], isProtocolError],
  ['an acknowledgement that says something', '6.5', [frame(T.settings, F.ack, 0, '\0\0\0\0\0\0')], isSizeError],
  ['an acknowledgement that nobody waits for', '6.5', [frame(T.settings, F.ack, 0), ping(), pongs], (seen) => seen.hasPong || seen.isOver],
  ['SETTINGS of a length that is no multiple of 6', '6.5', [frame(T.settings, 0, 0, '\0\0\0')], isSizeError],
  ['ENABLE_PUSH of 2', '6.5.2', [settings([S.push, 2])], isProtocolError],
  ['a window beyond 2^31 - 1', '6.5.2', [settings([S.window, 0x80000000])], isConnectionError(E.flowControl)],
  ['a frame size under 16,384', '6.5.2', [settings([S.frameSize, 16_383])], isProtocolError],
  ['a frame size beyond 2^24 - 1', '6.5.2', [settings([S.frameSize, 16_777_216])], isProtocolError],
  ['a setting nobody knows', '6.5.2', [settings([0xff, 1]), asks], isIgnored],
  ['a list size of 0 is advice', '6.5.2', [settings([S.listSize, 0]), asks], (seen) => seen.status() > 0 || seen.isOver],
]; // prettier-ignore

const frames: readonly Row[] = [
  ['a type nobody knows', '4.1', [frame(0x16, 0, 0, 'something'), asks], isIgnored],
  ['a type nobody knows, on a stream', '5.5', [opened, frame(0x16, 0, 1, 'something'), data(1, 'hello')], isIgnored],
  ['a type nobody knows inside a field section', '5.5', [headers(1, get(), F.endStream), frame(0x16, 0, 1, 'x'), frame(T.continuation, F.endHeaders, 1)], isProtocolError],
  ['flags nobody knows', '4.1', [frame(T.ping, 0x16, 0, 'sentinel'), pongs], isPonged],
  ['the reserved bit of a stream identifier', '4.1', [frame(T.ping, 0, 0x80000000, 'sentinel'), pongs], isPonged],
  ['DATA of 16,384 bytes', '4.2', [opened, data(1, 'x'.repeat(16_384))], isForwarded('x'.repeat(1000)), wholeBody],
  ['DATA beyond the frame size', '4.2', [opened, (seen) => seen.settings.size > 0, (seen) => data(1, Buffer.alloc(Math.min(frameSize(seen) + 1, 70_000)))], (seen) => frameSize(seen) > 69_999 || isEither(E.frameSize)(seen), silent],
  ['HEADERS beyond the frame size', '4.2', [(seen) => seen.settings.size > 0, (seen) => frame(T.headers, 5, 1, get(['x', 'y'.repeat(70_000)]).subarray(0, 16_384), Math.min(frameSize(seen) + 1, 0xffffff))], (seen) => frameSize(seen) > 69_999 || isSizeError(seen)],
  ['PRIORITY that is too long is a frame size error', '6.3', [frame(T.priority, 0, 1, '\0\0\0\0\x10\0')], isEither(E.frameSize)],
  ['PRIORITY that is too short', '6.3', [frame(T.priority, 0, 1, '\0\0\0\0')], isEither(E.frameSize)],
  ['PRIORITY on the connection', '6.3', [frame(T.priority, 0, 0, '\0\0\0\0\x10')], isProtocolError],
  ['PRIORITY on an idle stream', '6.3', [frame(T.priority, 0, 3, '\0\0\0\0\x10'), asks], isIgnored],
  ['PRIORITY on a closed stream', '5.1', [asks, answered, frame(T.priority, 0, 1, '\0\0\0\0\x10'), ping(), pongs], isPonged],
  ['PRIORITY between the frames of a field section', '6.2', [headers(1, get(), F.endStream), frame(T.priority, 0, 1, '\0\0\0\0\x10'), frame(T.continuation, F.endHeaders, 1)], isProtocolError],
  ['HEADERS of another stream between', '4.3', [headers(1, get(), F.endStream), headers(3, get())], isProtocolError],
  ['DATA between', '4.3', [headers(1, get(), F.none), data(1, 'x')], isProtocolError],
  ['CONTINUATION', '6.10', [headers(1, get().subarray(0, 9), F.endStream), frame(T.continuation, F.endHeaders, 1, get().subarray(9))], isForwarded('GET /case')],
  ['many of them', '6.10', [headers(1, get().subarray(0, 9), F.endStream), ...Array.from({ length: 4 }, (_, at) => frame(T.continuation, 0, 1, get().subarray(9 + at, 10 + at))), frame(T.continuation, F.endHeaders, 1, get().subarray(13))], isForwarded('GET /case')],
  ['CONTINUATION on the connection', '6.10', [headers(1, get(), F.endStream), frame(T.continuation, F.endHeaders, 0)], isProtocolError],
  ['CONTINUATION without HEADERS', '6.10', [frame(T.continuation, F.endHeaders, 1, get())], isProtocolError],
  ['CONTINUATION behind the end of the fields', '6.10', [headers(1, get(), F.endHeaders), frame(T.continuation, F.endHeaders, 1, block(['x', 'y']))], isProtocolError, silent],
  ['CONTINUATION behind DATA', '6.10', [opened, data(1, 'x', 0), frame(T.continuation, F.endHeaders, 1, block(['x', 'y']))], isProtocolError, silent],
  ['PING is given back', '6.7', [ping('\x01\x02steel\xff'), ping(), pongs], (seen) => seen.of(T.ping)[0]?.payload.toString('latin1') === '\x01\x02steel\xff'],
  ['an acknowledged PING is not', '6.7', [frame(T.ping, F.ack, 0, 'unwanted'), ping(), pongs], (seen) => isPonged(seen) && seen.of(T.ping).length === 1],
  ['PING on a stream', '6.7', [frame(T.ping, 0, 1, 'sentinel')], isProtocolError],
  ['PING of 6 bytes', '6.7', [frame(T.ping, 0, 0, 'sixsix')], isSizeError],
  ['GOAWAY on a stream', '6.8', [frame(T.goaway, 0, 1, '\0\0\0\0\0\0\0\0')], isProtocolError],
  ['GOAWAY lets what runs end', '6.8', [asks, frame(T.goaway, 0, 0, '\0\0\0\0\0\0\0\0')], isAnswered],
  ['GOAWAY that is too short', '6.8', [frame(T.goaway, 0, 0, '\0\0\0\0')], isSizeError],
  ['PUSH_PROMISE of a client', '8.4', [asks, frame(T.push, F.endHeaders, 1, Buffer.concat([uint32(2), get()]))], isConnectionError(E.protocol), silent],
  ['after a connection error the connection is closed', '5.4.1', [frame(T.ping, 0, 1, 'sentinel'), (seen) => seen.isClosed], (seen) => seen.isClosed],
]; // prettier-ignore

function frameSize(seen: Http2Seen): number {
  return seen.settings.get(S.frameSize) ?? 16_384;
}

const streams: readonly Row[] = [
  ['DATA on the connection', '6.1', [data(0, 'x')], isProtocolError],
  ['DATA on an idle stream', '5.1', [data(1, 'x')], isConnectionError(E.protocol, E.streamClosed)],
  ['DATA after the end', '5.1', [asks, data(1, 'x')], isEither(E.streamClosed), silent],
  ['HEADERS after the end', '5.1', [asks, headers(1, get())], isEither(E.streamClosed), silent],
  ['CONTINUATION after the end', '5.1', [asks, frame(T.continuation, F.endHeaders, 1, block(['x', 'y']))], isConnectionError(E.protocol, E.streamClosed), silent],
  ['DATA on a stream that was reset', '5.1', [opened, reset(1, E.cancel), data(1, 'x'), ping(), (seen) => seen.hasPong || seen.isOver], isEitherOrIgnored(E.streamClosed), silent],
  ['HEADERS on a stream that was reset', '5.1', [asks, reset(1, E.cancel), headers(1, get()), ping(), (seen) => seen.hasPong || seen.isOver], isEitherOrIgnored(E.streamClosed), silent],
  ['DATA on a stream that is over', '5.1', [asks, answered, data(1, 'x'), (seen) => seen.resetCode() !== undefined || (seen.goaway ?? 0) > 0 || seen.isClosed], (seen) => isEither(E.streamClosed, E.protocol)(seen)],
  ['HEADERS on a stream that is over', '5.1', [asks, answered, headers(1, get()), (seen) => seen.resetCode() !== undefined || (seen.goaway ?? 0) > 0 || seen.isClosed], (seen) => isEither(E.streamClosed, E.protocol)(seen)],
  ['padding of DATA is no body', '6.1', [opened, data(1, '\x06hello......', F.endStream | F.padded)], isForwarded('hello', '!hello.'), wholeBody],
  ['padding longer than DATA', '6.1', [opened, data(1, '\x06hello', F.endStream | F.padded)], isProtocolError, silent],
  ['padding without its length', '6.1', [opened, data(1, '', F.endStream | F.padded)], isConnectionError(E.protocol, E.frameSize), silent],
  ['empty DATA ends the stream', '6.1', [opened, data(1, 'hello', 0), data(1, '', 0), data(1, '')], isForwarded('hello'), wholeBody],
  ['HEADERS on the connection', '6.2', [headers(0, get())], isProtocolError],
  ['padding of HEADERS', '6.2', [headers(1, Buffer.concat([Buffer.of(3), get(), Buffer.alloc(3)]), 5 | F.padded)], isForwarded('GET /case')],
  ['padding longer than HEADERS', '6.2', [headers(1, Buffer.concat([Buffer.of(200), get()]), 5 | F.padded)], isProtocolError],
  ['HEADERS with a priority', '6.2', [headers(1, Buffer.concat([Buffer.from('\0\0\0\0\x10', 'latin1'), get()]), 5 | F.priority)], isForwarded('GET /case')],
  ['a priority that is cut', '6.2', [headers(1, Buffer.from('\0\0', 'latin1'), 5 | F.priority)], isConnectionError(E.protocol, E.frameSize)],
  ['an even stream', '5.1.1', [headers(2, get())], isProtocolError],
  ['a stream lower than one before', '5.1.1', [headers(5, get()), headers(3, get())], isConnectionError(E.protocol, E.streamClosed), silent],
  ['streams may be skipped', '5.1.1', [headers(9, get())], (seen) => seen.status(9) === 200],
  ['RST_STREAM on the connection', '6.4', [reset(0, E.cancel)], isProtocolError],
  ['RST_STREAM on an idle stream', '6.4', [reset(1, E.cancel)], isProtocolError],
  ['RST_STREAM that is too short', '6.4', [opened, frame(T.reset, 0, 1, '\0\0\0')], isSizeError, silent],
  ['RST_STREAM with a code nobody knows', '7', [opened, reset(1, 0xff), headers(3, get())], (seen) => seen.status(3) === 200, { answersAfter: /GET [^]*\r\n\r\n/ }],
  ['RST_STREAM ends the request at the member', '5.4.2', [opened, (seen) => seen.heard !== '', reset(1, E.cancel), (seen) => seen.memberEndings.length > 0], (seen) => seen.heard === '' || (seen.memberEndings.length === 1 && !seen.heard.includes('\r\n0\r\n')), silent],
  ['more streams than are allowed', '5.1.2', [(seen) => seen.settings.size > 0, (seen) => Buffer.concat(Array.from({ length: streamsOf(seen) + 1 }, (_, at) => headers(2 * at + 1, get())))], (seen) => isStreamError(E.refused, E.protocol)(seen), silent],
  ['streams beside one that waits', '5.1', [headers(1, get(['x', 'waits'])), headers(3, get(['x', 'goes'])), (seen) => seen.isWhole(3)], (seen) => seen.status(3) === 200, { answersAfter: /goes[^]*\r\n\r\n/ }],
]; // prettier-ignore

/** After RST_STREAM frames on their way may be dropped in silence. */
function isEitherOrIgnored(...codes: readonly number[]): (seen: Http2Seen) => boolean {
  return (seen) => (seen.hasPong && seen.goaway === undefined) || isEither(...codes)(seen);
}

function streamsOf(seen: Http2Seen): number {
  return seen.settings.get(S.streams) ?? 1000;
}

const long = `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n${'y'.repeat(100_000)}`;
const three = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc';

function startWith(...pairs: readonly (readonly [id: number, value: number])[]): { readonly start: Buffer } {
  return { start: Buffer.concat([preface, settings(...pairs)]) };
}

function bodyOf(length: number, stream = 1): Step {
  return (seen) => seen.body(stream).length >= length || seen.isOver;
}

/** One byte and 254 of padding in each of 64 frames, whenever the windows of stream and connection have room for all of them. */
function paddedBatches(count: number): Step[] {
  const batch = Buffer.concat(
    Array.from({ length: 64 }, () =>
      data(1, Buffer.concat([Buffer.from('\xfex', 'latin1'), Buffer.alloc(254)]), F.padded),
    ),
  );
  return Array.from({ length: count }, (_, at): Step => {
    const needed = (at + 1) * 64 * 256;
    return (seen) =>
      seen.settings.size > 0 &&
      (seen.settings.get(S.window) ?? 65_535) + grown(seen, 1) >= needed &&
      65_535 + grown(seen, 0) >= needed &&
      batch;
  });
}

function grown(seen: Http2Seen, stream: number): number {
  return seen.of(T.window, stream).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0);
}

const windows: readonly Row[] = [
  ['a window of 1 lets 1 byte through', '6.9.2', [asks, bodyOf(1), ping(), pongs], (seen) => seen.body() === 'a' && !seen.isWhole(), { answer: three, ...startWith([S.window, 1]) }],
  ['the last of two settings counts', '6.5.3', [asks, bodyOf(1), ping(), pongs], (seen) => seen.body() === 'a' && !seen.isWhole(), { answer: three, ...startWith([S.window, 100], [S.window, 1]) }],
  ['WINDOW_UPDATE brings the rest', '6.9.1', [asks, bodyOf(1), windowUpdate(1, 2)], (seen) => seen.body() === 'abc' && seen.isWhole(), { answer: three, ...startWith([S.window, 1]) }],
  ['a window of 0 lets fields through, no byte', '6.9.2', [asks, (seen) => seen.status() > 0, ping(), pongs], (seen) => seen.body() === '' && seen.status() === 200, { answer: three, ...startWith([S.window, 0]) }],
  ['SETTINGS change the windows of streams that run', '6.9.2', [asks, (seen) => seen.status() > 0, settings([S.window, 2]), bodyOf(2), ping(), pongs], (seen) => seen.body() === 'ab' && !seen.isWhole(), { answer: three, ...startWith([S.window, 0]) }],
  ['a window may become negative', '6.9.2', [asks, bodyOf(2), settings([S.window, 0]), windowUpdate(1, 2), ping(), pongs, windowUpdate(1, 1)], (seen) => seen.body() === 'abc' && seen.isWhole() && seen.of(T.data).filter(({ payload }) => payload.length > 0).map(({ payload }) => payload.length).join() === '2,1', { answer: three, ...startWith([S.window, 2]) }],
  ["the connection's window holds all streams", '6.9.1', [asks, bodyOf(65_535), ping(), pongs], (seen) => seen.body().length === 65_535, { answer: long, ...startWith([S.window, 1_000_000]) }],
  ['SETTINGS do not change that of the connection', '6.9.2', [asks, bodyOf(65_535), settings([S.window, 2_000_000]), ping(), pongs], (seen) => seen.body().length === 65_535, { answer: long, ...startWith([S.window, 1_000_000]) }],
  ['no frame is larger than we allow', '4.2', [asks, windowUpdate(0, 1_000_000)], (seen) => seen.body().length === 100_000 && seen.of(T.data).every(({ payload }) => payload.length <= 16_384), { answer: long, ...startWith([S.window, 1_000_000]) }],
  ['an increment of 0 on a stream', '6.9', [opened, windowUpdate(1, 0)], isEither(E.protocol), silent],
  ['an increment of 0 on the connection', '6.9', [windowUpdate(0, 0)], isProtocolError],
  ['WINDOW_UPDATE of 3 bytes', '6.9', [frame(T.window, 0, 0, '\0\0\0')], isSizeError],
  ['a connection window beyond 2^31 - 1', '6.9.1', [windowUpdate(0, 0x7fffffff), windowUpdate(0, 0x7fffffff)], isConnectionError(E.flowControl)],
  ['a stream window beyond 2^31 - 1', '6.9.1', [opened, windowUpdate(1, 0x7fffffff), windowUpdate(1, 0x7fffffff)], isEither(E.flowControl), silent],
  ['SETTINGS that lead a window beyond it', '6.9.2', [opened, windowUpdate(1, 0x7fffffff - 65_535), settings([S.window, 65_536])], isConnectionError(E.flowControl), silent],
  ['WINDOW_UPDATE on an idle stream', '6.9', [windowUpdate(1, 1)], isProtocolError],
  ['WINDOW_UPDATE on a stream that has just ended', '6.9', [asks, answered, windowUpdate(1, 1), ping(), pongs], isPonged],
  ['the reserved bit of an increment', '6.9', [frame(T.window, 0, 0, uint32(0x80000001)), asks], isIgnored],
  ['padding is given back to the windows', '6.9.1', [opened, ...paddedBatches(12), data(1, '')], isForwarded('x'), wholeBody],
]; // prettier-ignore

export const frameGroups: Readonly<Record<string, readonly Row[]>> = {
  'preface and settings': starting,
  frames,
  streams,
  'flow control': windows,
};
