import { connect } from 'node:net';
import { FrameReader } from '../../src-main/engine/http2/frame-reader.ts';
import { clientPreface, FrameType, putFrameHead } from '../../src-main/engine/http2/frames.ts';
import { HeaderDecoder } from '../../src-main/engine/http2/hpack/decoder.ts';

/** A frame as it goes over the wire (RFC 9113 4.1). */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  putFrameHead(head, 0, body.length, type, flags, stream);
  return Buffer.concat([head, body]);
}

/** Fields as literals without a table (RFC 7541 6.2.2). */
export function fields(...pairs: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

function text(said: string): Buffer {
  const bytes = Buffer.from(said, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const left = bytes.length - 127;
  const length = left < 128 ? [127, left] : [127, 128 | (left & 127), left >> 7];
  return Buffer.concat([Buffer.from(length), bytes]);
}

export function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

/** Name, value, name, value ... */
export function settings(...numbers: readonly number[]): Buffer {
  const out = Buffer.alloc(numbers.length * 3);
  for (let at = 0; at < numbers.length; at += 2) {
    out.writeUInt16BE(numbers[at] ?? 0, at * 3);
    out.writeUInt32BE(numbers[at + 1] ?? 0, at * 3 + 2);
  }
  return frame(FrameType.settings, 0, 0, out);
}

/** What came back on one stream. */
export interface HeardStream {
  status: string;
  body: string;
  trailers: string;
  isEnded: boolean;
  /** Sizes of its DATA frames. */
  readonly sizes: number[];
  /** Of RST_STREAM; undefined = none. */
  reset: number | undefined;
  /** What WINDOW_UPDATE let it send more. */
  granted: number;
}

/** A client on a plain socket that says what a test wants, byte for byte, and understands what comes back. */
export interface RawHttp2 {
  readonly streams: ReadonlyMap<number, HeardStream>;
  /** Error codes of GOAWAY, in order. */
  readonly goAways: readonly number[];
  readonly pings: readonly string[];
  readonly settingsAcks: () => number;
  readonly isClosed: () => boolean;
  readonly send: (...frames: readonly Buffer[]) => void;
  readonly pause: () => void;
  readonly close: () => void;
}

/** With `preface` '' nothing is said by itself. */
export function openRawHttp2(port: number, preface: Buffer = Buffer.concat([clientPreface, settings()])): RawHttp2 {
  const streams = new Map<number, HeardStream>();
  const goAways: number[] = [];
  const pings: string[] = [];
  let acks = 0;
  let isClosed = false;
  const decoder = new HeaderDecoder(4096);
  let current: HeardStream | undefined;
  let ends = false;
  function of(id: number): HeardStream {
    const known = streams.get(id);
    if (known !== undefined) return known;
    const made = { status: '', body: '', trailers: '', isEnded: false, sizes: [], reset: undefined, granted: 0 };
    streams.set(id, made);
    return made;
  }
  const reader = new FrameReader({
    isOver: false,
    onFrame: (type, flags, id, bytes, start, end) => {
      if (type === FrameType.goAway) goAways.push(bytes.readUInt32BE(start + 4));
      else if (type === FrameType.ping) pings.push(bytes.toString('latin1', start, end));
      else if (type === FrameType.settings && flags === 1) acks++;
      else if (type === FrameType.resetStream) of(id).reset = bytes.readUInt32BE(start);
      else if (type === FrameType.windowUpdate) of(id).granted += bytes.readUInt32BE(start);
      else if (type === FrameType.headers) {
        const stream = of(id);
        const isGood = decoder.decode(bytes, start, end, {
          take: (_kind, line, nameLength, length) => {
            const name = line.toString('latin1', 0, nameLength);
            if (name === ':status')
              stream.status += (stream.status === '' ? '' : ' ') + line.toString('latin1', nameLength + 2, length - 2);
            else if (stream.sizes.length > 0) stream.trailers += line.toString('latin1', 0, length);
          },
        });
        if (!isGood) throw new Error('fields that cannot be decoded');
        stream.isEnded = (flags & 1) !== 0;
      }
    },
    onData: (flags, id, length) => {
      current = of(id);
      current.sizes.push(length);
      ends = (flags & 1) !== 0;
    },
    onDataBytes: (bytes, start, end, isLast) => {
      if (current === undefined) return;
      current.body += bytes.toString('latin1', start, end);
      if (isLast && ends) current.isEnded = true;
    },
    onBrokenFrame: (error) => {
      throw new Error(`a broken frame (${error})`);
    },
  });
  // What reads frames expects what a client says first.
  reader.read(clientPreface, 0, clientPreface.length);
  const socket = connect(port, '127.0.0.1');
  socket.write(preface);
  socket.on('data', (bytes: Buffer) => {
    reader.read(bytes, 0, bytes.length);
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  return {
    streams,
    goAways,
    pings,
    settingsAcks: () => acks,
    isClosed: () => isClosed,
    send: (...frames) => socket.write(Buffer.concat(frames)),
    pause: () => socket.pause(),
    close: () => socket.destroy(),
  };
}
