import { createServer, type Socket } from 'node:net';
import { FrameReader } from '../../src-main/engine/http2/frame-reader.ts';
import { Flag, FrameType } from '../../src-main/engine/http2/frames.ts';
import { HeaderDecoder } from '../../src-main/engine/http2/hpack/decoder.ts';
import { fields, frame, settings } from './raw-http2.ts';

/** What a balancer asked on one stream. */
export interface HeardRequest {
  readonly stream: number;
  /** Names and values in their order, pseudo-header fields too. */
  readonly fields: (readonly [name: string, value: string])[];
  readonly trailers: (readonly [name: string, value: string])[];
  body: string;
  isEnded: boolean;
  /** Of RST_STREAM; undefined = none. */
  reset: number | undefined;
  /** What WINDOW_UPDATE let the member send more. */
  granted: number;
}

/** One connection of a balancer, as the member sees it. */
export interface RawHttp2Link {
  readonly index: number;
  readonly requests: ReadonlyMap<number, HeardRequest>;
  readonly goAways: readonly number[];
  /** Types, flags and lengths of all frames in their order; those of the preface apart. */
  readonly frames: readonly { readonly type: number; readonly flags: number; readonly length: number }[];
  /** Payloads of PINGs; `ack:` before those that answer ours. */
  readonly pings: readonly string[];
  /** The PROXY header that came first; empty = none did. */
  readonly proxied: () => string;
  readonly isClosed: () => boolean;
  readonly send: (...frames: readonly Buffer[]) => void;
  readonly destroy: () => void;
}

/** A member that speaks HTTP/2 as a test wants, frame by frame. */
export interface RawHttp2Member {
  readonly port: number;
  readonly links: readonly RawHttp2Link[];
  readonly close: () => Promise<void>;
}

export interface RawHttp2Behaviour {
  /** What is said first; default: empty SETTINGS. */
  readonly greets?: Buffer;
  /** A request's fields have come. */
  readonly onHead?: (link: RawHttp2Link, request: HeardRequest) => void;
  /** A request is whole. */
  readonly onRequest?: (link: RawHttp2Link, request: HeardRequest) => void;
}

export function startRawHttp2Member(behaviour: () => RawHttp2Behaviour): Promise<RawHttp2Member> {
  const links: RawHttp2Link[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    links.push(openLink(socket, links.length, behaviour));
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({
        port: address !== null && typeof address === 'object' ? address.port : 0,
        links,
        close: () =>
          new Promise((done) => {
            server.close(() => {
              done();
            });
            for (const socket of sockets) socket.destroy();
          }),
      });
    });
  });
}

function openLink(socket: Socket, index: number, behaviour: () => RawHttp2Behaviour): RawHttp2Link {
  const requests = new Map<number, HeardRequest>();
  const goAways: number[] = [];
  const pings: string[] = [];
  const frames: { type: number; flags: number; length: number }[] = [];
  const decoder = new HeaderDecoder(4096);
  let proxied: string | undefined;
  const link: RawHttp2Link = {
    index,
    requests,
    goAways,
    pings,
    frames,
    proxied: () => proxied ?? '',
    isClosed: () => socket.destroyed,
    send: (...said) => {
      if (!socket.destroyed) socket.write(Buffer.concat(said));
    },
    destroy: () => socket.destroy(),
  };
  let block: Buffer[] = [];
  let ends = false;
  let current: HeardRequest | undefined;
  function of(stream: number): HeardRequest {
    const known = requests.get(stream);
    if (known !== undefined) return known;
    const made = { stream, fields: [], trailers: [], body: '', isEnded: false, reset: undefined, granted: 0 };
    requests.set(stream, made);
    return made;
  }
  function finish(request: HeardRequest): void {
    request.isEnded = true;
    behaviour().onRequest?.(link, request);
  }
  function takeFields(stream: number): void {
    const isFirst = !requests.has(stream);
    const request = of(stream);
    const list = isFirst ? request.fields : request.trailers;
    const bytes = Buffer.concat(block);
    const isGood = decoder.decode(bytes, 0, bytes.length, {
      take: (_kind, line, nameLength, length) => {
        list.push([line.toString('latin1', 0, nameLength), line.toString('latin1', nameLength + 2, length - 2)]);
      },
    });
    if (!isGood) throw new Error('fields that cannot be decoded');
    if (isFirst) behaviour().onHead?.(link, request);
    if (ends) finish(request);
  }
  const reader = new FrameReader({
    isOver: false,
    onFrame: (type, flags, stream, bytes, start, end) => {
      frames.push({ type, flags, length: end - start });
      if (type === FrameType.goAway) goAways.push(bytes.readUInt32BE(start + 4));
      else if (type === FrameType.ping) {
        pings.push((flags & Flag.ack ? 'ack:' : '') + bytes.toString('latin1', start, end));
        if ((flags & Flag.ack) === 0)
          link.send(frame(FrameType.ping, Flag.ack, 0, Buffer.from(bytes.subarray(start, end))));
      } else if (type === FrameType.settings && flags === 0) link.send(frame(FrameType.settings, Flag.ack, 0));
      else if (type === FrameType.resetStream) of(stream).reset = bytes.readUInt32BE(start);
      else if (type === FrameType.windowUpdate && stream > 0) of(stream).granted += bytes.readUInt32BE(start);
      else if (type === FrameType.headers || type === FrameType.continuation) {
        if (type === FrameType.headers) {
          block = [];
          ends = (flags & Flag.endStream) !== 0;
        }
        block.push(Buffer.from(bytes.subarray(start, end)));
        if ((flags & Flag.endHeaders) !== 0) takeFields(stream);
      }
    },
    onData: (flags, stream, length) => {
      frames.push({ type: FrameType.data, flags, length });
      current = of(stream);
      ends = (flags & Flag.endStream) !== 0;
    },
    onDataBytes: (bytes, start, end, isLast) => {
      if (current === undefined) return;
      current.body += bytes.toString('latin1', start, end);
      if (isLast && ends) finish(current);
    },
    onBrokenFrame: () => socket.destroy(),
  });
  socket.on('data', (bytes: Buffer) => {
    // A PROXY header of version 1 comes whole, before all else.
    const start = proxied === undefined && bytes.toString('latin1', 0, 6) === 'PROXY ' ? bytes.indexOf('\n') + 1 : 0;
    proxied ??= bytes.toString('latin1', 0, start).trim();
    reader.read(bytes, start, bytes.length);
  });
  link.send(behaviour().greets ?? settings());
  return link;
}

/** A response's fields; without `body` the stream ends with them. */
export function respond(stream: number, pairs: readonly (readonly [string, string])[], body?: string): Buffer {
  const head = fields(...pairs);
  if (body === undefined) return frame(FrameType.headers, Flag.endHeaders | Flag.endStream, stream, head);
  return Buffer.concat([
    frame(FrameType.headers, Flag.endHeaders, stream, head),
    frame(FrameType.data, Flag.endStream, stream, body),
  ]);
}
