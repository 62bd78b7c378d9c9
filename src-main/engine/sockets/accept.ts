import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ByteReader } from './byte-reader.ts';
import { takeConnections, wrapAccepted, type AcceptedHandle, type OnRead } from './handles.ts';
import { hasRawSockets, RawSocket, type ByteSocket } from './raw-socket.ts';

/** Gives the socket that reads into the reader. */
export type Attach<Kind extends ByteSocket> = (reader: ByteReader) => Kind;

/** Called for each connection; `attachSocket` is for whoever needs a whole stream, as TLS does. One of both is called, once. */
export type OnConnection = (
  attach: Attach<ByteSocket>,
  attachSocket: Attach<Socket>,
  /** Undefined where the runtime gives none: then it cannot go to another process. */
  handle: AcceptedHandle | undefined,
) => void;

/** How accepted connections are read: on the handle itself, by `onread`, or by 'data' events; each is dearer than the one before. */
export type Acceptance = 'raw' | 'onread' | 'events';

/**
 * Makes a server whose accepted sockets are read by the cheapest way that the runtime allows. It listens when the caller calls `server.listen`, then `start` takes over accepting.
 */
export function createAcceptor(
  onConnection: OnConnection,
  acceptance: Acceptance,
): { server: Server; start: () => void } {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    function attach(reader: ByteReader): Socket {
      return attachEvents(socket, reader);
    }
    onConnection(attach, attach, undefined);
  });
  return {
    server,
    start: () => {
      if (acceptance === 'events') return;
      takeConnections(server, (handle) => {
        openHandle(handle, acceptance, onConnection);
      });
    },
  };
}

/** Gives a handle that was accepted, here or in another process, to who reads it. */
export function openHandle(handle: AcceptedHandle, acceptance: Acceptance, onConnection: OnConnection): void {
  function attach(reader: ByteReader): Socket {
    return attachHandle(handle, reader);
  }
  onConnection(acceptance === 'raw' ? (reader) => new RawSocket(handle, reader) : attach, attach, handle);
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

/** Finds the cheapest way that works here, by trying each on loopback connections of its own, once at start. */
export async function chooseAcceptance(timeoutMs: number): Promise<Acceptance> {
  if (!(await works('onread', timeoutMs))) return 'events';
  return hasRawSockets && (await works('raw', timeoutMs)) ? 'raw' : 'onread';
}

/** More than the buffers of both ends take: that the write has left must be told, too. */
const answerBytes = 16_000_000;

/** A greeting is read into our own memory, a long answer is written, its end and both sides' closing are noticed. */
function works(acceptance: Acceptance, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const memory = Buffer.alloc(64);
    let accepted: ByteSocket | undefined;
    let client: Socket | undefined;
    let isFlushed = false;
    let received = 0;
    const { server, start } = createAcceptor((attach) => {
      const socket = attach({ readBuffer: () => memory, onBytes });
      accepted = socket;
      socket.on('error', () => {
        finish(false);
      });
      socket.on('close', () => {
        finish(isFlushed && received === answerBytes);
      });
    }, acceptance);
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
      client.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      client.on('error', () => {
        finish(false);
      });
    });

    function onBytes(bytes: Buffer, begin: number, end: number): boolean {
      if (accepted === undefined || bytes !== memory || bytes.toString('latin1', begin, end) !== 'hello') finish(false);
      accepted?.write(Buffer.alloc(answerBytes));
      const isPending = (accepted?.writableLength ?? 0) > 0;
      accepted?.write('', () => {
        isFlushed = isPending && accepted?.writableLength === 0;
        accepted?.end();
      });
      return true;
    }

    function finish(isWorking: boolean): void {
      clearTimeout(timer);
      accepted?.destroy();
      client?.destroy();
      server.close();
      resolve(isWorking);
    }
  });
}
