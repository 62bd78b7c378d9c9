/** Length of one slot: deadlines are met at most this much late. */
const slotMs = 64;
const slotCount = 1024;

/**
 * Something with one deadline. Connections extend it, so that arming a timer allocates nothing and moving a deadline
 * back is one store: a node that fires early is put where it now belongs.
 */
export abstract class Timed {
  deadlineMs = 0;
  /** The slot it is linked in; -1 = none. */
  slot = -1;
  slotTimeMs = 0;
  before: Timed | undefined = undefined;
  after: Timed | undefined = undefined;

  abstract onDeadline(): void;
}

/** The one timer of a worker: all deadlines of all connections in slots. It runs only while there is one. */
export class TimerWheel {
  readonly #slots: (Timed | undefined)[] = new Array<Timed | undefined>(slotCount).fill(undefined);
  readonly #startedAt: number;
  readonly #clock: () => number;
  #nowMs = 0;
  #tick = 0;
  #linkedCount = 0;
  #isAsleep = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#startedAt = clock();
  }

  /** Cached clock, at most one slot old: milliseconds since the wheel was made. */
  get nowMs(): number {
    if (this.#isAsleep) this.#nowMs = this.#clock() - this.#startedAt;
    return this.#nowMs;
  }

  /** From now on a timer turns it. */
  start(): void {
    this.#isAsleep = true;
    if (this.#linkedCount > 0) this.#awake();
  }

  stop(): void {
    this.#isAsleep = false;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Sets or moves the deadline; `delayMs` 0 disarms. */
  arm(node: Timed, delayMs: number): void {
    if (delayMs === 0) {
      node.deadlineMs = 0;
      return;
    }
    if (this.#isAsleep) this.#awake();
    const deadlineMs = this.#nowMs + delayMs;
    node.deadlineMs = deadlineMs;
    if (node.slot >= 0) {
      if (node.slotTimeMs <= deadlineMs) return;
      this.#unlink(node);
    }
    this.#link(node, deadlineMs);
  }

  disarm(node: Timed): void {
    node.deadlineMs = 0;
    if (node.slot >= 0) this.#unlink(node);
  }

  /** Fires what is due. Called by the timer; a test calls it after moving its clock. */
  turn(): void {
    this.#nowMs = this.#clock() - this.#startedAt;
    const target = Math.floor(this.#nowMs / slotMs);
    // After a long pause one round visits every slot once.
    const first = Math.max(this.#tick + 1, target - slotCount + 1);
    for (let tick = first; tick <= target; tick++) this.#fire(tick % slotCount);
    this.#tick = target;
    if (this.#linkedCount === 0 && this.#timer !== undefined) this.#sleep();
  }

  #awake(): void {
    this.#isAsleep = false;
    this.#nowMs = this.#clock() - this.#startedAt;
    // The slots that went by meanwhile are empty.
    if (this.#linkedCount === 0) this.#tick = Math.floor(this.#nowMs / slotMs);
    this.#timer = setInterval(() => {
      this.turn();
    }, slotMs).unref();
  }

  #sleep(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isAsleep = true;
  }

  #fire(slot: number): void {
    let node = this.#slots[slot];
    this.#slots[slot] = undefined;
    // Unlink all before anything runs: a deadline may disarm its neighbour.
    const due: Timed[] = [];
    while (node !== undefined) {
      const next = node.after;
      node.slot = -1;
      node.before = node.after = undefined;
      this.#linkedCount--;
      due.push(node);
      node = next;
    }
    for (const each of due) {
      if (each.deadlineMs === 0 || each.slot >= 0) continue;
      if (each.deadlineMs > this.#nowMs) {
        this.#link(each, each.deadlineMs);
      } else {
        each.deadlineMs = 0;
        each.onDeadline();
      }
    }
  }

  #link(node: Timed, deadlineMs: number): void {
    const current = this.#tick;
    const wanted = Math.ceil(deadlineMs / slotMs);
    const tick = Math.min(Math.max(wanted, current + 1), current + slotCount - 1);
    const slot = tick % slotCount;
    const head = this.#slots[slot];
    node.slot = slot;
    node.slotTimeMs = tick * slotMs;
    node.before = undefined;
    node.after = head;
    if (head !== undefined) head.before = node;
    this.#slots[slot] = node;
    this.#linkedCount++;
  }

  #unlink(node: Timed): void {
    if (node.before === undefined) this.#slots[node.slot] = node.after;
    else node.before.after = node.after;
    if (node.after !== undefined) node.after.before = node.before;
    node.before = node.after = undefined;
    node.slot = -1;
    this.#linkedCount--;
  }
}
