import { AppError } from '../contract/errors.ts';
import { type Plan, type PushState, withCountdown } from '../contract/plan.ts';
import type { Clock } from '../core/clock.ts';
import { Push, type PushTools } from '../core/push/push.ts';
import type { PushJournal, PushRecord, PushTarget } from '../core/push/target.ts';

export interface PushesTools {
  readonly clock: Clock;
  readonly journal: PushJournal;
  readonly targetOf: (device: string) => PushTarget;
  readonly onChange: (state: PushState) => void;
  /** Called once for each push that ended (kept, reverted, refused). */
  readonly onEnded: (state: PushState) => void;
}

/** How many ended pushes are shown beside those under way. */
const shownEnded = 50;

/** All pushes of this console: at most one at a time on each device. */
export class Pushes {
  readonly #tools: PushesTools;
  readonly #running = new Map<string, Push>();
  readonly #starting = new Set<string>();
  /** Ends that the journal could not take: they are written before it takes anything new. */
  readonly #unwrittenEnds = new Map<string, () => Promise<void>>();
  #ended: readonly PushState[] = [];

  constructor(tools: PushesTools) {
    this.#tools = tools;
  }

  /** Throws LOCK_HELD while another push of the device is under way or waits for its decision. */
  async start(plan: Plan, confirmWithinMs: number): Promise<PushState> {
    const other = this.#running.get(plan.device);
    if (other) {
      const what = `Change ${other.state.id} of "${plan.device}" is ${other.state.phase}`;
      throw new AppError('LOCK_HELD', `${what}; keep it or take it back first. Nothing was sent.`);
    }
    if (this.#starting.has(plan.device))
      throw new AppError('LOCK_HELD', `A change of "${plan.device}" begins. Nothing was sent.`);
    this.#starting.add(plan.device);
    try {
      await this.#writeEnds();
      const push = await Push.start(withCountdown(plan, confirmWithinMs), confirmWithinMs, this.#toolsFor(plan.device));
      this.#follow(push);
      return push.state;
    } finally {
      this.#starting.delete(plan.device);
    }
  }

  /** Takes up what a stopped console left. */
  resume(records: readonly PushRecord[]): void {
    for (const record of records) this.#follow(Push.resume(record, this.#toolsFor(record.device)));
  }

  keep(device: string): PushState {
    return this.#decide(device, (push) => {
      push.keep();
    });
  }

  revert(device: string): PushState {
    return this.#decide(device, (push) => {
      push.revert();
    });
  }

  isRunning(device: string): boolean {
    return this.#running.has(device);
  }

  /** Those under way first, then the ended ones, newest first. */
  list(): readonly PushState[] {
    return [...[...this.#running.values()].map((push) => push.state), ...this.#ended];
  }

  /** Those under way go on at the next start; what ended is written down where it can be by now. */
  async stop(): Promise<void> {
    for (const push of this.#running.values()) push.stop();
    await this.#writeEnds().catch(() => undefined); // then the next start finds them open, and the devices as they were
  }

  #decide(device: string, decide: (push: Push) => void): PushState {
    const push = this.#running.get(device);
    if (!push) throw new AppError('NOT_FOUND', `No change of "${device}" is under way.`);
    decide(push);
    return push.state;
  }

  #follow(push: Push): void {
    if (!hasEnded(push.state)) this.#running.set(push.state.device, push);
  }

  async #writeEnds(): Promise<void> {
    for (const [id, write] of this.#unwrittenEnds) {
      await write();
      this.#unwrittenEnds.delete(id);
    }
  }

  /** Of a push that the journal holds for open the next start would ask again, in the midst of what came after it. */
  async #end(...[id, outcome]: Parameters<PushJournal['end']>): Promise<void> {
    try {
      await this.#tools.journal.end(id, outcome);
    } catch (error) {
      this.#unwrittenEnds.set(id, () => this.#tools.journal.end(id, outcome));
      throw error;
    }
  }

  #toolsFor(device: string): PushTools {
    return {
      clock: this.#tools.clock,
      journal: { ...this.#tools.journal, end: (id, outcome) => this.#end(id, outcome) },
      target: this.#tools.targetOf(device),
      onChange: (state: PushState) => {
        this.#changed(state);
      },
    };
  }

  #changed(state: PushState): void {
    if (hasEnded(state)) {
      this.#running.delete(state.device);
      this.#ended = [state, ...this.#ended].slice(0, shownEnded);
      this.#tools.onEnded(state);
    }
    this.#tools.onChange(state);
  }
}

function hasEnded(state: PushState): boolean {
  return state.phase === 'kept' || state.phase === 'reverted' || state.phase === 'refused';
}
