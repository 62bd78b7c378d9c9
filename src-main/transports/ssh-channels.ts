import type { Client } from 'ssh2';
import { AppError } from '../contract/errors.ts';
import { defaultTimeoutMs } from './call-limits.ts';
import { ChannelSlots } from './channel-slots.ts';
import { type Lifeline, type Settle, timedCall } from './timed-call.ts';
import type { CallOptions } from './transport.ts';

/** What all of ssh2's channels have in common, SFTP too. */
export interface AnyChannel {
  readonly once: (event: 'close', listener: () => void) => unknown;
}

/** The server did not open a channel of this kind, or not what was asked of it; the connection itself is well. */
export class ChannelRefused extends Error {}

export interface ChannelTask<C extends AnyChannel, T> {
  readonly what: string;
  /** Session channels count against MaxSessions; stream-local ones do not. */
  readonly isSession: boolean;
  readonly options: CallOptions | undefined;
  readonly open: (client: Client, opened: (error: Error | undefined, channel?: C) => void) => void;
  readonly use: (channel: C, settle: Settle<T>) => void;
  readonly close: (channel: C) => void;
}

/** Most time that a refused session waits for places of given-up commands, before the connection counts as used up. */
const graceMs = 1_000;
const retryMs = 50;

/** The channels of one connection: waits in line for a slot, opens, uses, and closes whatever happened. */
export class Channels {
  readonly #client: Client;
  readonly #lifeline: Lifeline;
  readonly #slots: ChannelSlots;
  readonly #giveUp: (reason: AppError) => void;
  /** Sessions asked for, sessions in use, and sessions that we have closed and the server has not. */
  readonly #sessions = { opening: 0, inUse: 0, closing: 0 };
  /** Calls that the server refused a session while it held others; tried again when one of those ends. */
  readonly #parked = new Set<() => void>();
  /** When a session was last opened or closed by either side; 0 before the first. */
  #progressAt = 0;

  constructor(client: Client, lifeline: Lifeline, maxChannels: number, giveUp: (reason: AppError) => void) {
    this.#client = client;
    this.#lifeline = lifeline;
    this.#slots = new ChannelSlots(maxChannels);
    this.#giveUp = giveUp;
  }

  /** Throws ChannelRefused where the server says no; else what `timedCall` throws. */
  run<C extends AnyChannel, T>(task: ChannelTask<C, T>): Promise<T> {
    const { what, options } = task;
    const timeoutMs = options?.timeoutMs ?? defaultTimeoutMs;
    return timedCall<T>({ what, timeoutMs, signal: options?.signal, lifeline: this.#lifeline }, (settle) => {
      const attempt: Attempt = { isOver: false, leave: () => undefined, close: () => undefined };
      attempt.leave = this.#slots.take(() => {
        this.#open(task, settle, attempt);
      });
      return () => {
        attempt.isOver = true;
        attempt.leave();
        attempt.close();
      };
    });
  }

  #open<C extends AnyChannel, T>(task: ChannelTask<C, T>, settle: Settle<T>, attempt: Attempt): void {
    let isAnswered = false;
    const opened = (error: Error | undefined, channel?: C): void => {
      // ssh2 calls back a second time when the server closes a channel while it answers.
      if (isAnswered) return;
      isAnswered = true;
      if (task.isSession) this.#sessions.opening -= 1;
      if (channel === undefined) {
        if (!attempt.isOver) this.#onRefused(task, settle, attempt, error ?? new Error('no channel'));
        return;
      }
      attempt.close = this.#watch(task, channel);
      if (attempt.isOver) attempt.close();
      else task.use(channel, settle);
    };
    if (task.isSession) this.#sessions.opening += 1;
    try {
      task.open(this.#client, opened);
    } catch (cause) {
      // ssh2 throws "Not connected" where the socket is no longer writable and its close is yet to come.
      settle.reject(new AppError('SESSION_CLOSED', `${task.what}: the connection has ended.`, { cause }));
    }
  }

  /**
   * Counts a channel until the server has closed it. Gives back what closes it from our side. OpenSSH keeps a session's place
   * until its command has ended by itself; as root it does not even take signals ("session signalling requires privilege separation").
   */
  #watch<C extends AnyChannel, T>({ isSession, close }: ChannelTask<C, T>, channel: C): () => void {
    let state: 'inUse' | 'closing' | 'closed' = 'inUse';
    if (isSession) {
      this.#sessions.inUse += 1;
      this.#progressAt = performance.now();
    }
    channel.once('close', () => {
      if (isSession && state !== 'closed') this.#sessions[state] -= 1;
      state = 'closed';
      if (!isSession) return;
      this.#progressAt = performance.now();
      this.#wakeParked();
    });
    return () => {
      if (state !== 'inUse') return;
      state = 'closing';
      if (isSession) {
        this.#sessions.inUse -= 1;
        this.#sessions.closing += 1;
        this.#progressAt = performance.now();
      }
      close(channel);
    };
  }

  /** Only a refusal to open a channel carries a reason (RFC 4254, 5.1); OpenSSH 9.2 gives 2, "open failed", whatever the cause. */
  #onRefused<C extends AnyChannel, T>(
    task: ChannelTask<C, T>,
    settle: Settle<T>,
    attempt: Attempt,
    error: Error & { reason?: unknown },
  ): void {
    if (this.#lifeline.reason !== undefined) return;
    const { opening, inUse, closing } = this.#sessions;
    const others = opening + inUse;
    if (!task.isSession || error.reason === undefined || (others + closing === 0 && this.#progressAt === 0)) {
      settle.reject(new ChannelRefused(error.message, { cause: error }));
      this.#wakeParked();
      return;
    }
    if (others + closing > 0) this.#slots.lowerTo(others + closing);
    if (others === 0 && performance.now() - this.#progressAt > graceMs) {
      const detail = `the server opens no more sessions: ${closing} commands that were given up still run there.`;
      this.#giveUp(new AppError('SESSION_CLOSED', detail));
      return;
    }
    attempt.leave();
    attempt.leave = this.#park(() => {
      attempt.leave = this.#slots.take(() => {
        this.#open(task, settle, attempt);
      }, 'front');
    });
  }

  #wakeParked(): void {
    for (const wake of [...this.#parked]) wake();
  }

  /** Tries again when a session of ours ends, or soon: OpenSSH tells us that a channel is closed before it counts it as closed. */
  #park(retry: () => void): () => void {
    const parked = this.#parked;
    const timer = setTimeout(wake, retryMs);
    parked.add(wake);
    return leave;

    function wake(): void {
      leave();
      retry();
    }
    function leave(): void {
      clearTimeout(timer);
      parked.delete(wake);
    }
  }
}

interface Attempt {
  isOver: boolean;
  /** Leaves the line, or frees the slot. */
  leave: () => void;
  /** Closes the channel, once there is one. */
  close: () => void;
}
