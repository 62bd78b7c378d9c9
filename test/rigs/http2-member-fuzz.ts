import {
  block,
  data,
  F,
  frame,
  headers,
  indexed,
  ping,
  reset,
  S,
  settings,
  T,
  uint32,
  windowUpdate,
} from './conformance/http2-wire.ts';

const ok = block([':status', '200']);

/** What a member may say on a stream, and what it may not. Whole answers stand first: a third of what is picked. */
const answers: readonly ((stream: number) => Buffer)[] = [
  (stream) => Buffer.concat([headers(stream, ok, F.endHeaders), data(stream, 'hello')]),
  (stream) => headers(stream, block([':status', '204'])),
  (stream) => Buffer.concat([headers(stream, Buffer.concat([ok, indexed('content-type', 'a/b'), indexed('trailer', 'x'), Buffer.of(0xbe, 0xbf)]), F.endHeaders), data(stream, 'x')]),
  (stream) => Buffer.concat([headers(stream, block([':status', '200'], ['content-length', '5']), F.endHeaders), data(stream, 'hello')]),
  (stream) => Buffer.concat([headers(stream, ok, F.endHeaders), data(stream, 'part', 0), headers(stream, block(['x-sum', '1']))]),
  (stream) => Buffer.concat([headers(stream, block([':status', '103']), F.endHeaders), headers(stream, ok, F.endHeaders), data(stream, '')]),
  (stream) => Buffer.concat([headers(stream, Buffer.concat([ok, indexed('x-table', 'kept')]), F.endHeaders), data(stream, 'x')]),
  (stream) => Buffer.concat([headers(stream, ok.subarray(0, 3), 0), frame(T.continuation, F.endHeaders, stream, ok.subarray(3)), data(stream, 'x')]),
]; // prettier-ignore

const others: readonly ((stream: number) => Buffer)[] = [
  (stream) => headers(stream, ok, F.endHeaders),
  (stream) => data(stream, 'x'.repeat(100), 0),
  (stream) => data(stream, ''),
  (stream) => reset(stream, 7),
  (stream) => reset(stream, 8),
  (stream) => windowUpdate(stream, 1000),
  (stream) => headers(stream, block([':status', '101']), F.endHeaders),
  (stream) => headers(stream, block([':status', '200'], ['transfer-encoding', 'chunked']), F.endHeaders),
  (stream) => headers(stream, block([':status', '200'], ['x', 'a\r\nb: c']), F.endHeaders),
  (stream) => headers(stream, block([':status', '200'], ['content-length', '9']), F.endHeaders),
  (stream) => frame(T.push, F.endHeaders, stream, Buffer.concat([uint32(2), ok])),
  () => windowUpdate(0, 100_000),
  () => settings([S.window, 10]),
  () => settings([S.streams, 1]),
  () => settings([S.streams, 0]),
  () => ping(),
  () => frame(T.goaway, 0, 0, Buffer.concat([uint32(1), uint32(0)])),
  () => frame(T.goaway, 0, 0, Buffer.concat([uint32(0), uint32(2)])),
  () => frame(0x16, 0, 0, 'unknown'),
]; // prettier-ignore

/** What a member says to one request: an answer or a few other frames, then a few bytes changed, cut out, doubled or put in. */
export function mutatedAnswer(stream: number, chance: () => number): Buffer {
  const parts: Buffer[] = [];
  const count = 1 + Math.floor(chance() * 3);
  for (let at = 0; at < count; at++) parts.push(pick(chance() < 0.5 ? answers : others, chance)(stream));
  let bytes = Buffer.concat(parts);
  for (let change = Math.floor(chance() * 4); change > 0; change--) bytes = mutated(bytes, stream, chance);
  return bytes;
}

function mutated(bytes: Buffer, stream: number, chance: () => number): Buffer<ArrayBuffer> {
  const at = Math.floor(chance() * bytes.length);
  const kind = chance();
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  if (kind < 0.5) return Buffer.concat([before, Buffer.of(Math.floor(chance() * 256)), after.subarray(1)]);
  if (kind < 0.65) return Buffer.concat([before, after.subarray(1 + Math.floor(chance() * 4))]);
  if (kind < 0.8) return Buffer.concat([before, after.subarray(0, 9), after]);
  return Buffer.concat([before, pick(others, chance)(stream), after]);
}

function pick<Item>(list: readonly Item[], chance: () => number): Item {
  const item = list[Math.floor(chance() * list.length)];
  if (item === undefined) throw new RangeError('an empty list');
  return item;
}
