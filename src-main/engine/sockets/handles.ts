import * as net from 'node:net';

/**
 * The only place that knows Node's inner handles. `_createServerHandle` (used by node:cluster) binds without listening,
 * so that the supervisor can hold a socket that a worker listens on; `_handle.onconnection` gives accepted handles
 * before Node wraps them, so that accepted sockets can be given `onread`. Neither is in Node's documentation: `accept.ts`
 * tests at start that the second works, and falls back to public events where it does not.
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
