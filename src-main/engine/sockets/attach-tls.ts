import type { TLSSocket } from 'node:tls';
import type { ByteReader } from './byte-reader.ts';

/**
 * Gives a TLS socket's bytes to a reader without the readable stream between them: Node.js hands each read to `push`, which
 * is taken over here. 'data' events cost more; `onread` is not to be had where TLS runs over a socket that exists already.
 */
export function attachTls(socket: TLSSocket, reader: ByteReader): TLSSocket {
  const push = socket.push.bind(socket);
  socket.push = (bytes: Buffer | null): boolean =>
    bytes === null ? push(null) : reader.onBytes(bytes, 0, bytes.length);
  // The stream does not know that reading stopped, so that its own `resume` would do nothing.
  socket.resume = () => {
    if (!socket.destroyed) socket._read(0);
    return socket;
  };
  socket._read(0);
  return socket;
}
