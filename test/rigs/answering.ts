import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What a server on loopback does with a connection: it may greet, then answers each thing heard, or closes with `undefined`. */
export interface Manner {
  readonly greeting?: string | Uint8Array;
  readonly answer?: (heard: Buffer) => string | Uint8Array | undefined;
}

export interface Answering {
  readonly port: number;
  /** All that clients sent, in order. */
  readonly heard: () => Buffer;
  /** Connections that are open now. */
  readonly open: () => number;
  readonly close: () => Promise<void>;
}

/** Silent, garbage and closing servers that every monitor must fail at. */
export const manners: Readonly<Record<'silent' | 'garbage' | 'closing', Manner>> = {
  silent: {},
  garbage: {
    greeting: Buffer.from('\x00\xfe\x13garbage\r\n\r\n\r\n', 'latin1'),
    answer: () => Buffer.from('\xff\xff\xff\xffmore\r\n', 'latin1'),
  },
  closing: { answer: () => undefined },
};

/** A server that behaves as told; `closing` without a word from the client is for protocols in which the server begins. */
export async function startAnswering(manner: Manner, isClosingAtOnce = false): Promise<Answering> {
  const sockets = new Set<Socket>();
  const heard: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // a probe that has its verdict cuts the connection
    if (isClosingAtOnce) socket.end();
    if (manner.greeting !== undefined) socket.write(manner.greeting);
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk);
      const answer = manner.answer === undefined ? '' : manner.answer(chunk);
      if (answer === undefined) socket.end();
      else socket.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // a TCP server has an address and port
  return {
    port,
    heard: () => Buffer.concat(heard),
    open: () => sockets.size,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
