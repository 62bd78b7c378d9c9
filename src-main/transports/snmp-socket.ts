import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { nestsExactly } from './snmp-ber.ts';

type MessageHandler = (bytes: Buffer, from: RemoteInfo) => void;
type Sent = (error: Error | null, bytes: number) => void;

/** What the socket tells of an exchange that no request can be found for. */
export interface SocketWatch {
  /** An answer that could not be read; `why` is the reader's word for it. */
  readonly onUnreadable: (why: string) => void;
  /** The system's word that nothing can be reached there (ECONNREFUSED ...). */
  readonly onRefused: (error: Error) => void;
}

/**
 * A UDP socket to one agent, in the shape that the net-snmp package asks of its `dgramModule`. It is connected, so that only the
 * agent's own datagrams arrive and the system says when nothing listens; and whatever the package's reader throws at a datagram that
 * was cut, forged or fuzzed is caught here: thrown out of a socket's listener it would end the process.
 */
export class SnmpSocket {
  readonly #socket: Socket;
  readonly #watch: SocketWatch;
  #waiting: (() => void)[] | undefined = [];
  #isClosed = false;

  constructor(target: { readonly address: string; readonly family: 4 | 6; readonly port: number }, watch: SocketWatch) {
    this.#watch = watch;
    this.#socket = createSocket({ type: target.family === 6 ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
    this.#socket.on('error', (error) => {
      if (!this.#isClosed) watch.onRefused(error);
    });
    this.#socket.connect(target.port, target.address, () => {
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const send of waiting) send();
    });
  }

  /** `message` and `close` are passed on; errors are told to the watch alone. */
  on(event: string, listener: MessageHandler & (() => void)): this {
    if (event === 'close') this.#socket.on('close', listener);
    if (event === 'message') {
      this.#socket.on('message', (bytes, from) => {
        if (!nestsExactly(bytes)) {
          this.#watch.onUnreadable('the lengths of its parts do not fit');
          return;
        }
        try {
          listener(bytes, from);
        } catch (error) {
          this.#watch.onUnreadable(error instanceof Error ? error.message : String(error));
        }
      });
    }
    return this;
  }

  /** Port and host are the package's own idea; the socket is connected. `sent` is called at once: an answer may be quicker than the system's word. */
  send(bytes: Buffer, offset: number, length: number, _port: number, _host: string, sent: Sent): void {
    const send = (): void => {
      if (this.#isClosed) return;
      this.#socket.send(bytes, offset, length, (error) => {
        if (error && !this.#isClosed) this.#watch.onRefused(error);
      });
    };
    if (this.#waiting === undefined) send();
    else this.#waiting.push(send);
    sent(null, length);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#socket.close();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }
}
