import { AppError, type Problem, toProblem } from '../../contract/errors.ts';
import {
  deviceRevertedWords,
  type Plan,
  type PushPhase,
  type PushState,
  type Step,
  type StepState,
} from '../../contract/plan.ts';
import { type Clock, pause } from '../clock.ts';
import { elapsed, followWallClock } from './countdown.ts';
import { healthBefore, healthLost } from './health.ts';
import type { JournalEntry, PoolHealth, PushJournal, PushRecord, PushTarget } from './target.ts';

export interface PushTools {
  readonly clock: Clock;
  readonly journal: PushJournal;
  readonly target: PushTarget;
  /** Called with a whole snapshot after each change. */
  readonly onChange: (state: PushState) => void;
}

type Lists = 'push' | 'revert' | 'keep';
/** Failures of the link are tried again this often while reverting or keeping; others this many times in all. */
const firstRetryMs = 1000;
const lastRetryMs = 30_000;
const triesWithoutLinkFailure = 3;

/**
 * One push of one plan to one device. Everything is journalled before it is done; the plan's commands are sent in order and nothing
 * else is. Whatever ends a push early, from a refusal of the device to a lost link, leads to the revert; the revert goes on until the device
 * is wholly as it was, or until another hand's change forbids it (`stuck`). Where nothing was changed yet, only what the push left is
 * removed. Going back does not wait for a journal that cannot be written: the next start finds the push open, and looks again.
 */
export class Push {
  readonly #plan: Plan;
  readonly #tools: PushTools;
  readonly #stopped = new AbortController();
  readonly #startedAt: string;
  readonly #ended = Promise.withResolvers<PushState>();
  #phase: PushPhase = 'running';
  #steps: StepState[];
  #revertSteps: StepState[];
  #problem: Problem | undefined;
  #revertsAt: string | undefined;
  #endedAt: string | undefined;
  #hasTouched = false;
  #healthBefore: ReadonlyMap<string, PoolHealth> = new Map();
  #revertedBy: PushState['revertedBy'];
  #decide: ((decision: 'keep' | 'revert') => void) | undefined;

  private constructor(plan: Plan, startedAt: string, tools: PushTools) {
    this.#plan = plan;
    this.#tools = tools;
    this.#startedAt = startedAt;
    this.#steps = [...plan.steps, ...plan.keep].map(pending);
    this.#revertSteps = plan.revert.map(pending);
  }

  /** Begins a push. It is in the journal before this is fulfilled; what follows goes on by itself. */
  static async start(plan: Plan, confirmWithinMs: number, tools: PushTools): Promise<Push> {
    const startedAt = new Date(tools.clock.now()).toISOString();
    const push = new Push(plan, startedAt, tools);
    await tools.journal.begin({ id: plan.id, device: plan.device, startedAt, plan });
    push.#runThen(() => push.#run(confirmWithinMs));
    return push;
  }

  /** Takes up a push that a stopped console left: what was to be kept is kept to the end, all else goes back. */
  static resume(record: PushRecord, tools: PushTools): Push {
    const push = new Push(record.plan, record.startedAt, tools);
    push.#hasTouched = touched(record);
    const wasKept = record.entries.some((entry) => entry.kind === 'keep');
    const why = new AppError('APPLY_PARTIAL', 'The console stopped before this change was kept, so it goes back.');
    push.#runThen(() => (wasKept ? push.#keep() : push.#goBack(why)));
    return push;
  }

  get state(): PushState {
    return {
      id: this.#plan.id,
      device: this.#plan.device,
      plan: this.#plan,
      phase: this.#phase,
      steps: this.#steps,
      revertSteps: this.#revertSteps,
      startedAt: this.#startedAt,
      ...(this.#revertsAt === undefined ? {} : { revertsAt: this.#revertsAt }),
      ...(this.#revertedBy === undefined ? {} : { revertedBy: this.#revertedBy }),
      ...(this.#endedAt === undefined ? {} : { endedAt: this.#endedAt }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  /** Fulfilled with the last state when the push has ended or is stuck. */
  get ended(): Promise<PushState> {
    return this.#ended.promise;
  }

  /** Keeps a change that waits, or leaves one that is stuck as it stands. Throws PLAN_INVALID where there is nothing to keep. */
  keep(): void {
    if (this.#phase === 'stuck') {
      this.#runThen(() => this.#leave());
      return;
    }
    if (this.#phase !== 'waiting' || !this.#decide) {
      throw new AppError('PLAN_INVALID', `The change of "${this.#plan.device}" is ${this.#phaseWords()} keep.`);
    }
    this.#decide('keep');
  }

  /** Takes a change back that waits or is stuck. Throws PLAN_INVALID where it has ended already. */
  revert(): void {
    if (this.#phase === 'waiting' && this.#decide) this.#decide('revert');
    else if (this.#phase === 'stuck') this.#runThen(() => this.#goBack(undefined));
    else throw new AppError('PLAN_INVALID', `The change of "${this.#plan.device}" is ${this.#phaseWords()} take back.`);
  }

  /** Stops working on it, as the console ends; the journal knows how far it came. */
  stop(): void {
    this.#stopped.abort();
  }

  #phaseWords(): string {
    if (this.#phase !== 'running') return `${this.#phase}: there is nothing to`;
    return 'still being sent and verified. Once that is done, it waits: then there is something to';
  }

  #runThen(work: () => Promise<void>): void {
    work().catch((error: unknown) => {
      if (!this.#stopped.signal.aborted) this.#finish('stuck', toProblem(error));
    });
  }

  async #run(confirmWithinMs: number): Promise<void> {
    let until: string;
    try {
      await this.#refuseIfStale();
      this.#healthBefore = await healthBefore(this.#tools.target, this.#stopped.signal);
      await this.#send((step) => step.stage !== 'watch');
      await this.#verify('new');
      // What counts the time on the device begins where the countdown here begins.
      await this.#send((step) => step.stage === 'watch');
      until = new Date(this.#tools.clock.now() + confirmWithinMs).toISOString();
      await this.#note({ kind: 'waiting', until });
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      await this.#goBack(error);
      return;
    }
    await this.#wait(confirmWithinMs, until);
  }

  async #send(isDue: (step: Step) => boolean): Promise<void> {
    for (const step of this.#plan.steps.filter(isDue)) {
      if (step.lacking === undefined) await this.#do('push', step);
      else this.#mark('push', step, { state: 'lacking', answer: step.lacking });
    }
  }

  async #refuseIfStale(): Promise<void> {
    this.#changed();
    const now = await this.#tools.target.fingerprint(this.#stopped.signal);
    if (now === this.#plan.basedOn) return;
    throw new AppError(
      'PLAN_STALE',
      `The configuration of "${this.#plan.device}" is not the one that the plan was made from (${short(this.#plan.basedOn)}, now ${short(now)}). Nothing was sent. Read again and compare.`,
    );
  }

  async #do(list: Lists, step: Step): Promise<void> {
    const { clock, target } = this.#tools;
    await this.#note({ kind: 'step', list, step: step.id, stage: step.stage }, list === 'revert');
    if (list === 'push' && !step.isHarmless) this.#hasTouched = true;
    const startedMs = elapsed(clock);
    this.#mark(list, step, { state: 'running', startedAt: new Date(clock.now()).toISOString() });
    try {
      const answers: string[] = [];
      for (const command of step.commands) answers.push(await target.send(command, this.#stopped.signal));
      const answer = answers.join('').trim().slice(0, 4096);
      if (list === 'revert' && answer.includes(deviceRevertedWords)) await this.#noteDeviceReverted(answer);
      this.#mark(list, step, {
        state: 'done',
        durationMs: Math.round(elapsed(clock) - startedMs),
        ...(answer === '' ? {} : { answer }),
      });
    } catch (error) {
      this.#mark(list, step, {
        state: 'failed',
        durationMs: Math.round(elapsed(clock) - startedMs),
        problem: toProblem(error),
      });
      throw error;
    }
  }

  async #noteDeviceReverted(said: string): Promise<void> {
    if (this.#revertedBy === 'device') return;
    this.#revertedBy = 'device';
    await this.#note({ kind: 'device-reverted', said }, true);
  }

  /** `mayFail`: what is about to be done puts things right, written down or not. */
  async #note(entry: JournalEntry, mayFail = false): Promise<void> {
    try {
      await this.#tools.journal.note(this.#plan.id, entry);
    } catch (error) {
      if (!mayFail || this.#stopped.signal.aborted) throw error;
    }
  }

  async #verify(wanted: 'old' | 'new'): Promise<void> {
    const standing = await this.#tools.target.standing(this.#plan, wanted, this.#stopped.signal);
    if (standing.differences.length === 0) return;
    const what = standing.differences.join('; ');
    throw new AppError('APPLY_PARTIAL', `After the change "${this.#plan.device}" is not as it was to be: ${what}.`);
  }

  async #wait(confirmWithinMs: number, until: string): Promise<void> {
    const end = { toldMs: Date.parse(until), elapsedMs: elapsed(this.#tools.clock) + confirmWithinMs };
    this.#revertsAt = until;
    this.#phase = 'waiting';
    const decided = Promise.withResolvers<'keep' | 'revert' | 'late'>();
    this.#decide = decided.resolve;
    const cancel = this.#tools.clock.setTimer(confirmWithinMs, () => {
      decided.resolve('late');
    });
    this.#changed();
    const over = new AbortController();
    const watching = AbortSignal.any([over.signal, this.#stopped.signal]);
    void followWallClock(
      this.#tools.clock,
      end,
      (untilMs) => {
        this.#revertsAt = new Date(untilMs).toISOString();
        this.#changed();
      },
      watching,
    );
    const lost = healthLost(this.#tools.target, this.#healthBefore, this.#tools.clock, watching);
    const decision = await Promise.race([decided.promise, lost, aborted(this.#stopped.signal)]);
    over.abort();
    cancel();
    this.#decide = undefined;
    if (decision instanceof AppError) await this.#goBack(decision);
    else if (decision === 'keep') await this.#keepIfItStands();
    else if (decision === 'revert') await this.#goBack(undefined);
    else if (decision === 'late')
      await this.#goBack(new AppError('CANCELLED', 'Nobody kept the change within its time.'));
  }

  /** A device that cannot be reached, or no longer is as pushed, when somebody says keep has not been kept. */
  async #keepIfItStands(): Promise<void> {
    try {
      await this.#verify('new');
    } catch (error) {
      if (!this.#stopped.signal.aborted) await this.#goBack(error);
      return;
    }
    await this.#note({ kind: 'keep' });
    await this.#keep();
  }

  /** A person has looked at what stands on the device and wants it so: what holds and prepares the change goes, nothing else is touched. */
  async #leave(): Promise<void> {
    await this.#note({ kind: 'keep' });
    this.#phase = 'keeping';
    this.#changed();
    this.#revertSteps = this.#plan.revert.map(pending);
    const isDone = await this.#untilDone(() => this.#cleanUp());
    if (!isDone) return;
    await this.#tools.journal.end(this.#plan.id, 'kept');
    this.#finish('kept', undefined);
  }

  async #cleanUp(): Promise<void> {
    for (const step of this.#plan.revert.filter(({ isHarmless }) => isHarmless)) await this.#do('revert', step);
  }

  async #keep(): Promise<void> {
    this.#phase = 'keeping';
    this.#revertsAt = undefined;
    this.#changed();
    const device = { tookItBack: false };
    const isDone = await this.#untilDone(async () => {
      try {
        for (const step of this.#plan.keep) await this.#do('keep', step);
      } catch (error) {
        device.tookItBack = saysDeviceReverted(error);
        if (!device.tookItBack) throw error;
      }
    });
    if (!isDone) return;
    if (device.tookItBack) {
      const when = 'before it could be told to keep it, so it is as it was';
      await this.#goBack(new AppError('CANCELLED', `${deviceRevertedWords} ${when}.`));
      return;
    }
    await this.#tools.journal.end(this.#plan.id, 'kept');
    this.#finish('kept', undefined);
  }

  async #goBack(why: unknown): Promise<void> {
    const problem = why === undefined ? undefined : toProblem(why);
    if (!this.#hasTouched && problem?.code === 'PLAN_STALE') {
      await this.#tools.journal.end(this.#plan.id, 'refused');
      this.#finish('refused', problem);
      return;
    }
    await this.#note({ kind: 'revert', why: problem?.detail ?? 'asked for' }, true);
    this.#phase = 'reverting';
    this.#revertsAt = undefined;
    this.#problem = problem;
    this.#changed();
    const isDone = await this.#untilDone(() => this.#revertOnce()).catch((error: unknown) => {
      throw withReason(error, problem);
    });
    if (!isDone) return;
    const outcome = this.#hasTouched ? 'reverted' : 'refused';
    if (this.#hasTouched) this.#revertedBy ??= 'console';
    this.#finish(outcome, await this.#closeJournal(outcome, problem));
  }

  /** The device is as it was, whatever becomes of the journal; one that stays open is looked at again at the next start. */
  async #closeJournal(outcome: 'reverted' | 'refused', problem: Problem | undefined): Promise<Problem | undefined> {
    try {
      await this.#tools.journal.end(this.#plan.id, outcome);
      return problem;
    } catch (error) {
      return problem ?? toProblem(error);
    }
  }

  async #revertOnce(): Promise<void> {
    this.#revertSteps = this.#plan.revert.map(pending);
    if (!this.#hasTouched) {
      await this.#cleanUp();
      return;
    }
    const { file, isUnplaced } = await this.#tools.target.standing(this.#plan, 'old', this.#stopped.signal);
    if (file === 'foreign' && isUnplaced === true) {
      this.#hasTouched = false;
      await this.#cleanUp();
      return;
    }
    if (file === 'foreign') {
      const title = `The configuration of "${this.#plan.device}" was changed by another hand during the push`;
      throw new AppError(
        'PLAN_STALE',
        `${title}: it is neither the old nor the new one. It is left as it is; compare, then keep what stands there, or put the old one back and revert.`,
      );
    }
    for (const step of this.#plan.revert) await this.#do('revert', step);
    await this.#verify('old');
  }

  /** Tries until it works: for ever while only the link is at fault, a few times otherwise. False when the console stopped. */
  async #untilDone(work: () => Promise<void>): Promise<boolean> {
    let wait = firstRetryMs;
    for (let failures = 0; ;) {
      try {
        this.#stopped.signal.throwIfAborted();
        await work();
        return true;
      } catch (error) {
        if (this.#stopped.signal.aborted) return false;
        // Stored secrets that a person has yet to unlock are as a link that is away.
        const isLink = error instanceof AppError && (error.isRetryable || error.code === 'SECRETS_LOCKED');
        if (!isLink) failures += 1;
        const isFinal = error instanceof AppError && error.code === 'PLAN_STALE';
        if (isFinal || failures >= triesWithoutLinkFailure) throw error;
        await pause(this.#tools.clock, wait, this.#stopped.signal);
        wait = Math.min(wait * 2, lastRetryMs);
      }
    }
  }

  #mark(list: Lists, step: Step, change: Partial<StepState>): void {
    if (list === 'revert') this.#revertSteps = marked(this.#revertSteps, step, change);
    else this.#steps = marked(this.#steps, step, change);
    this.#changed();
  }

  #finish(phase: PushPhase, problem: Problem | undefined): void {
    this.#phase = phase;
    this.#problem = problem;
    this.#revertsAt = undefined;
    this.#endedAt = new Date(this.#tools.clock.now()).toISOString();
    this.#changed();
    this.#ended.resolve(this.state);
  }

  #changed(): void {
    this.#tools.onChange(this.state);
  }
}

function marked(states: readonly StepState[], step: Step, change: Partial<StepState>): StepState[] {
  return states.map((state) => (state.id === step.id ? { ...state, ...change } : state));
}

function pending(step: Step): StepState {
  return { id: step.id, stage: step.stage, title: step.title, state: 'pending' };
}

/** What stopped the way back, and why it was taken: the one must not hide the other. */
function withReason(error: unknown, problem: Problem | undefined): unknown {
  if (!(error instanceof AppError) || problem === undefined || error.detail.includes(problem.detail)) return error;
  const raw = error.raw ?? problem.raw;
  const detail = `${error.detail} It was to go back because: ${problem.detail}`;
  return new AppError(error.code, detail, { cause: error, ...(raw === undefined ? {} : { raw }) });
}

function saysDeviceReverted(error: unknown): boolean {
  return error instanceof AppError && `${error.detail} ${error.raw ?? ''}`.includes(deviceRevertedWords);
}

function touched(record: PushRecord): boolean {
  const harmless = new Set(record.plan.steps.filter((step) => step.isHarmless).map((step) => step.id));
  return record.entries.some((entry) => entry.kind === 'step' && entry.list === 'push' && !harmless.has(entry.step));
}

function aborted(signal: AbortSignal): Promise<'aborted'> {
  return new Promise((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve('aborted');
      },
      { once: true },
    );
  });
}

function short(fingerprint: string): string {
  return fingerprint.slice(0, 12);
}
