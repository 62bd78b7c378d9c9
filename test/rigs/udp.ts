import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** A UDP peer, member or client. */
export interface UdpPeer {
  readonly port: number;
  readonly socket: Socket;
  /** Everything that came, as text, with where it came from (`address:port`). */
  readonly heard: { readonly text: string; readonly from: string }[];
  readonly close: () => Promise<void>;
}

/** Bound to a free port of `address`; `answer` may say something to each datagram. */
export async function openUdpPeer(
  address = '127.0.0.1',
  answer?: (text: string, count: number) => string | undefined,
  port = 0,
): Promise<UdpPeer> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const heard: { text: string; from: string }[] = [];
  socket.on('message', (bytes, from) => {
    heard.push({ text: bytes.toString(), from: `${from.address}:${from.port}` });
    const said = answer?.(bytes.toString(), heard.length);
    if (said !== undefined) socket.send(said, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.bind(port, address, resolve);
  });
  let isClosed = false;
  return {
    port: socket.address().port,
    socket,
    heard,
    close: () =>
      new Promise((resolve) => {
        if (isClosed) resolve();
        else {
          isClosed = true;
          socket.close(resolve);
        }
      }),
  };
}
