import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { createServer } from 'node:net';
import { once } from 'node:events';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClientHello, readClientHello } from '../../../../src-main/engine/tls/client-hello.ts';

/** What a real client (the OpenSSL of this Node) sends first. */
async function record(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const client = connectTls({ ...options, port, host: '127.0.0.1' }).on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [NodeJS.ReadableStream & { destroy: () => void }];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  client.destroy();
  server.close();
  return bytes;
}

function helloOf(bytes: Buffer): ClientHello {
  const reading = readClientHello(bytes, 0, bytes.length);
  if (reading.kind !== 'hello') throw new Error(JSON.stringify(reading));
  return reading.hello;
}

/** The same message in records of these sizes. */
function cutIntoRecords(bytes: Buffer, sizes: readonly number[]): Buffer {
  const message = bytes.subarray(5, 5 + bytes.readUInt16BE(3));
  const records: Buffer[] = [];
  for (let at = 0, turn = 0; at < message.length; turn++) {
    const part = message.subarray(at, at + (sizes[turn % sizes.length] ?? message.length));
    const header = Buffer.from([22, 3, 1, 0, 0]);
    header.writeUInt16BE(part.length, 3);
    records.push(header, part);
    at += part.length;
  }
  return Buffer.concat(records);
}

describe('the reader of a ClientHello', () => {
  let modern: Buffer = Buffer.alloc(0);
  let old: Buffer = Buffer.alloc(0);

  beforeAll(async () => {
    modern = await record({ servername: 'WWW.Example.com', ALPNProtocols: ['h2', 'http/1.1'] });
    old = await record({ maxVersion: 'TLSv1.2', sigalgs: 'RSA-PSS+SHA256:ECDSA+SHA384' });
  });

  it('finds what a real client says', () => {
    expect(helloOf(modern)).toMatchObject({
      serverName: 'www.example.com',
      alpn: ['h2', 'http/1.1'],
      supportedVersions: [0x0304, 0x0303],
    });
    expect(helloOf(modern).sessionId).toHaveLength(32);
    expect(helloOf(modern).cipherSuites).toContain(0x1301);
    expect(helloOf(old)).toMatchObject({
      serverName: '',
      alpn: [],
      signatureAlgorithms: [0x0804, 0x0503],
      supportedVersions: [0x0303],
    });
  });

  it('waits for every byte of it, and for no byte behind it', () => {
    for (let length = 0; length < modern.length; length++) {
      expect(readClientHello(modern, 0, length).kind).toBe('incomplete');
    }
    const more = Buffer.concat([Buffer.from('xyz'), modern, Buffer.from('more')]);
    expect(readClientHello(more, 3, more.length)).toEqual(readClientHello(modern, 0, modern.length));
  });

  it('reads it over however many records it was cut into', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }), (sizes) => {
        const cut = cutIntoRecords(modern, sizes);
        expect(readClientHello(cut, 0, cut.length)).toEqual(readClientHello(modern, 0, modern.length));
        expect(readClientHello(cut, 0, cut.length - 1).kind).toBe('incomplete');
      }),
    );
  });

  it('sees from the first bytes that something is not TLS', () => {
    expect(readClientHello(Buffer.from('GET / HTTP/1.1'), 0, 14).kind).toBe('not-tls');
    expect(readClientHello(Buffer.from([22, 2]), 0, 2).kind).toBe('not-tls');
    expect(readClientHello(Buffer.from([22, 3, 1, 0, 9, 2]), 0, 6).kind).toBe('malformed');
    expect(readClientHello(Buffer.from([22, 3, 1, 0, 0]), 0, 5).kind).toBe('malformed');
  });

  it('does not wait for more than it is allowed to keep', () => {
    const huge = Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]);
    expect(readClientHello(huge, 0, huge.length).kind).toBe('too-large');
    const drip = cutIntoRecords(modern, [1]);
    expect(readClientHello(drip, 0, 3000, 3000).kind).toBe('too-large');
    expect(readClientHello(drip, 0, 2999, 3000).kind).toBe('incomplete');
  });

  it('never crashes, and answers the same at any place, whatever bytes come', () => {
    const mutation = fc.record({ at: fc.nat(600), byte: fc.nat(255), cut: fc.nat(600) });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), fc.boolean(), (mutations, isOld) => {
        let bytes: Buffer = Buffer.from(isOld ? old : modern);
        for (const { at, byte, cut } of mutations) {
          bytes[at % bytes.length] = byte;
          if (cut < 20) bytes = Buffer.concat([bytes.subarray(0, cut), bytes.subarray(cut + 1)]);
        }
        const reading = readClientHello(bytes, 0, bytes.length);
        expect(['hello', 'incomplete', 'not-tls', 'malformed', 'too-large']).toContain(reading.kind);
        const moved = Buffer.concat([Buffer.alloc(7, 22), bytes]);
        expect(readClientHello(moved, 7, moved.length)).toEqual(reading);
        // What was refused stays refused however much follows; what is whole stays as it is.
        const longer = Buffer.concat([bytes, Buffer.alloc(50)]);
        if (reading.kind !== 'incomplete') expect(readClientHello(longer, 0, longer.length)).toEqual(reading);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a name with bytes that a name cannot have, and the same extension twice', () => {
    const name = modern.indexOf('WWW.Example.com');
    const spoiled = Buffer.from(modern);
    spoiled[name + 3] = 0;
    expect(readClientHello(spoiled, 0, spoiled.length)).toMatchObject({ kind: 'malformed' });
    const twice = Buffer.from(modern);
    // supported_versions (43) turned into a second server_name (0).
    const versions = twice.indexOf(Buffer.from([0, 43, 0, 5, 4, 3, 4, 3, 3]));
    twice[versions + 1] = 0;
    expect(readClientHello(twice, 0, twice.length)).toMatchObject({ kind: 'malformed' });
  });
});
