import { maxFieldCount } from '../../src-main/engine/http1/head.ts';
import {
  block,
  data,
  F,
  frame,
  headers,
  indexed,
  ping,
  preface,
  reset,
  S,
  settings,
  T,
  uint32,
  windowUpdate,
  type Field,
} from './conformance/http2-wire.ts';
import { readChunked, readRequest } from './http-reference.ts';

function fields(method: string, ...more: readonly Field[]): Buffer {
  return block([':method', method], [':scheme', 'http'], [':path', '/p?q=1'], [':authority', 'a'], ...more);
}

const open = F.endHeaders;

/** What a client may say in one session, and what it may not, by stream. */
const pieces: readonly ((stream: number) => Buffer)[] = [
  (stream) => headers(stream, fields('GET')),
  (stream) => headers(stream, fields('GET', ['cookie', 'a=1'], ['cookie', 'b=2'], ['te', 'trailers'])),
  (stream) => Buffer.concat([headers(stream, fields('POST'), open), data(stream, 'hello')]),
  (stream) => Buffer.concat([headers(stream, fields('POST', ['content-length', '5']), open), data(stream, 'hello')]),
  (stream) => Buffer.concat([headers(stream, fields('PUT'), open), data(stream, 'part', 0), headers(stream, block(['x-sum', '1']))]),
  (stream) => Buffer.concat([headers(stream, Buffer.concat([fields('GET'), indexed('x-table', 'kept')])), headers(stream + 2, Buffer.concat([fields('GET'), Buffer.of(0xbe)]))]),
  (stream) => Buffer.concat([headers(stream, fields('GET').subarray(0, 20), F.endStream), frame(T.continuation, open, stream, fields('GET').subarray(20))]),
  (stream) => Buffer.concat([headers(stream, fields('POST'), open), reset(stream, 8)]),
  (stream) => headers(stream, block([':method', 'CONNECT'], [':protocol', 'websocket'], [':scheme', 'http'], [':path', '/'], [':authority', 'a']), open),
  (stream) => headers(stream, Buffer.concat([Buffer.of(3), fields('GET'), Buffer.alloc(3)]), 5 | F.padded),
  (stream) => windowUpdate(stream, 1000),
  (stream) => data(stream, 'x'),
  () => windowUpdate(0, 100_000),
  () => settings([S.window, 10]),
  () => settings([S.tableSize, 0], [S.frameSize, 20_000]),
  () => ping(),
  () => frame(T.settings, F.ack, 0),
  () => frame(T.priority, 0, 3, '\0\0\0\0\x10'),
  () => frame(T.goaway, 0, 0, Buffer.concat([uint32(0), uint32(0)])),
  () => frame(0x16, 0, 0, 'unknown'),
  (stream) => headers(stream, fields('GET', ['transfer-encoding', 'chunked'])),
  (stream) => headers(stream, fields('GET', ['x', 'a\r\nb: c'])),
]; // prettier-ignore

/** A session of a few of them, then a few bytes changed, cut out, doubled or put in. */
export function mutatedSession(chance: () => number): Buffer {
  const parts = [preface, settings()];
  const count = 1 + Math.floor(chance() * 6);
  for (let at = 0; at < count; at++) parts.push(pick(pieces, chance)(1 + 4 * at));
  let bytes = Buffer.concat(parts);
  for (let change = Math.floor(chance() * 5); change > 0; change--) bytes = mutated(bytes, chance);
  return bytes;
}

function mutated(bytes: Buffer, chance: () => number): Buffer<ArrayBuffer> {
  // The preface stays in most sessions: without it nothing else is looked at.
  const first = chance() < 0.95 ? preface.length : 0;
  const at = first + Math.floor(chance() * Math.max(1, bytes.length - first));
  const kind = chance();
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind < 0.5) return Buffer.concat([before, Buffer.of(Math.floor(chance() * 256)), after.subarray(1)]);
  if (kind < 0.65) return Buffer.concat([before, after.subarray(1 + Math.floor(chance() * 4))]);
  if (kind < 0.8) return Buffer.concat([before, after.subarray(0, 9), after]);
  return Buffer.concat([before, pick(pieces, chance)(1 + 2 * Math.floor(chance() * 12)), after]);
}

function pick<Item>(list: readonly Item[], chance: () => number): Item {
  const item = list[Math.floor(chance() * list.length)];
  if (item === undefined) throw new RangeError('an empty list');
  return item;
}

/** What is wrong with all that one connection to a member said; undefined = well-formed requests, the last one perhaps cut. */
export function misheard(text: string): string | undefined {
  for (let rest = text; rest !== '';) {
    const reading = readRequest(rest, maxFieldCount + 16);
    if (reading.kind === 'incomplete') return undefined;
    if (reading.kind === 'refused') return rest.slice(0, 400);
    const body = rest.slice(reading.headBytes);
    if (/\r\nupgrade: *websocket\r\n/i.test(rest.slice(0, reading.headBytes))) return undefined;
    if (!reading.isChunked) {
      rest = body.slice(Math.max(0, reading.contentLength));
      continue;
    }
    const chunks = readChunked(body);
    if (chunks.kind === 'incomplete') return undefined;
    if (chunks.kind !== 'body') return rest.slice(0, 400);
    rest = body.slice(chunks.bytes);
  }
  return undefined;
}
