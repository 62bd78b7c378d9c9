import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { chooseAcceptance, createAcceptor, type Acceptance } from '../../../src-main/engine/sockets/accept.ts';
import { RawSocket } from '../../../src-main/engine/sockets/raw-socket.ts';

describe('accepting connections', () => {
  it('reads them on their handles where the runtime lets us, as the Node of this project does', async () => {
    expect(await chooseAcceptance(10_000)).toBe('raw');
  });

  it.each(['raw', 'onread', 'events'] as const)(
    'half-closes, tells the end and closes once both sides have ended (%s)',
    async (acceptance) => {
      const { events, received, isRaw } = await converse(acceptance);
      expect({ events, received, isRaw }).toEqual({
        events: ['bytes hello', 'end', 'close'],
        received: 'HELLO and more',
        isRaw: acceptance === 'raw',
      });
    },
  );
});

/** A client that half-closes after its greeting; the answer and the rest come after its end. */
function converse(acceptance: Acceptance): Promise<{ events: string[]; received: string; isRaw: boolean }> {
  const events: string[] = [];
  const memory = Buffer.alloc(64);
  let received = '';
  let isRaw = false;
  return new Promise((resolve, reject) => {
    const { server, start } = createAcceptor((attach) => {
      const socket = attach({
        readBuffer: () => memory,
        onBytes: (bytes, from, to) => {
          const text = bytes.toString('latin1', from, to);
          events.push(`bytes ${text}`);
          socket.write(Buffer.from(text.toUpperCase()));
          return true;
        },
      });
      isRaw = socket instanceof RawSocket;
      socket.on('end', () => {
        events.push('end');
        socket.write(Buffer.from(' and more'));
        socket.end();
      });
      socket.on('close', () => {
        events.push('close');
        server.close();
      });
    }, acceptance);
    server.on('error', reject);
    server.on('close', () => {
      resolve({ events, received, isRaw });
    });
    server.listen(0, '127.0.0.1', () => {
      start();
      const address = server.address();
      const client = connect(address !== null && typeof address === 'object' ? address.port : 0, '127.0.0.1');
      client.setEncoding('latin1').on('data', (text: string) => {
        received += text;
      });
      client.on('error', reject);
      client.end('hello');
    });
  });
}
