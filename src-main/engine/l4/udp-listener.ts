import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { parseListenAddress } from '../config/listen-address.ts';
import type { WorkerContext } from '../runtime/context.ts';
import { add, S } from '../runtime/counters.ts';
import type { Listener } from '../runtime/listener.ts';
import { partOf } from '../runtime/tables.ts';
import { receiveFrom } from '../sockets/handles.ts';
import { UdpSession } from './udp-session.ts';

/** Answers that wait in this process beyond this are lost, as UDP may lose them. */
const maxQueuedBytes = 4_194_304;

/** Where a worker listens. */
export interface UdpPlace {
  /** What `bindUdp` gave. */
  readonly handle: unknown;
  /** Which of so many workers this one is. */
  readonly share: { readonly index: number; readonly count: number };
  /** The virtual server is at its connection limit. */
  readonly isFull: () => boolean;
}

/**
 * One UDP address of a worker: finds the session of each datagram by its client's address and port. With several workers
 * each has a socket of its own and the kernel gives all datagrams of one client to the same.
 */
export class UdpListener {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #share: { readonly index: number; readonly count: number };
  readonly #isFull: () => boolean;
  readonly #socket: UdpSocket;
  readonly #sessions = new Map<string, UdpSession>();
  readonly #localAddress: string;
  #isStopped = false;

  constructor(context: WorkerContext, listener: Listener, { handle, share, isFull }: UdpPlace, onReady: () => void) {
    this.#context = context;
    this.#listener = listener;
    this.#share = share;
    this.#isFull = isFull;
    const address = parseListenAddress(listener.address);
    this.#localAddress = address?.kind === 'tcp' ? address.host : '';
    this.#socket = receiveFrom(handle, address?.kind === 'tcp' ? address.family : 4, onReady);
    this.#socket.on('message', (bytes, from) => {
      this.#onDatagram(bytes, from);
    });
    this.#socket.on('error', () => undefined); // an answer that did not leave is lost, as UDP may lose it
  }

  /** No new session; those there are keep their socket until the last is over. */
  stop(): void {
    this.#isStopped = true;
    this.#closeIfOver();
  }

  #onDatagram(bytes: Buffer, from: RemoteInfo): void {
    const key = `${from.address} ${from.port}`;
    (this.#sessions.get(key) ?? this.#open(key, from))?.fromClient(bytes);
  }

  #open(key: string, { address, port }: RemoteInfo): UdpSession | undefined {
    const { counters, settings } = this.#listener.server;
    if (this.#isStopped || settings.adminState !== 'enabled') return undefined;
    if (this.#sessions.size >= partOf(settings.udp.maxSessions, this.#share) || this.#isFull()) {
      add(counters, S.connectionLimit, 1);
      return undefined;
    }
    const session = new UdpSession(this.#context, this.#listener, {
      clientAddress: address,
      clientPort: port,
      localAddress: this.#localAddress,
      answer: (bytes) => {
        if (this.#socket.getSendQueueSize() <= maxQueuedBytes) this.#socket.send(bytes, port, address, () => undefined);
      },
      forget: () => {
        this.#sessions.delete(key);
        if (this.#isStopped) this.#closeIfOver();
      },
    });
    this.#sessions.set(key, session);
    return session;
  }

  #closeIfOver(): void {
    if (this.#sessions.size === 0) this.#socket.close();
  }
}
