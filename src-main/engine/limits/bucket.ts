import { Timed, type TimerWheel } from '../sockets/timer-wheel.ts';

/** Someone whose bytes a bucket has taken on. */
export interface Granted {
  readonly onGranted: () => void;
}

/** What may leave at once after a pause: so much of a second's bytes, so that a late timer costs no rate. */
const burstShareOfSecond = 0.25;

/**
 * A token bucket of bytes that many connections share. Bytes are taken before they leave; who finds it empty waits in
 * line and is called in turn by the timer wheel, so that slices of equal size make equal rates. It may go into debt by one
 * slice, never by more: over any time t at most `rate * t + burst + one slice` passes.
 */
export class Bucket extends Timed {
  /** Bytes asked for since the last report to the supervisor. */
  asked = 0;
  /** Has anyone waited since then? */
  wasShort = false;
  readonly #wheel: TimerWheel;
  readonly #waiting = new Map<Granted, number>();
  #wholeRate: number;
  #share: number;
  #tokens: number;
  #filledAtMs: number;

  /** `share` of the bytes per second is this worker's. */
  constructor(wheel: TimerWheel, bytesPerSecond: number, share = 1) {
    super();
    this.#wheel = wheel;
    this.#wholeRate = bytesPerSecond;
    this.#share = share;
    this.#tokens = this.#burst;
    this.#filledAtMs = wheel.nowMs;
  }

  /** What this worker may let pass, in bytes per second. */
  get rate(): number {
    return this.#wholeRate * this.#share;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  configure(bytesPerSecond: number, share: number): void {
    this.#fill();
    this.#wholeRate = bytesPerSecond;
    this.#share = share;
    this.#tokens = Math.min(this.#tokens, this.#burst);
  }

  /** True = taken. False = `onGranted` comes when it is this one's turn; until then it asks for nothing more. */
  take(bytes: number, by: Granted): boolean {
    this.asked += bytes;
    this.#fill();
    if (this.#waiting.size === 0 && this.#tokens > 0) {
      this.#tokens -= bytes;
      return true;
    }
    this.wasShort = true;
    this.#waiting.set(by, bytes);
    if (this.slot < 0) this.#wheel.arm(this, 1);
    return false;
  }

  leave(by: Granted): void {
    this.#waiting.delete(by);
  }

  override onDeadline(): void {
    this.#fill();
    for (const [by, bytes] of this.#waiting) {
      if (this.#tokens <= 0) break;
      this.#tokens -= bytes;
      this.#waiting.delete(by);
      by.onGranted();
    }
    if (this.#waiting.size === 0) return;
    this.wasShort = true;
    this.#wheel.arm(this, 1);
  }

  get #burst(): number {
    return this.rate * burstShareOfSecond;
  }

  #fill(): void {
    const { nowMs } = this.#wheel;
    if (nowMs <= this.#filledAtMs) return;
    this.#tokens = Math.min(this.#burst, this.#tokens + (this.rate * (nowMs - this.#filledAtMs)) / 1000);
    this.#filledAtMs = nowMs;
  }
}
