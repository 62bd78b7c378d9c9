import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { ProbeTarget } from './monitor.ts';

/** One datagram and what may come back to it. */
export interface DatagramExchange<T> {
  readonly message: Buffer;
  /** Called with each datagram of the target until it has an outcome. */
  readonly hear: (bytes: Buffer) => T | undefined;
  /** The time is over and nothing that was heard had an outcome. */
  readonly onSilence: () => T;
  /** The system's word for why nothing can come, `ECONNREFUSED` where nobody listens; or `stopped`. */
  readonly onFailure: (reason: string) => T;
}

/** Sends the message once and listens for `timeoutMs`. It never rejects, and leaves nothing open. */
export function exchangeDatagrams<T>(
  { message, hear, onSilence, onFailure }: DatagramExchange<T>,
  target: ProbeTarget,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(target.address) ? 'udp6' : 'udp4');
    let isDone = false;
    const timer = setTimeout(() => {
      finish(onSilence());
    }, timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish(onFailure(error.code ?? error.message));
    });
    socket.on('message', (bytes) => {
      const outcome = hear(bytes);
      if (outcome !== undefined) finish(outcome);
    });
    // Connected: the kernel takes datagrams of this server alone, and tells that nobody listens there.
    socket.connect(target.port, target.address, () => {
      socket.send(message);
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();

    function stop(): void {
      finish(onFailure('stopped'));
    }
    function finish(outcome: T): void {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(outcome);
      socket.close();
    }
  });
}
