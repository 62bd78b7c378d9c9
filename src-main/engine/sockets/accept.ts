import { connect, createServer, type Server, type Socket } from 'node:net';
import { takeConnections, wrapAccepted, type AcceptedHandle, type OnRead } from './handles.ts';

/** What reads an accepted socket's bytes. `b` is shared memory: it is valid during the call only. */
export interface ByteReader {
  /** Where the next read goes. */
  readonly readBuffer: () => Buffer;
  /** Answers false to stop reading; `socket.resume()` goes on. */
  readonly onBytes: (bytes: Buffer, start: number, end: number) => boolean;
}

/** Called for each connection; `attach` gives the socket that reads into the reader. */
export type OnConnection = (attach: (reader: ByteReader) => Socket) => void;

/**
 * Makes a server whose accepted sockets read by `onread`, or by 'data' events where the runtime does not let us
 * (9 % dearer). It listens when the caller calls `server.listen`, then `start` takes over accepting.
 */
export function createAcceptor(
  onConnection: OnConnection,
  canUseOnRead: boolean,
): { server: Server; start: () => void } {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    onConnection((reader) => attachEvents(socket, reader));
  });
  return {
    server,
    start: () => {
      if (!canUseOnRead) return;
      takeConnections(server, (handle) => {
        onConnection((reader) => attachHandle(handle, reader));
      });
    },
  };
}

function attachHandle(handle: AcceptedHandle, reader: ByteReader): Socket {
  const onread: OnRead = {
    buffer: () => reader.readBuffer(),
    // Node hands back the very Buffer that `readBuffer` gave.
    callback: (count, buffer) => reader.onBytes(buffer as Buffer, 0, count),
  };
  return wrapAccepted(handle, onread);
}

function attachEvents(socket: Socket, reader: ByteReader): Socket {
  socket.on('data', (bytes: Buffer) => {
    if (!reader.onBytes(bytes, 0, bytes.length)) socket.pause();
  });
  return socket;
}

/** Tries the undocumented way on a loopback connection of its own, once at start. */
export function testOnRead(timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const memory = Buffer.alloc(64);
    let accepted: Socket | undefined;
    const { server, start } = createAcceptor((attach) => {
      accepted = attach({
        readBuffer: () => memory,
        onBytes: (bytes, begin, end) => {
          finish(bytes === memory && bytes.toString('latin1', begin, end) === 'hello');
          return true;
        },
      });
      accepted.on('error', () => {
        finish(false);
      });
    }, true);
    let client: Socket | undefined;
    const timer = setTimeout(() => {
      finish(false);
    }, timeoutMs);
    server.on('error', () => {
      finish(false);
    });
    server.listen(0, '127.0.0.1', () => {
      start();
      const address = server.address();
      if (address === null || typeof address === 'string') {
        finish(false);
        return;
      }
      client = connect(address.port, '127.0.0.1', () => client?.write('hello'));
      client.on('error', () => {
        finish(false);
      });
    });

    function finish(works: boolean): void {
      clearTimeout(timer);
      accepted?.destroy();
      client?.destroy();
      server.close();
      resolve(works);
    }
  });
}
