import type { ChildProcess } from 'node:child_process';
import { AppError } from '../../contract/errors.ts';
import type { LogBatch } from '../log/access-log.ts';
import type { LeaseNews } from '../runtime/leases.ts';
import type { HeldNews } from '../persistence/messages.ts';
import type { Load, PurgeTarget, ToSupervisor, ToWorker, WorkerSnapshot } from '../messages.ts';
import type { WorkerChild } from './worker-child.ts';
import type { Watched } from './worker-watch.ts';
import type { BoundHandle } from '../sockets/handles.ts';

const answerTimeoutMs = 10_000;

/** A message that is answered, without the id that it gets here. */
type Asked = ToWorker extends infer Each ? (Each extends { readonly id: number } ? Omit<Each, 'id'> : never) : never;

interface Waiting {
  readonly resolve: (message: ToSupervisor) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** What a worker says unasked. */
export interface Hears {
  readonly onInFlight: (load: Load) => void;
  readonly onMemberFailed: (failure: Extract<ToSupervisor, { type: 'member-failed' }>) => void;
  readonly onHeldNews: (news: HeldNews) => void;
  readonly onDemand: (demand: Readonly<Record<string, number>>) => void;
  readonly onLog: (batch: LogBatch) => void;
  readonly onLeaseNews: (news: LeaseNews) => void;
  readonly onOpenCount: (count: number) => void;
  readonly onTaken: (id: number, isTaken: boolean) => void;
  readonly onHandOver: (wish: Extract<ToSupervisor, { type: 'hand-over' }>, handle: BoundHandle) => void;
  readonly onCacheForget: (news: Extract<ToSupervisor, { type: 'cache-forget' }>) => void;
  readonly onHungry: (keys: readonly string[]) => void;
  readonly onEnd: () => void;
}

/** One worker process: asks it, hears it, knows when it ends. */
export class WorkerProcess implements Watched {
  readonly index: number;
  /** It takes the place of one that has ended. */
  readonly isReplacement: boolean;
  readonly pid: number;
  isEnded = false;
  #hasStarted = false;
  #hasSpoken = false;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  readonly #started: Promise<void>;

  constructor(index: number, isReplacement: boolean, hears: Hears, { child, started }: WorkerChild) {
    this.index = index;
    this.isReplacement = isReplacement;
    this.#child = child;
    this.#started = started;
    this.pid = this.#child.pid ?? 0;
    void started.then(() => {
      this.#hasStarted = this.#hasSpoken = true;
    });
    this.#child.on('message', (message, handle) => {
      // The channel carries what worker.entry.ts sends, an accepted connection as Node's own handle.
      this.#receive(message as ToSupervisor, hears, handle as unknown as BoundHandle | undefined);
    });
    this.#child.on('exit', () => {
      this.isEnded = true;
      for (const waiting of this.#waiting.values()) {
        clearTimeout(waiting.timer);
        waiting.reject(new AppError('SESSION_CLOSED', `Worker ${index} ended.`));
      }
      this.#waiting.clear();
      hears.onEnd();
    });
  }

  /** Resolves when the worker can be asked. */
  async started(): Promise<void> {
    const timer = setTimeout(() => {
      this.kill();
    }, answerTimeoutMs);
    await Promise.race([this.#started, new Promise((resolve) => this.#child.once('exit', resolve))]);
    clearTimeout(timer);
    if (this.isEnded) throw new AppError('INTERNAL', `Worker ${this.index} ended before it was ready.`);
  }

  get isWatched(): boolean {
    return this.#hasStarted && !this.isEnded;
  }

  takeSpoken(): boolean {
    const hasSpoken = this.#hasSpoken;
    this.#hasSpoken = false;
    return hasSpoken;
  }

  tell(message: ToWorker, handle?: BoundHandle): void {
    if (!this.isConnected) return;
    // A handle is sent as it is: Node knows its own TCP and Pipe handles, its types name net.Server and net.Socket only.
    this.#child.send(message, handle as never, {}, () => undefined);
  }

  /** Messages can reach it. */
  get isConnected(): boolean {
    return !this.isEnded && this.#child.connected;
  }

  /** Waits until the worker has done it. Throws SESSION_CLOSED, TIMED_OUT or what the worker found wrong. */
  async ask(message: Asked, handle?: BoundHandle, timeoutMs = answerTimeoutMs): Promise<void> {
    const answer = await this.#request(message, handle, timeoutMs);
    if (answer.type === 'done' && answer.error !== undefined) throw new AppError('INTERNAL', answer.error);
  }

  async snapshot(): Promise<WorkerSnapshot> {
    const answer = await this.#request({ type: 'stats' }, undefined, answerTimeoutMs);
    if (answer.type !== 'stats')
      throw new AppError('INTERNAL', 'A worker answered something else than its statistics.');
    return answer.snapshot;
  }

  /** Answers how many stored responses it removed. */
  async purge(what: PurgeTarget, atUs: number): Promise<number> {
    const answer = await this.#request({ type: 'purge', what, atUs }, undefined, answerTimeoutMs);
    if (answer.type !== 'purged')
      throw new AppError('INTERNAL', 'A worker answered something else than what it purged.');
    return answer.count;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #request(message: Asked, handle: BoundHandle | undefined, timeoutMs: number): Promise<ToSupervisor> {
    if (this.isEnded) return Promise.reject(new AppError('SESSION_CLOSED', `Worker ${this.index} has ended.`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(
          new AppError('TIMED_OUT', `Worker ${this.index} did not answer "${message.type}" within ${timeoutMs} ms.`),
        );
      }, timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      this.tell({ ...message, id }, handle); // `Asked` is `ToWorker` without its id
    });
  }

  #receive(message: ToSupervisor, hears: Hears, handle: BoundHandle | undefined): void {
    this.#hasSpoken = true;
    if (message.type === 'started') return; // `started` tells
    if (message.type === 'in-flight') hears.onInFlight(message.load);
    else if (message.type === 'member-failed') hears.onMemberFailed(message);
    else if (message.type === 'log') hears.onLog(message.batch);
    else if (message.type === 'held-news') hears.onHeldNews(message.news);
    else if (message.type === 'demand') hears.onDemand(message.demand);
    else if (message.type === 'lease-news') hears.onLeaseNews(message.news);
    else if (message.type === 'hungry') hears.onHungry(message.keys);
    else if (message.type === 'open-count') hears.onOpenCount(message.count);
    else if (message.type === 'taken') hears.onTaken(message.id, message.isTaken);
    else if (message.type === 'hand-over') {
      if (handle !== undefined) hears.onHandOver(message, handle);
    } else if (message.type === 'cache-forget') hears.onCacheForget(message);
    else {
      const waiting = this.#waiting.get(message.id);
      if (waiting === undefined) return;
      this.#waiting.delete(message.id);
      clearTimeout(waiting.timer);
      waiting.resolve(message);
    }
  }
}
