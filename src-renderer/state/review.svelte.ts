import { type Problem, toProblem } from '$contract/errors.ts';
import type { Plan } from '$contract/plan.ts';
import type { Connection } from '../api.ts';
import type { Staging } from './staging.svelte.ts';

/** A device's part of the review: its plan, or why there is none. */
export interface DeviceReview {
  readonly device: string;
  readonly plan?: Plan;
  readonly problem?: Problem;
}

/** Plans of everything that is staged, or of one version that is to come back. Making a plan sends nothing that writes. */
export class Review {
  reviews = $state.raw<readonly DeviceReview[]>([]);
  isMaking = $state(false);
  /** Revision of the staged edits that the plans were made from; undefined for a plan of a version. */
  madeFrom = $state<number | undefined>(undefined);
  pushProblem = $state.raw<Problem | undefined>(undefined);
  isPushing = $state(false);
  /** How long an unkept change lasts; the commands shown are those for it. */
  confirmWithinMs = $state<number>(60_000);
  readonly #connection: Connection;
  #latest = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Plans every device with staged edits; each stands or fails by itself. */
  async make(staging: Staging): Promise<void> {
    const turn = ++this.#latest;
    const revision = staging.revision;
    this.isMaking = true;
    this.pushProblem = undefined;
    const reviews = await Promise.all(
      staging.devices.map((device) =>
        this.#plan(device, () => this.#connection.call('plan.make', { device, desired: staging.desired(device) })),
      ),
    );
    this.#take(turn, reviews, revision);
  }

  /** Plans the way back to a version of one device. */
  async makeRestore(device: string, version: number): Promise<void> {
    const turn = ++this.#latest;
    this.isMaking = true;
    this.pushProblem = undefined;
    const review = await this.#plan(device, () => this.#connection.call('history.plan', { device, version }));
    this.#take(turn, [review], undefined);
  }

  /** A plan that was made elsewhere (of a certificate: its files are not staged anywhere). */
  show(device: string, plan: Plan): void {
    this.pushProblem = undefined;
    this.#take(++this.#latest, [{ device, plan }], undefined);
  }

  /** Forgets the plans. */
  clear(): void {
    this.#latest += 1;
    this.reviews = [];
    this.madeFrom = undefined;
    this.isMaking = false;
    this.pushProblem = undefined;
  }

  /** Sends one plan; true when the push has begun. A refusal stands in `pushProblem`. */
  async push(plan: Plan, confirmWithinMs: number, typed: string | undefined): Promise<boolean> {
    this.isPushing = true;
    this.pushProblem = undefined;
    try {
      await this.#connection.call('push.start', {
        plan,
        confirmWithinMs,
        ...(typed === undefined || typed === '' ? {} : { typed }),
      });
      return true;
    } catch (error) {
      this.pushProblem = toProblem(error);
      return false;
    } finally {
      this.isPushing = false;
    }
  }

  async #plan(device: string, ask: () => Promise<Plan>): Promise<DeviceReview> {
    try {
      return { device, plan: await ask() };
    } catch (error) {
      return { device, problem: toProblem(error) };
    }
  }

  #take(turn: number, reviews: readonly DeviceReview[], revision: number | undefined): void {
    if (turn !== this.#latest) return;
    this.reviews = reviews;
    this.madeFrom = revision;
    this.isMaking = false;
  }
}
