import { once } from 'node:events';
import { connect, type ClientHttp2Session } from 'node:http2';
import { connect as connectTcp, createServer, type AddressInfo, type Server } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameReader } from '../../../../src-main/engine/http2/frame-reader.ts';
import { FrameType, putFrameHead } from '../../../../src-main/engine/http2/frames.ts';
import { HeaderDecoder } from '../../../../src-main/engine/http2/hpack/decoder.ts';
import { putField, putInteger, putStatus } from '../../../../src-main/engine/http2/hpack/encoder.ts';

type Field = readonly [name: string, value: string];

function decode(decoder: HeaderDecoder, block: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  const isGood = decoder.decode(block, 0, block.length, {
    take: (_kind, line, nameLength, length) => {
      expect(line.toString('latin1', length - 2, length)).toBe('\r\n');
      fields.push([line.toString('latin1', 0, nameLength), line.toString('latin1', nameLength + 2, length - 2)]);
    },
  });
  return isGood ? fields : undefined;
}

function decodeHex(decoder: HeaderDecoder, hex: string): Field[] | undefined {
  return decode(decoder, Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

describe('HPACK, by the examples of RFC 7541 appendix C', () => {
  const www = [':authority', 'www.example.com'] as const;

  it.each([
    [
      'C.3: without Huffman coding',
      [
        '828684410f7777772e6578616d706c652e636f6d',
        '828684be58086e6f2d6361636865',
        '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
      ],
    ],
    [
      'C.4: with it',
      [
        '828684418cf1e3c2e5f23a6ba0ab90f4ff',
        '828684be5886a8eb10649cbf',
        '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf',
      ],
    ],
  ])('requests, %s', (_name, blocks) => {
    const decoder = new HeaderDecoder(4096);
    const get = [':method', 'GET'] as const;
    expect(blocks.map((block) => decodeHex(decoder, block))).toEqual([
      [get, [':scheme', 'http'], [':path', '/'], www],
      [get, [':scheme', 'http'], [':path', '/'], www, ['cache-control', 'no-cache']],
      [get, [':scheme', 'https'], [':path', '/index.html'], www, ['custom-key', 'custom-value']],
    ]);
  });

  it('responses, C.6: old entries leave a table of 256 bytes', () => {
    const decoder = new HeaderDecoder(256);
    const location = ['location', 'https://www.example.com'] as const;
    const date = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'] as const;
    const first =
      '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3';
    expect(decodeHex(decoder, first)).toEqual([[':status', '302'], ['cache-control', 'private'], date, location]);
    expect(decodeHex(decoder, '4883640effc1c0bf')).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      date,
      location,
    ]);
    const third =
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007';
    expect(decodeHex(decoder, third)).toEqual([
      [':status', '200'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:22 GMT'],
      location,
      ['content-encoding', 'gzip'],
      ['set-cookie', 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1'],
    ]);
    // Four entries fit since then; the fifth was the date of the first response.
    expect(decodeHex(decoder, 'c1')).toBeUndefined();
  });

  it('integers, C.1', () => {
    const out = Buffer.alloc(4);
    expect([putInteger(out, 0, 0, 31, 10), out[0]]).toEqual([1, 10]);
    expect([putInteger(out, 0, 0, 31, 1337), out.toString('hex', 0, 3)]).toEqual([3, '1f9a0a']);
    expect([putInteger(out, 0, 0, 255, 42), out[0]]).toEqual([1, 42]);
  });
});

describe('HPACK decoding', () => {
  it.each([
    ['index 0', '80'],
    ['an index behind both tables', 'be'],
    ['a name behind both tables', '7f 00 01 61'],
    ['a string that ends before its length', '00 03 61'],
    ['a name without a value', '00 01 61'],
    ['an integer that never ends', 'ff ff ff ff ff ff ff ff'],
    ['padding that is not all ones', '00 01 61 81 18'],
    ['padding of eight bits', '00 01 61 82 1f ff'],
    ['the code of the end of a string', '00 01 61 84 ff ff ff fc'],
    ['a table larger than allowed', '3f e2 1f'],
    ['a table resized behind a field', '82 20'],
  ])('refuses %s', (_name, hex) => {
    expect(decodeHex(new HeaderDecoder(4096), hex)).toBeUndefined();
  });

  it('empties the table for an entry that is larger than all of it, without an error', () => {
    const decoder = new HeaderDecoder(64);
    expect(decodeHex(decoder, '40 01 61 01 62')).toEqual([['a', 'b']]);
    expect(decodeHex(decoder, 'be')).toEqual([['a', 'b']]);
    const value = 'x'.repeat(40);
    expect(decodeHex(decoder, `40 01 61 28 ${Buffer.from(value).toString('hex')}`)).toEqual([['a', value]]);
    expect(decodeHex(decoder, 'be')).toBeUndefined();
  });

  it('never fails on bytes that nobody wrote', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), (blocks) => {
        const decoder = new HeaderDecoder(128);
        for (const block of blocks) decode(decoder, Buffer.from(block));
      }),
    );
  });
});

const name = fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{0,30}$/);
const value = fc
  .oneof(
    fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 300 }),
    fc.string({ unit: fc.integer({ min: 0xa1, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
    fc.constantFrom('', 'gzip, deflate', 'no-cache', 'the same again and again'),
  )
  .map((text) => text.trim());

describe('HPACK with the peer of node:http2', () => {
  let server: Server;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    // Says back each block of fields that it reads, in a block of its own.
    server = createServer((socket) => {
      const decoder = new HeaderDecoder(4096);
      socket.on('error', () => undefined);
      socket.write(frame(FrameType.settings, 0, 0, Buffer.alloc(0)));
      const reader = new FrameReader({
        isOver: false,
        onFrame: (type, flags, stream, bytes, start, end) => {
          if (type === FrameType.settings && (flags & 1) === 0)
            socket.write(frame(FrameType.settings, 1, 0, Buffer.alloc(0)));
          if (type !== FrameType.headers) return;
          const from = start + ((flags & 0x20) === 0 ? 0 : 5);
          const block = encode(decode(decoder, bytes.subarray(from, end)) ?? []);
          socket.write(frame(FrameType.headers, 5, stream, block));
        },
        onData: () => undefined,
        onDataBytes: () => undefined,
        onBrokenFrame: () => socket.destroy(),
      });
      socket.on('data', (bytes: Buffer) => {
        reader.read(bytes, 0, bytes.length);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // a TCP server has an address and port
    session = connect('http://peer', { createConnection: () => connectTcp(port, '127.0.0.1') });
    session.setMaxListeners(0);
  });

  afterAll(() => {
    session.destroy();
    server.close();
  });

  function encode(fields: readonly Field[]): Buffer {
    const out = Buffer.alloc(65_536);
    let at = putStatus(out, 0, 200);
    for (const [named, said] of fields) {
      if (named.startsWith(':')) continue;
      const line = Buffer.from(named.toUpperCase() + said, 'latin1');
      at = putField(out, at, line, 0, named.length, named.length, line.length);
    }
    return out.subarray(0, at);
  }

  it('reads what it writes, and is read by it, one block after another', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, value), { selector: ([named]) => named, maxLength: 12 }),
        async (fields) => {
          const stream = session.request({ ':path': '/', ...Object.fromEntries(fields) });
          const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
          stream.destroy();
          expect(Object.fromEntries(Object.entries(headers).filter(([named]) => named !== ':status'))).toEqual(
            Object.fromEntries(fields),
          );
        },
      ),
      { numRuns: 200 },
    );
  });
});

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const out = Buffer.alloc(9);
  putFrameHead(out, 0, payload.length, type, flags, stream);
  return Buffer.concat([out, payload]);
}
