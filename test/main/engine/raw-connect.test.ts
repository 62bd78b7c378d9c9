import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connectRaw, testRawConnect } from '../../../src-main/engine/sockets/raw-connect.ts';

/** What `connectRaw` comes to at this address: the answer to a greeting and the end, or that nobody listens. */
function greet(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const memory = Buffer.alloc(64);
    let got = '';
    const reader = {
      readBuffer: () => memory,
      onBytes: (bytes: Buffer, start: number, end: number) => {
        got += bytes.toString('latin1', start, end);
        return true;
      },
    };
    const socket = connectRaw(address, address.includes(':') ? 6 : 4, port, reader, (isConnected) => {
      if (isConnected) {
        socket?.write(Buffer.from('hello'));
        socket?.end();
      } else {
        socket?.destroy();
        resolve('refused');
      }
    });
    if (socket === undefined) resolve('not to be had');
    socket?.on('close', () => {
      resolve(got);
    });
  });
}

describe('a connection on the inner handle', () => {
  it('is what this runtime can do', async () => {
    expect(await testRawConnect(10_000)).toBe(true);
  });

  it.each(['127.0.0.1', '::1'])(
    'to %s carries bytes and each half-close, and tells when nobody listens',
    async (host) => {
      const server = createServer({ allowHalfOpen: true }, (peer) => peer.pipe(peer));
      await new Promise<void>((resolve) => server.listen(0, host, resolve));
      const { port } = server.address() as AddressInfo; // it listens on a port
      expect(await greet(host, port)).toBe('hello');
      await new Promise((resolve) => server.close(resolve));
      expect(await greet(host, port)).toBe('refused');
    },
  );
});
