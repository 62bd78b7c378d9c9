/**
 * How many channels may be open on one connection at a time; more wait in line. OpenSSH refuses the eleventh session of a
 * connection (sshd_config `MaxSessions 10`) instead of making it wait.
 */
export class ChannelSlots {
  #limit: number;
  #taken = 0;
  readonly #waiting: Waiter[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Calls `granted` once a slot is free, perhaps at once. Gives back what frees the slot or leaves the line. */
  take(granted: () => void, place: 'back' | 'front' = 'back'): () => void {
    const waiter: Waiter = { granted, state: 'waiting' };
    if (place === 'front') this.#waiting.unshift(waiter);
    else this.#waiting.push(waiter);
    this.#grant();
    return () => {
      this.#release(waiter);
    };
  }

  /** Lowers the limit for good: the server allows fewer than was thought. At least one stays. */
  lowerTo(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit));
  }

  get taken(): number {
    return this.#taken;
  }

  #release(waiter: Waiter): void {
    if (waiter.state === 'done') return;
    if (waiter.state === 'granted') this.#taken -= 1;
    else this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    waiter.state = 'done';
    this.#grant();
  }

  #grant(): void {
    while (this.#taken < this.#limit) {
      const waiter = this.#waiting.shift();
      if (waiter === undefined) return;
      waiter.state = 'granted';
      this.#taken += 1;
      waiter.granted();
    }
  }
}

interface Waiter {
  readonly granted: () => void;
  state: 'waiting' | 'granted' | 'done';
}
