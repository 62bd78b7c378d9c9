import type { Socket as UdpSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ConnectionView } from './connection-view.ts';
import { HeldChoice } from './held-choice.ts';
import type { WorkerContext } from '../runtime/context.ts';
import type { LogEntry } from '../log/access-log.ts';
import { add, M, P, S, serverCounterNames } from '../runtime/counters.ts';
import type { Listener, OpenConnection } from '../runtime/listener.ts';
import type { MemberRuntime } from '../runtime/member.ts';
import type { PoolRuntime } from '../runtime/pool.ts';
import type { VirtualServerRuntime } from '../runtime/virtual-server.ts';
import { openUdp } from '../sockets/handles.ts';
import { Timed } from '../sockets/timer-wheel.ts';
import { PaidAnswers } from './paid-answers.ts';

const view = new ConnectionView();
/** Datagrams kept while the socket to the member is made; more are lost, as UDP may lose them. */
const maxWaiting = 32;
/** After this long without its answer a session does not keep an ending worker waiting. */
const drainMs = 2000;

/** Where the client is, and how it is answered. */
export interface UdpClient {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly localAddress: string;
  readonly answer: (bytes: Buffer) => void;
  /** The session is over. */
  readonly forget: () => void;
}

/**
 * One client's datagrams to one member and back, over a connected socket of its own: so the system tells when nothing
 * listens there, and lets nobody else answer. A member that refuses is passed over, with the datagram that it never read.
 */
export class UdpSession extends Timed implements OpenConnection {
  readonly #context: WorkerContext;
  readonly #listener: Listener;
  readonly #client: UdpClient;
  readonly #answers: PaidAnswers;
  readonly #entry: LogEntry | undefined;
  /** Whose pools serve it: its virtual server, or one that stands in. */
  #behind: VirtualServerRuntime;
  #pool: PoolRuntime | undefined = undefined;
  #member: MemberRuntime | undefined = undefined;
  #avoided: MemberRuntime | undefined = undefined;
  #held: HeldChoice | undefined = undefined;
  #socket: UdpSocket | undefined = undefined;
  #isConnected = false;
  #waiting: Buffer[] = [];
  /** The last datagram, while no answer has come since. */
  #unanswered: Buffer | undefined = undefined;
  #askedAtMs = 0;
  /** Answers that the client still waits for, where their number is known. */
  #owed = 0;
  /** So many answers as were owed have come. */
  #isServed = false;
  #triesLeft = 0;
  /** Room was asked of the other workers. */
  #hasBorrowed = false;
  #isClosed = false;

  constructor(context: WorkerContext, listener: Listener, client: UdpClient) {
    super();
    this.#context = context;
    this.#listener = listener;
    this.#client = client;
    this.#behind = listener.server;
    this.#answers = new PaidAnswers(
      (bytes) => {
        this.#toClient(bytes);
      },
      () => {
        this.#drop(S.bandwidth);
      },
      () => {
        this.#closeIfServed();
      },
    );
    const { name, settings } = listener.server;
    this.#entry = context.accessLog?.beginFlow(name, { ...client, tlsVersion: '' }, settings.protocol);
    listener.connections.add(this);
    add(listener.server.counters, S.connections, 1);
  }

  fromClient(bytes: Buffer): void {
    const { counters, settings } = this.#listener.server;
    add(counters, S.bytesIn, bytes.length);
    if (this.#entry !== undefined) this.#entry.bytesIn += bytes.length;
    this.#context.wheel.arm(this, settings.udp.idleTimeoutMs);
    if (this.#unanswered === undefined) this.#askedAtMs = performance.now();
    this.#unanswered = bytes;
    this.#owed += settings.udp.responses;
    // A datagram belongs to no connection that could finish: it does not go where nobody takes it.
    if (this.#member?.servesHeld === false) this.#leaveMember();
    if (this.#held?.isAsking === true) return; // the newest datagram goes where the answer says
    if (this.#member === undefined) this.#begin();
    else this.#send(bytes);
  }

  /** The worker is ending: a client that waits for its answer gets it. */
  drain(): void {
    if (this.#unanswered === undefined) this.#close();
    else this.#context.wheel.arm(this, drainMs);
  }

  cut(member: MemberRuntime): void {
    if (this.#member !== member) return;
    if (this.#entry !== undefined) this.#entry.cause = 'cut';
    this.#close();
  }

  reselect(member: MemberRuntime): void {
    if (this.#member !== member) return;
    this.#leaveMember();
    if (this.#unanswered !== undefined) this.#begin();
  }

  override onDeadline(): void {
    const member = this.#member;
    if (this.#owed > 0 && member !== undefined) {
      add(member.stats.counters, M.responseTimeout, 1);
      this.#drop(S.memberFailure);
      this.#pool?.recordFailure(member);
    }
    this.#close();
  }

  #begin(): void {
    this.#behind = this.#listener.server;
    this.#pool = this.#behind.defaultPool;
    this.#triesLeft = this.#pool?.settings.retry.attempts ?? 0;
    this.#avoided = undefined;
    this.#held = undefined; // it asks anew
    this.#dispatch();
  }

  /** Chooses a member and sends it what is unanswered. */
  #dispatch(): void {
    let member = this.#choose();
    while (member === undefined && this.#held?.isAsking !== true && this.#goOn()) member = this.#choose();
    if (this.#held?.isAsking === true) return;
    const pool = this.#pool;
    if (member === undefined && pool !== undefined && !this.#hasBorrowed) {
      this.#hasBorrowed = true;
      if (pool.borrow(() => { this.#onBorrowed(pool); })) return; // prettier-ignore
    }
    this.#hasBorrowed = false;
    const { counters } = this.#listener.server;
    if (pool === undefined || member === undefined) {
      if (pool !== undefined) add(pool.counters, P.noMember, 1);
      this.#drop(S.noMember);
      this.#close();
      return;
    }
    this.#member = member;
    if (this.#entry !== undefined) Object.assign(this.#entry, { pool: pool.name, member: member.name });
    member.begin();
    add(member.stats.counters, M.connections, 1);
    add(member.stats.counters, M.requests, 1);
    add(counters, S.requests, 1);
    this.#open(member, this.#behind.limitsOf(pool).sourceAddress);
    if (this.#unanswered !== undefined) this.#send(this.#unanswered);
  }

  /** To where it is served instead; false = there is nowhere left. */
  #goOn(): boolean {
    const backup = this.#pool?.backup;
    const standIn = backup === undefined ? this.#behind.standIn() : undefined;
    if (standIn !== undefined) {
      this.#behind = standIn;
      this.#held = undefined; // its pools hold clients in their own way
    }
    const next = backup ?? standIn?.defaultPool;
    if (next !== undefined) this.#pool = next;
    return next !== undefined;
  }

  /** Other workers gave what they do not need, or nothing. */
  #onBorrowed(pool: PoolRuntime): void {
    if (this.#isClosed || this.#member !== undefined || this.#pool !== pool) pool.wake();
    else this.#dispatch();
  }

  #choose(): MemberRuntime | undefined {
    const pool = this.#pool;
    if (pool === undefined) return undefined;
    view.look(this.#client, '', '');
    const holding = this.#behind.holdingOf(pool);
    if (holding === undefined) return pool.choose(view, this.#avoided);
    this.#held ??= new HeldChoice(() => {
      if (!this.#isClosed) this.#dispatch();
    });
    return this.#held.choose(pool, holding, view, this.#avoided);
  }

  #open(member: MemberRuntime, sourceAddress: string): void {
    const socket = openUdp(isIPv6(member.address) ? 6 : 4);
    this.#socket = socket;
    this.#isConnected = false;
    socket.on('message', (bytes) => {
      if (socket === this.#socket) this.#onAnswer(bytes);
    });
    socket.on('error', () => {
      this.#onRefused(socket);
    });
    socket.on('connect', () => {
      if (socket !== this.#socket) return;
      this.#isConnected = true;
      for (const bytes of this.#waiting.splice(0)) this.#send(bytes);
    });
    if (sourceAddress !== '') socket.bind({ address: sourceAddress, exclusive: true });
    socket.connect(member.port, member.address);
  }

  #send(bytes: Buffer): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (!this.#isConnected) {
      if (this.#waiting.length < maxWaiting) this.#waiting.push(bytes);
      return;
    }
    if (this.#member !== undefined) add(this.#member.stats.counters, M.bytesIn, bytes.length);
    socket.send(bytes, (error) => {
      if (error !== null) this.#onRefused(socket);
    });
  }

  #onAnswer(bytes: Buffer): void {
    const member = this.#member;
    const { limits, settings } = this.#listener.server;
    if (this.#unanswered !== undefined) {
      this.#unanswered = undefined;
      const nowMs = performance.now();
      member?.recordTime(nowMs - this.#askedAtMs, nowMs);
      const entry = this.#entry;
      if (entry !== undefined && entry.responseMs < 0) entry.responseMs = nowMs - this.#askedAtMs;
      this.#triesLeft = this.#pool?.settings.retry.attempts ?? 0;
    }
    if (member !== undefined) add(member.stats.counters, M.bytesOut, bytes.length);
    this.#context.wheel.arm(this, this.#context.isEnding ? drainMs : settings.udp.idleTimeoutMs);
    if (this.#owed > 0) {
      this.#owed--;
      this.#isServed = this.#owed === 0;
    }
    this.#answers.put(bytes, limits, this.#client.clientAddress);
    if (this.#answers.isIdle) this.#closeIfServed();
  }

  #toClient(bytes: Buffer): void {
    add(this.#listener.server.counters, S.bytesOut, bytes.length);
    if (this.#entry !== undefined) this.#entry.bytesOut += bytes.length;
    this.#client.answer(bytes);
  }

  /** The last answer that was owed, or that an ending worker waits for, has left. */
  #closeIfServed(): void {
    const isEnding = this.#context.isEnding && this.#owed === 0 && this.#unanswered === undefined;
    if ((this.#isServed && this.#owed === 0) || isEnding) this.#close();
  }

  /** Counts what is not served, by reason. */
  #drop(place: number): void {
    add(this.#listener.server.counters, place, 1);
    if (this.#entry !== undefined) this.#entry.cause = serverCounterNames[place] ?? '';
  }

  /** Nothing listens there (ICMP port unreachable), or the system cannot send to it. */
  #onRefused(socket: UdpSocket): void {
    const member = this.#member;
    const pool = this.#pool;
    if (socket !== this.#socket || member === undefined || pool === undefined) return;
    add(member.stats.counters, M.connectError, 1);
    pool.recordFailure(member);
    this.#avoided = member;
    this.#leaveMember();
    if (this.#unanswered === undefined) return; // its next datagram chooses anew
    if (this.#triesLeft > 0 && pool.settings.retry.when.includes('connect-error')) {
      this.#triesLeft--;
      if (this.#entry !== undefined) this.#entry.retries++;
      add(pool.counters, P.retries, 1);
      this.#dispatch();
      return;
    }
    this.#drop(S.memberFailure);
    this.#close();
  }

  #leaveMember(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#waiting = [];
    socket?.close();
    if (this.#member === undefined) return;
    this.#member.end();
    this.#member = undefined;
    this.#pool?.wake();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#held?.cancel();
    this.#answers.close();
    if (this.#entry !== undefined) this.#context.accessLog?.end(this.#entry);
    this.#context.wheel.disarm(this);
    this.#leaveMember();
    this.#listener.connections.delete(this);
    this.#client.forget();
  }
}
