import { timingSafeEqual, createHash } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { AppError } from '../../contract/errors.ts';
import { Admission, type AdmissionRules, usualAdmission } from './admission.ts';
import { Unreadable } from './ber.ts';
import { answerTo, type CommunityMessage, pdus, readMessage, type SecureMessage, writeCommunity } from './message.ts';
import { type Notification, readNotification } from './notification.ts';
import { Refused, type Refusal, SecureReceiver, type SecureSettings } from './secure-receiver.ts';

export interface TrapReceiverOptions extends SecureSettings {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Of versions 1 and 2c; none: these versions are refused. */
  readonly communities: readonly string[];
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  readonly onNotification: (notification: Notification) => void;
  readonly admission?: AdmissionRules;
}

/** What came since the start. */
export interface TrapCounts {
  readonly received: number;
  readonly taken: number;
  /** Not looked at: more came than a person could read. */
  readonly dropped: number;
  /** The same inform again: acknowledged, and told once. */
  readonly repeated: number;
  readonly refused: Readonly<Record<Refusal, number>>;
}

export interface TrapReceiver {
  /** `host:port`, the port chosen. */
  readonly listen: string;
  readonly counts: () => TrapCounts;
  readonly close: () => Promise<void>;
}

const repeatWithinMs = 60_000;
const mostRemembered = 2000;

/**
 * Takes traps and informs of SNMP v1, v2c and v3 on a UDP port and acknowledges informs. Own, because the receiver of the net-snmp package
 * checks no time window (RFC 3414, 3.2: an old message can be sent again by anyone), keeps no count of its starts, and hashes a megabyte
 * for every engine id that a forged message names. Whoever is refused gets no answer. Throws ADDRESS_IN_USE, PERMISSION_DENIED, INPUT_INVALID.
 */
export async function openTrapReceiver(options: TrapReceiverOptions): Promise<TrapReceiver> {
  const secure = new SecureReceiver(options);
  const socket = createSocket({ type: isIPv6(options.host) ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  await bind(socket, options);
  const port = new PortOfTraps(options, secure, socket);
  socket.on('message', port.take);
  socket.on('error', () => undefined); // an answer that could not be sent; the sender asks again
  const { address, port: number } = socket.address();
  return {
    listen: `${isIPv6(address) ? `[${address}]` : address}:${number}`,
    counts: port.counts,
    close: () =>
      new Promise((resolve) => {
        socket.close(() => {
          resolve();
        });
      }),
  };
}

class PortOfTraps {
  readonly #options: TrapReceiverOptions;
  readonly #secure: SecureReceiver;
  readonly #socket: Socket;
  readonly #admission: Admission;
  readonly #communities: readonly Buffer[];
  /** Informs of late, by sender and bytes: an acknowledgement that got lost brings the same one again. */
  readonly #informs = new Map<string, number>();
  readonly #refused: Record<Refusal, number> = { community: 0, user: 0, digest: 0, time: 0, unreadable: 0 };
  #received = 0;
  #taken = 0;
  #dropped = 0;
  #repeated = 0;

  constructor(options: TrapReceiverOptions, secure: SecureReceiver, socket: Socket) {
    this.#options = options;
    this.#secure = secure;
    this.#socket = socket;
    this.#admission = new Admission(options.admission ?? usualAdmission, options.nowMs());
    this.#communities = options.communities.map(hashed);
  }

  readonly counts = (): TrapCounts => ({
    received: this.#received,
    taken: this.#taken,
    dropped: this.#dropped,
    repeated: this.#repeated,
    refused: { ...this.#refused },
  });

  readonly take = (bytes: Buffer, from: RemoteInfo): void => {
    this.#received += 1;
    if (!this.#admission.admits(from.address, this.#options.nowMs())) {
      this.#dropped += 1;
      return;
    }
    try {
      const message = readMessage(bytes);
      if (message.version === 3) this.#takeSecure(message, bytes, from);
      else this.#takeOpen(message, from);
    } catch (error) {
      if (error instanceof Refused) this.#refused[error.why] += 1;
      else if (error instanceof Unreadable || error instanceof RangeError) this.#refused.unreadable += 1;
      else throw error;
    }
  };

  #takeOpen(message: CommunityMessage, from: RemoteInfo): void {
    const community = hashed(message.community);
    if (!this.#communities.some((known) => timingSafeEqual(known, community))) throw new Refused('community');
    const version = message.version === 0 ? '1' : '2c';
    const notification = readNotification(message.pdu, { version, from: plainAddress(from.address) });
    const isNew = notification.kind === 'trap' || this.#isNew(`${from.address} ${from.port}`, message.pdu.body);
    if (notification.kind === 'inform') this.#send(writeCommunity(message, answerTo(message.pdu)), from);
    if (isNew) this.#tell(notification);
  }

  #takeSecure(message: SecureMessage, bytes: Buffer, from: RemoteInfo): void {
    const opened = this.#secure.open(message, bytes);
    if ('report' in opened) {
      this.#send(opened.report, from);
      return;
    }
    const notification = readNotification(opened.pdu, { version: '3', from: plainAddress(from.address) });
    const isNew = notification.kind === 'trap' || this.#isNew(`${from.address} ${from.port}`, opened.pdu.body);
    if (opened.pdu.tag === pdus.inform) this.#send(opened.answer(answerTo(opened.pdu)), from);
    if (isNew) this.#tell(notification);
  }

  #isNew(sender: string, pdu: Buffer): boolean {
    const key = `${sender} ${createHash('sha256').update(pdu).digest('base64')}`;
    const now = this.#options.nowMs();
    const before = this.#informs.get(key);
    this.#informs.delete(key);
    this.#informs.set(key, now);
    const [oldest] = this.#informs.keys();
    if (this.#informs.size > mostRemembered && oldest !== undefined) this.#informs.delete(oldest);
    if (before === undefined || now - before > repeatWithinMs) return true;
    this.#repeated += 1;
    return false;
  }

  #tell(notification: Notification): void {
    this.#taken += 1;
    this.#options.onNotification(notification);
  }

  #send(bytes: Buffer, to: RemoteInfo): void {
    this.#socket.send(bytes, to.port, to.address, () => undefined);
  }
}

function bind(socket: Socket, { host, port }: TrapReceiverOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      reject(refusalOf(`${host}:${port}`, error));
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      resolve();
    });
  });
}

function refusalOf(place: string, cause: NodeJS.ErrnoException): AppError {
  if (cause.code === 'EADDRINUSE') {
    return new AppError('ADDRESS_IN_USE', `Traps cannot be taken on ${place}: another program has that UDP port.`, {
      cause,
    });
  }
  if (cause.code === 'EACCES') {
    const what = 'ports below 1024 need a right of their own; take 1162, say, and let the devices send there';
    return new AppError('PERMISSION_DENIED', `Traps cannot be taken on ${place}: ${what}.`, { cause });
  }
  return new AppError('INPUT_INVALID', `Traps cannot be taken on ${place} (${cause.code ?? cause.message}).`, {
    cause,
  });
}

/** Of one length, so that comparing tells nothing of them. */
function hashed(community: string): Buffer {
  return createHash('sha256').update(community, 'latin1').digest();
}

/** IPv4 as it comes to a socket of both families. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/, '');
}
