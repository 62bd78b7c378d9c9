import { createServer } from 'node:net';
import type { ByteReader } from './byte-reader.ts';
import type { AcceptedHandle } from './handles.ts';
import { hasRawSockets, RawSocket } from './raw-socket.ts';

/**
 * A connection to an address on Node's inner handle, as `RawSocket` is one that was accepted: making a `net.Socket` and its
 * event machinery is most of what opening a short connection costs. `testRawConnect` tries it at start.
 */

interface ConnectingHandle extends AcceptedHandle {
  readonly connect: (request: ConnectRequest, address: string, port: number) => number;
  readonly connect6: (request: ConnectRequest, address: string, port: number) => number;
}

interface ConnectRequest {
  oncomplete: (status: number) => void;
}

interface TcpWrap {
  readonly TCP: new (kind: number) => ConnectingHandle;
  readonly TCPConnectWrap: new () => ConnectRequest;
  readonly constants: { readonly SOCKET: number };
}

const inner = loadInner();

function loadInner(): TcpWrap | undefined {
  const { binding } = process as unknown as { binding?: (name: string) => TcpWrap }; // not in the types any more
  try {
    return binding?.('tcp_wrap');
  } catch {
    return undefined; // this runtime has taken it away
  }
}

/** `onSettled` is told once whether it is connected, never before this returns; not after `destroy`. Undefined = this runtime cannot. */
export function connectRaw(
  address: string,
  family: 4 | 6,
  port: number,
  reader: ByteReader,
  onSettled: (isConnected: boolean) => void,
): RawSocket | undefined {
  if (inner === undefined || !hasRawSockets) return undefined;
  const handle = new inner.TCP(inner.constants.SOCKET);
  const socket = new RawSocket(handle, reader, false);
  const request = new inner.TCPConnectWrap();
  function settle(status: number): void {
    if (socket.destroyed) return;
    if (status === 0) socket.resume();
    onSettled(status === 0);
  }
  request.oncomplete = settle;
  const status = family === 6 ? handle.connect6(request, address, port) : handle.connect(request, address, port);
  if (status !== 0) process.nextTick(settle, status);
  return socket;
}

/** Tries it on a loopback connection: a greeting goes there and comes back into our own memory, the end is noticed. */
export function testRawConnect(timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const memory = Buffer.alloc(64);
    let isEchoed = false;
    const server = createServer((peer) => {
      peer.on('error', () => peer.destroy());
      peer.pipe(peer);
    });
    const timer = setTimeout(() => {
      finish(false);
    }, timeoutMs);
    let socket: RawSocket | undefined;
    function finish(isWorking: boolean): void {
      clearTimeout(timer);
      socket?.destroy();
      server.close();
      resolve(isWorking);
    }
    function onBytes(bytes: Buffer, start: number, end: number): boolean {
      isEchoed = bytes === memory && bytes.toString('latin1', start, end) === 'hello';
      socket?.end();
      return true;
    }
    server.on('error', () => {
      finish(false);
    });
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = address !== null && typeof address === 'object' ? address.port : 0;
      socket = connectRaw('127.0.0.1', 4, port, { readBuffer: () => memory, onBytes }, (isConnected) => {
        if (isConnected) socket?.write(Buffer.from('hello'));
        else finish(false);
      });
      if (socket === undefined) finish(false);
      socket?.on('close', () => {
        finish(isEchoed);
      });
    });
  });
}
