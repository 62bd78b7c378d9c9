import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FloodGuard } from '../../../../src-main/engine/http2/flood-guard.ts';
import { FrameReader } from '../../../../src-main/engine/http2/frame-reader.ts';
import { clientPreface, FrameType, putFrameHead } from '../../../../src-main/engine/http2/frames.ts';
import { HeaderDecoder } from '../../../../src-main/engine/http2/hpack/decoder.ts';
import { RequestHead } from '../../../../src-main/engine/http2/request-head.ts';

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const out = Buffer.alloc(9);
  putFrameHead(out, 0, payload.length, type, flags, stream);
  return Buffer.concat([out, payload]);
}

/** Everything that a reader hands on; pieces of one DATA frame joined. */
function readAll(pieces: readonly Buffer[]): string[] {
  const heard: string[] = [];
  let data = '';
  const reader = new FrameReader({
    isOver: false,
    onFrame: (type, flags, stream, bytes, start, end) =>
      heard.push(`${type} ${flags} ${stream} ${bytes.toString('hex', start, end)}`),
    onData: (flags, stream, length) => {
      data = `data ${flags} ${stream} ${length} `;
    },
    onDataBytes: (bytes, start, end, isLast) => {
      data += bytes.toString('hex', start, end);
      if (isLast) heard.push(data);
    },
    onBrokenFrame: (error) => heard.push(`broken ${error}`),
  });
  for (const piece of pieces) reader.read(piece, 0, piece.length);
  return heard;
}

describe('frames', () => {
  const anyFrame = fc
    .record({
      type: fc.constantFrom(FrameType.data, FrameType.headers, FrameType.ping, 99),
      isPadded: fc.boolean(),
      stream: fc.integer({ min: 0, max: 0x7fffffff }),
      payload: fc.uint8Array({ maxLength: 40 }),
    })
    .map(({ type, isPadded, stream, payload }) => {
      const pads = type === FrameType.data && isPadded;
      const body = Buffer.from(payload);
      return frame(type, pads ? 8 : 1, stream, pads ? Buffer.concat([Buffer.from([3]), body, Buffer.alloc(3)]) : body);
    });

  it('are the same wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 30 }),
        (frames, cuts) => {
          const whole = Buffer.concat([clientPreface, ...frames]);
          const pieces: Buffer[] = [];
          let at = 0;
          for (const cut of cuts) {
            pieces.push(whole.subarray(at, at + cut));
            at += cut;
          }
          pieces.push(whole.subarray(at));
          const heard = readAll([whole]);
          expect(heard).toHaveLength(frames.length);
          expect(readAll(pieces)).toEqual(heard);
        },
      ),
    );
  });

  it('begin with the preface, and nothing else does', () => {
    expect(readAll([Buffer.from('GET / HTTP/1.1\r\n\r\n')])).toEqual(['broken 1']);
    expect(readAll([clientPreface.subarray(0, 20), Buffer.from('XXXX')])).toEqual(['broken 1']);
  });
});

describe('a flood', () => {
  it('is resets beyond 200 at once and 50 a second', () => {
    const guard = new FloodGuard(0);
    for (let at = 0; at < 200; at++) expect(guard.takeReset(0)).toBe(true);
    expect(guard.takeReset(0)).toBe(false);
    const later = new FloodGuard(0);
    for (let at = 0; at < 200; at++) later.takeReset(0);
    for (let at = 0; at < 50; at++) expect(later.takeReset(1000)).toBe(true);
    expect(later.takeReset(1000)).toBe(false);
  });

  it('is not what bodies cause, unless they are crumbs', () => {
    const guard = new FloodGuard(0);
    for (let at = 0; at < 10_000; at++) {
      guard.onData(1000);
      expect(guard.takeIdle(0) && guard.takeIdle(0)).toBe(true);
    }
    let isGood = true;
    for (let at = 0; at < 2000 && isGood; at++) {
      guard.onData(1);
      isGood = guard.takeIdle(0);
    }
    expect(isGood).toBe(false);
  });
});

describe('a request head', () => {
  const head = new RequestHead();

  function literal(fields: readonly (readonly [string, string])[]): Buffer {
    return Buffer.concat(
      fields.flatMap(([name, value]) => [
        Buffer.from([0, name.length]),
        Buffer.from(name, 'latin1'),
        Buffer.from([value.length]),
        Buffer.from(value, 'latin1'),
      ]),
    );
  }

  function write(fields: readonly (readonly [string, string])[], hasBody = false, maxListBytes = 20_000): string {
    const block = literal(fields);
    new HeaderDecoder(4096).decode(block, 0, block.length, head.begin(maxListBytes));
    head.finish(hasBody);
    if (head.isMalformed) return 'malformed';
    return head.refusal > 0 ? String(head.refusal) : head.text.toString('latin1', 0, head.length);
  }

  const get = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'a.example'],
    [':path', '/p?q'],
  ] as const;

  it('becomes one of HTTP/1.1: Host, one Cookie, chunks', () => {
    expect(write([...get, ['cookie', 'a=1'], ['x-b', 'c'], ['cookie', 'b=2']], true)).toBe(
      'GET /p?q HTTP/1.1\r\nHost: a.example\r\nx-b: c\r\ncookie: a=1; b=2\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    expect(
      write([
        [':method', 'OPTIONS'],
        [':scheme', 'http'],
        [':path', '*'],
        ['host', 'b.example'],
      ]),
    ).toBe('OPTIONS * HTTP/1.1\r\nHost: b.example\r\n\r\n');
    expect(write([...get, ['content-length', '5']], true)).not.toContain('transfer-encoding');
  });

  it('is refused where Host says something else, and taken where it says the same', () => {
    expect(write([...get, ['host', 'b.example']])).toBe('400');
    expect(write([...get, ['host', 'A.Example']])).toContain('Host: a.example\r\n\r\n');
  });

  it('is refused where it is too long, a field counting 32 bytes more', () => {
    const size = get.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
    expect(write(get, false, size)).toContain('GET /p?q');
    expect(write(get, false, size - 1)).toBe('431');
  });

  it('becomes an upgrade where it asks for a WebSocket; no other tunnel is known', () => {
    const connect = [[':method', 'CONNECT'], [':protocol', 'websocket'], ...get.slice(1)] as const;
    expect(write(connect, true)).toMatch(
      /^GET \/p\?q HTTP\/1\.1\r\nHost: a\.example\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: \S{24}\r\n\r\n$/,
    );
    expect(head.isTunnel).toBe(true);
    expect(write([[':method', 'CONNECT'], [':protocol', 'connect-udp'], ...get.slice(1)], true)).toBe('501');
    expect(
      write(
        [
          [':method', 'CONNECT'],
          [':authority', 'x:1'],
        ],
        true,
      ),
    ).toBe('501');
    expect(
      write(
        [
          [':method', 'CONNECT'],
          [':authority', 'x:1'],
          [':path', '/'],
        ],
        true,
      ),
    ).toBe('malformed');
  });

  it('can be neither ended early nor doubled by what fields hold', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    const text = fc.string({ unit: byte, maxLength: 12 });
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.oneof(text, fc.constantFrom(':path', ':method', ':authority', 'host', 'cookie', 'x')), text),
          { maxLength: 6 },
        ),
        (more) => {
          const written = write([...get.slice(0, 2), ...more]);
          if (/^(?:malformed|\d+)$/.test(written)) return;
          expect(written.indexOf('\r\n\r\n')).toBe(written.length - 4);
          expect(
            written
              .split('\r\n')
              .slice(0, -2)
              .every((line) => !/[\r\n\0]/.test(line)),
          ).toBe(true);
          expect(
            written
              .split('\r\n')
              .slice(1, -2)
              .every((line) => /^[!#$%&'*+.^_`|~0-9a-zA-Z-]+: /.test(line)),
          ).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
