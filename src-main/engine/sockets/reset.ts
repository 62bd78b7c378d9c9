import type { ByteSocket } from './raw-socket.ts';

/** Ends a connection so that the other side learns that what it got is not whole; TLS and Unix sockets are closed, they know no reset. */
export function resetSocket(socket: ByteSocket & { readonly connecting?: boolean }): void {
  if (socket.destroyed) return;
  // Before it is connected Node would wait for the connection first.
  if (socket.connecting === true) {
    socket.destroy();
    return;
  }
  try {
    socket.resetAndDestroy();
  } catch {
    socket.destroy(); // ERR_INVALID_HANDLE_TYPE: not TCP itself
  }
}
