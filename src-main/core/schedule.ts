import { AppError, errorRules } from '../contract/errors.ts';
import type { Clock } from './clock.ts';

/** One poll; it must end soon after its signal aborts. Whatever it rejects with decides when the next one comes. */
export type Poll = (signal: AbortSignal) => Promise<void>;

export interface ScheduleTools {
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly chance: () => number;
  /** The clock went by something else than time passing (sleep, or set by hand); said once, not for each device. */
  readonly onJump?: (jumpMs: number) => void;
}

/** How polling goes, over the last minute. */
export interface PollStatistics {
  /** 95 of 100 polls took at most this long; 0 where none ended. */
  readonly p95Ms: number;
  /** Polls that began late, and those left out because the one before had not ended. */
  readonly late: number;
}

const usualTimeoutMs = 10_000;
const longestPauseMs = 60_000;
const mostJitterMs = 250;
const leastJumpMs = 5000;
const lateMs = 250;
const statisticsMs = 60_000;

interface Entry {
  readonly device: string;
  intervalMs: number;
  readonly timeoutMs: number;
  readonly poll: Poll;
  /** A poll is due at each `baseMs + n * intervalMs`. */
  baseMs: number;
  failures: number;
  inFlight: AbortController | undefined;
  dueMs: number | undefined;
  cancelTimer: () => void;
}

/**
 * Polls devices, each in its own rhythm: the next poll is due at a whole number of intervals after the first, however long one takes,
 * so nothing drifts and nothing missed is made up for. At most one poll of a device is in flight; one that hangs past its time-out and its
 * abort holds up its own device alone.
 *
 * After a failure that may pass by itself the pause doubles, up to a minute. A refused sign-in or host key is not tried again (accounts
 * are locked that way) until `wake`.
 */
export class PollSchedule {
  readonly #tools: ScheduleTools;
  readonly #entries = new Map<string, Entry>();
  #ended: { readonly atMs: number; readonly tookMs: number }[] = [];
  #late: number[] = [];
  #isPaused = false;
  #lastJumpMs = -Infinity;

  constructor(tools: ScheduleTools) {
    this.#tools = tools;
  }

  /** Begins to poll a device at once, but for a little chance that keeps devices apart. One that was polled is polled anew. */
  start(device: string, intervalMs: number, poll: Poll, timeoutMs = usualTimeoutMs): void {
    this.stop(device);
    const baseMs = this.#now() + this.#jitter(intervalMs);
    const entry: Entry = {
      device,
      intervalMs,
      timeoutMs,
      poll,
      baseMs,
      failures: 0,
      inFlight: undefined,
      dueMs: undefined,
      cancelTimer: () => undefined,
    };
    this.#entries.set(device, entry);
    this.#planAt(entry, baseMs);
  }

  /** Another interval from the next poll on; the rhythm begins with it. */
  pace(device: string, intervalMs: number): void {
    const entry = this.#entries.get(device);
    if (entry === undefined || entry.intervalMs === intervalMs) return;
    entry.intervalMs = intervalMs;
    entry.baseMs = this.#now();
    if (!entry.inFlight) this.#planNext(entry, 0);
  }

  /** Ends the polling of a device, the poll in flight too. */
  stop(device: string): void {
    const entry = this.#entries.get(device);
    if (!entry) return;
    this.#entries.delete(device);
    entry.cancelTimer();
    entry.inFlight?.abort(new AppError('CANCELLED', `Polling of "${device}" has ended.`));
  }

  /** Polls a device now, whatever it waited for: a person asked, or its credentials have changed. */
  wake(device: string): void {
    const entry = this.#entries.get(device);
    if (!entry) return;
    entry.failures = 0;
    if (!entry.inFlight) this.#planAt(entry, this.#now());
  }

  /** Begins no poll until `resume`; those in flight end. */
  pause(): void {
    this.#isPaused = true;
    for (const entry of this.#entries.values()) this.#unplan(entry);
  }

  /** Goes on in the rhythm of before. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const entry of this.#entries.values()) if (!entry.inFlight) this.#planNext(entry, 0);
  }

  close(): void {
    for (const device of [...this.#entries.keys()]) this.stop(device);
  }

  /** When the next poll of a device is due, ms since 1970; absent while one is in flight, or none is planned. */
  nextPollAt(device: string): number | undefined {
    return this.#entries.get(device)?.dueMs;
  }

  statistics(): PollStatistics {
    const since = this.#now() - statisticsMs;
    this.#ended = this.#ended.filter(({ atMs }) => atMs > since);
    this.#late = this.#late.filter((atMs) => atMs > since);
    const durations = this.#ended.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other);
    return { p95Ms: durations[Math.ceil(durations.length * 0.95) - 1] ?? 0, late: this.#late.length };
  }

  #now(): number {
    return this.#tools.clock.now();
  }

  #jitter(intervalMs: number): number {
    return Math.floor(this.#tools.chance() * Math.min(mostJitterMs, intervalMs / 4));
  }

  #planAt(entry: Entry, dueMs: number): void {
    entry.cancelTimer();
    if (this.#isPaused) return;
    entry.dueMs = dueMs;
    entry.cancelTimer = this.#tools.clock.setTimer(Math.max(0, dueMs - this.#now()), () => {
      this.#fire(entry, dueMs);
    });
  }

  #unplan(entry: Entry): void {
    entry.cancelTimer();
    entry.dueMs = undefined;
  }

  /** At the first beat of its rhythm that is at least `pauseMs` away. */
  #planNext(entry: Entry, pauseMs: number): void {
    const beats = Math.floor((this.#now() + pauseMs - entry.baseMs) / entry.intervalMs) + 1;
    this.#planAt(entry, entry.baseMs + beats * entry.intervalMs);
  }

  #fire(entry: Entry, dueMs: number): void {
    const offMs = this.#now() - dueMs;
    if (Math.abs(offMs) > Math.max(leastJumpMs, 2 * entry.intervalMs)) {
      this.#rebase(entry, offMs);
      return;
    }
    if (offMs > lateMs) this.#late.push(this.#now());
    void this.#poll(entry);
  }

  /** After a jump all timers fire at once: each device begins a rhythm of its own, spread over an interval. */
  #rebase(entry: Entry, jumpMs: number): void {
    const now = this.#now();
    if (Math.abs(now - this.#lastJumpMs) > leastJumpMs) this.#tools.onJump?.(jumpMs);
    this.#lastJumpMs = now;
    entry.baseMs = now + Math.floor(this.#tools.chance() * Math.min(entry.intervalMs, leastJumpMs));
    this.#planAt(entry, entry.baseMs);
  }

  async #poll(entry: Entry): Promise<void> {
    const startedMs = this.#now();
    const controller = new AbortController();
    entry.inFlight = controller;
    entry.dueMs = undefined;
    const cancelTimeOut = this.#tools.clock.setTimer(entry.timeoutMs, () => {
      const detail = `"${entry.device}" did not end its answer within ${entry.timeoutMs / 1000} s.`;
      controller.abort(new AppError('TIMED_OUT', detail));
    });
    const pauseMs = await pauseAfter(entry, controller.signal);
    cancelTimeOut();
    entry.inFlight = undefined;
    if (this.#entries.get(entry.device) !== entry) return;
    const endedMs = this.#now();
    this.#ended.push({ atMs: endedMs, tookMs: endedMs - startedMs });
    const leftOut = Math.min(1000, Math.floor((endedMs - startedMs) / entry.intervalMs));
    for (let count = 0; count < leftOut; count += 1) this.#late.push(endedMs);
    if (pauseMs !== undefined) this.#planNext(entry, pauseMs);
  }
}

/** Carries a poll out; how long to pause after it, or nothing where it is not to be tried again. */
async function pauseAfter(entry: Entry, signal: AbortSignal): Promise<number | undefined> {
  try {
    await entry.poll(signal);
    entry.failures = 0;
    return 0;
  } catch (error) {
    entry.failures += 1;
    const rule = error instanceof AppError ? errorRules[error.code] : errorRules.INTERNAL;
    if (rule.retryable) return Math.min(longestPauseMs, entry.intervalMs * (2 ** Math.min(entry.failures, 16) - 1));
    return rule.family === 'transport' ? undefined : longestPauseMs;
  }
}
