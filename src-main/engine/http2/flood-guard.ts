/** Resets beyond this at once, then so many a second, end the connection (rapid reset, CVE-2023-44487). */
const resetBurst = 200;
const resetsPerSecond = 50;
/** Frames that carry nothing and still cost (PING, SETTINGS, PRIORITY, empty DATA ...): so many at once, then a second. */
const idleBurst = 1000;
const idlePerSecond = 100;
/** What each frame of a body, either way, allows of them: window updates, and pings that measure the line. */
const idlePerData = 4;
/** A smaller one allows none: who opens its window byte by byte makes much work of little. */
const leastDataBytes = 256;

/** Counts what a peer makes the engine do for nothing. Time in milliseconds, on any one clock. */
export class FloodGuard {
  #resets = resetBurst;
  #idle = idleBurst;
  #sinceMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  /** A stream that the client reset, or that we had to. False = too many. */
  takeReset(nowMs: number): boolean {
    if (this.#resets < 1) this.#refill(nowMs);
    return --this.#resets >= 0;
  }

  /** A frame that carries nothing. False = too many. */
  takeIdle(nowMs: number): boolean {
    if (this.#idle < 1) this.#refill(nowMs);
    return --this.#idle >= 0;
  }

  /** A frame of a body went either way, or a stream was opened. */
  onData(bytes: number): void {
    if (bytes >= leastDataBytes && this.#idle < idleBurst) this.#idle += idlePerData;
  }

  /** A frame of a body went out, of a length that the peer had no say in. */
  onSent(): void {
    if (this.#idle < idleBurst) this.#idle += idlePerData;
  }

  #refill(nowMs: number): void {
    const seconds = (nowMs - this.#sinceMs) / 1000;
    this.#sinceMs = nowMs;
    this.#resets = Math.min(resetBurst, this.#resets + seconds * resetsPerSecond);
    this.#idle = Math.min(idleBurst, this.#idle + seconds * idlePerSecond);
  }
}
