import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import * as net from 'node:net';

/**
 * The only place that knows Node's inner handles. `_createServerHandle` (used by node:cluster) binds without listening,
 * so that the supervisor can hold a socket that a worker listens on; `_handle.onconnection` gives accepted handles
 * before Node wraps them, so that accepted sockets can be given `onread`. Neither is in Node's documentation: `accept.ts`
 * tests at start that the second works, and falls back to public events where it does not. The handle inside a
 * `dgram.Socket` binds without receiving, so that the supervisor holds it and only a worker reads from it.
 */

/** A bound socket. It can be sent to a worker beside a message. */
export interface BoundHandle {
  readonly getsockname?: (out: { address?: string; port?: number }) => number;
  readonly close: () => void;
}

interface InnerNet {
  readonly _createServerHandle?: (
    address: string,
    port: number,
    addressType: 4 | 6 | -1,
    descriptor?: number,
    flags?: number,
  ) => BoundHandle | number;
}

/** libuv's UV_TCP_REUSEPORT: connections are spread by the kernel over all sockets that share the address. */
const reusePortFlag = 2;

/** Binds a TCP address. A number is a negative errno. */
export function bindTcp(host: string, port: number, family: 4 | 6, isShared: boolean): BoundHandle | number {
  return create()(host, port, family, undefined, isShared ? reusePortFlag : 0);
}

/** Binds a Unix socket. A number is a negative errno. */
export function bindUnix(path: string): BoundHandle | number {
  return create()(path, -1, -1);
}

interface UdpHandle extends BoundHandle {
  readonly bind: (host: string, port: number, flags: number) => number;
  readonly bind6: (host: string, port: number, flags: number) => number;
}

/** libuv's UV_UDP_REUSEPORT: datagrams are spread by the kernel, those of one client always to the same socket. */
const udpReusePortFlag = 64;

/** Binds a UDP address. A number is a negative errno. A worker gives the handle to `receiveFrom`. */
export function bindUdp(host: string, port: number, family: 4 | 6, isShared: boolean): BoundHandle | number {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const handle = innerUdp(socket);
  const flags = isShared ? udpReusePortFlag : 0;
  const error = family === 4 ? handle.bind(host, port, flags) : handle.bind6(host, port, flags);
  if (error === 0) return handle;
  socket.close();
  return error;
}

function innerUdp(socket: UdpSocket): UdpHandle {
  const key = Object.getOwnPropertySymbols(socket).find((symbol) => symbol.description === 'state symbol');
  const inner = key === undefined ? undefined : (socket as unknown as Record<symbol, { handle?: UdpHandle }>)[key]; // undocumented, see above
  if (inner?.handle === undefined) throw new Error('this Node.js cannot bind UDP without receiving');
  return inner.handle;
}

/** A UDP socket for addresses, never for names: nothing is looked up. */
export function openUdp(family: 4 | 6): UdpSocket {
  return createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    lookup: (address, _options, callback) => {
      callback(null, address, family);
    },
  });
}

/** Receives on a handle that came from the supervisor. */
export function receiveFrom(handle: unknown, family: 4 | 6, onReady: () => void): UdpSocket {
  const socket = openUdp(family);
  socket.bind(handle as never, onReady); // node:cluster binds in the same way
  return socket;
}

function create() {
  const inner = net as unknown as InnerNet; // undocumented, see above
  if (inner._createServerHandle === undefined) throw new Error('this Node.js cannot bind without listening');
  return inner._createServerHandle;
}

/** An accepted connection before Node wraps it. */
export interface AcceptedHandle {
  readonly setNoDelay?: (isOn: boolean) => void;
  readonly close: () => void;
}

interface InnerServer {
  readonly _handle?: { onconnection?: (status: number, handle: AcceptedHandle | undefined) => void } | null;
}

/** Takes over accepting from a listening server. False where this Node has no such hook. */
export function takeConnections(server: net.Server, onAccepted: (handle: AcceptedHandle) => void): boolean {
  const handle = (server as unknown as InnerServer)._handle; // undocumented, see above
  if (typeof handle?.onconnection !== 'function') return false;
  handle.onconnection = (status, accepted) => {
    if (status === 0 && accepted !== undefined) onAccepted(accepted);
  };
  return true;
}

/** Reads into memory of ours: `buffer()` is asked again after every read; `callback` answers false to stop reading. */
export interface OnRead {
  readonly buffer: () => Buffer;
  readonly callback: (count: number, buffer: Uint8Array) => boolean;
}

/** Wraps an accepted handle in a socket that reads by `onread`. */
export function wrapAccepted(handle: AcceptedHandle, onread: OnRead): net.Socket {
  handle.setNoDelay?.(true);
  const options = { handle, onread, allowHalfOpen: true, readable: true, writable: true };
  return new net.Socket(options as unknown as net.SocketConstructorOpts); // `handle` and `onread` are honoured but not in the types
}

interface QueueingHandle {
  readonly writeQueueSize?: number;
  readonly _parent?: QueueingHandle | null;
}

/** Bytes that the kernel has not taken yet: shrinks while a slow reader reads. */
export function queuedBytes(socket: Pick<net.Socket, 'writableLength'>): number {
  const handle = (socket as unknown as { _handle?: QueueingHandle | null })._handle; // undocumented, see above
  // Under TLS what is encrypted waits in the handle below.
  return (handle?.writeQueueSize ?? socket.writableLength) + (handle?._parent?.writeQueueSize ?? 0);
}
