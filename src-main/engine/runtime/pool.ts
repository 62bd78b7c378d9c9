import { algorithms } from '../algorithms/registry.ts';
import type { Choice, Chooser } from '../algorithms/algorithm.ts';
import type { PoolSettings } from '../config/settings.ts';
import type { Holding } from '../persistence/holding.ts';
import { noLease, type Lease, type Leases, type OnBorrowed } from './leases.ts';
import type { MemberRuntime } from './member.ts';

/** Someone who waits for a member to have room. */
export interface Waiter {
  readonly onRoom: () => void;
}

/** A pool in a worker: asks its algorithm for one of the members that may take a request now. */
export class PoolRuntime {
  readonly name: string;
  readonly settings: PoolSettings;
  readonly members: readonly MemberRuntime[];
  readonly counters: Float64Array;
  /** Some answers of members are tried again elsewhere. */
  readonly retriesStatuses: boolean;
  readonly waiting: Waiter[] = [];
  /** Set by the tables once all pools exist. */
  backup: PoolRuntime | undefined = undefined;
  fallbackBody = '';
  /** How its clients are held, whatever virtual server they come by; undefined = nobody is. */
  holding: Holding | undefined = undefined;
  /** This worker's part of the queue's limit. */
  queueLease: Lease = noLease;
  leases: Leases | undefined = undefined;
  readonly #byName: ReadonlyMap<string, MemberRuntime>;
  #available: readonly MemberRuntime[] = [];
  #hasLimits = false;
  #isRamping = false;
  /** How many have asked the other workers for room and not heard yet. */
  #asking = 0;
  #rampTimer: NodeJS.Timeout | undefined;
  #readmitTimer: NodeJS.Timeout | undefined;
  /** Its algorithm looks at what members have in flight in all workers. */
  readonly looksAtLoad: boolean;
  readonly #isHash: boolean;
  readonly #chooser: Chooser;

  constructor(
    settings: PoolSettings,
    members: readonly MemberRuntime[],
    counters: Float64Array,
    chance: () => number,
    offset: number,
  ) {
    const algorithm = algorithms.get(settings.algorithm.name);
    if (algorithm === undefined) throw new Error(`no algorithm ${settings.algorithm.name}`);
    this.name = settings.name;
    this.settings = settings;
    this.members = members;
    this.#byName = new Map(members.map((member) => [member.name, member]));
    this.counters = counters;
    this.#chooser = algorithm.create({ chance, settings: settings.algorithm });
    this.retriesStatuses = settings.retry.statuses.length > 0;
    this.looksAtLoad = algorithm.looksAtLoad?.(settings.algorithm) ?? false;
    this.#isHash = algorithm.settings.includes('hash');
    this.refresh();
    this.#readmitInTime();
    if (algorithm.isSequence) this.#skip(offset);
  }

  /** To be called whenever a member's state, health, weight or limit has changed. */
  refresh(): void {
    this.#weigh();
    this.#available = firstGroups(
      this.members.filter((member) => member.isInRotation),
      this.settings.minActiveMembers,
    );
    this.#hasLimits = this.members.some((member) => member.settings.maxConnections > 0);
    this.wake();
  }

  /** A member for a new request, `avoided` (tried before) only if there is no other; undefined = none has room. */
  choose(choice: Choice, avoided: MemberRuntime | undefined): MemberRuntime | undefined {
    let candidates = this.#available;
    if (this.#hasLimits || avoided !== undefined) {
      const open = candidates.filter((member) => !member.isFull);
      const others = open.filter((member) => member !== avoided);
      candidates = others.length > 0 ? others : open;
    }
    if (candidates.length === 0) return undefined;
    return this.members[this.#chooser.choose(candidates, choice).index];
  }

  member(name: string): MemberRuntime | undefined {
    return this.#byName.get(name);
  }

  /** Is some member in rotation, be it full? Then waiting makes sense. */
  get hasAvailable(): boolean {
    return this.#available.length > 0;
  }

  get hasQueueRoom(): boolean {
    return this.settings.queue.limit > 0 && this.waiting.length < this.queueLease.limit;
  }

  /** Asks the other workers for room on a member or, where that is full too, in the queue. False = it makes no sense now. */
  borrow(onBorrowed: OnBorrowed): boolean {
    if (this.leases === undefined || !this.hasAvailable) return false;
    // Who waits already gets room by and by; nobody overtakes them.
    const members = this.waiting.length > 0 ? [] : this.#available.map(({ lease }) => lease);
    // Whoever asks already will wait here too, if it gets nothing.
    const { limit } = this.settings.queue;
    const isQueueFull = limit > 0 && this.waiting.length + this.#asking >= this.queueLease.limit;
    const isAsked = this.leases.borrow(isQueueFull ? [...members, this.queueLease] : members, (isGranted) => {
      this.#asking--;
      onBorrowed(isGranted);
    });
    if (isAsked) this.#asking++;
    return isAsked;
  }

  /**
   * A failure in live traffic. After `passive.maxFails` within `failTimeoutMs` the member is put aside for as long; the
   * last one in rotation never is.
   */
  recordFailure(member: MemberRuntime): void {
    const { passive } = this.settings;
    if (passive.maxFails === 0 || member.isEjected || !member.recordFailure(passive, performance.now())) return;
    if (!this.#available.some((other) => other !== member)) return;
    member.eject(performance.now() + passive.failTimeoutMs);
    this.refresh();
    this.#readmitInTime();
  }

  /** Takes ejected members back when their time is over, those that were ejected before a reload too. */
  #readmitInTime(): void {
    clearTimeout(this.#readmitTimer);
    const ejected = this.members.filter((member) => member.isEjected);
    if (ejected.length === 0) return;
    const nextMs = Math.min(...ejected.map((member) => member.ejectedUntilMs));
    this.#readmitTimer = setTimeout(
      () => {
        const nowMs = performance.now();
        for (const member of this.members) member.readmit(nowMs);
        this.refresh();
        this.#readmitInTime();
      },
      Math.max(1, Math.ceil(nextMs - performance.now())),
    ).unref();
  }

  /** Is a response's status a failure by `passive.statuses`? */
  isFailure(status: number): boolean {
    return this.settings.passive.maxFails > 0 && isInRanges(status, this.settings.passive.statuses);
  }

  /**
   * Effective weights. While a member slowly starts all are scaled, so that a share of its weight is a whole number;
   * hashes are not ramped: their tables would move keys at every step.
   */
  #weigh(): void {
    const { slowStartMs } = this.settings;
    const now = performance.now();
    const isRamping =
      slowStartMs > 0 &&
      !this.#isHash &&
      this.members.some((member) => member.upSinceMs > 0 && now - member.upSinceMs < slowStartMs);
    for (const member of this.members) {
      const share = isRamping && member.upSinceMs > 0 ? Math.min(1, (now - member.upSinceMs) / slowStartMs) : 1;
      member.weight = isRamping
        ? Math.max(1, Math.round(member.settings.weight * 100 * share))
        : member.settings.weight;
    }
    // What an algorithm keeps is in the scale of the weights: it begins anew with another scale.
    if (isRamping !== this.#isRamping) for (const member of this.members) member.state = 0;
    this.#isRamping = isRamping;
    clearTimeout(this.#rampTimer);
    if (!isRamping) return;
    this.#rampTimer = setTimeout(
      () => {
        this.refresh();
      },
      Math.max(20, slowStartMs / 50),
    ).unref();
  }

  /** The tables have been replaced: nothing of this pool may fire any more. */
  retire(): void {
    clearTimeout(this.#rampTimer);
    clearTimeout(this.#readmitTimer);
  }

  /** Lets those in the queue try again, one after another, while a member may have room. */
  wake(): void {
    // Who finds no room after all stands in the queue again: each is called once.
    for (let left = this.waiting.length; left > 0; left--) {
      if (!this.#available.some((member) => !member.isFull)) return;
      this.waiting.shift()?.onRoom();
    }
  }

  /** Another worker's share of the sequence: it starts further on, so that the sums over all workers hold. */
  #skip(offset: number): void {
    if (this.#available.length === 0) return;
    for (let turn = 0; turn < offset; turn++) this.#chooser.choose(this.#available, noChoice);
  }
}

const noChoice: Choice = {
  sourceAddress: () => '',
  sourcePort: () => 0,
  destinationAddress: () => '',
  target: () => '',
  host: () => '',
  header: () => '',
  sni: () => '',
};

/** The members of the highest priority; lower groups join until `minimum` are there. Priority -1 is the backup's. */
function firstGroups(members: readonly MemberRuntime[], minimum: number): readonly MemberRuntime[] {
  const priorities = [...new Set(members.map((member) => member.settings.priority))].sort((a, b) => b - a);
  let chosen: readonly MemberRuntime[] = [];
  for (const priority of priorities) {
    if (chosen.length >= Math.max(1, minimum)) break;
    chosen = members.filter((member) => member.settings.priority >= priority);
  }
  return chosen;
}

function isInRanges(status: number, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [low = '', high = low] = range.split('-');
    return status >= Number(low) && status <= Number(high);
  });
}
