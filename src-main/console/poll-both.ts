import { AppError, type Problem, toProblem } from '../contract/errors.ts';
import type { Sample } from '../contract/metrics.ts';
import type { OpenDevice, VendorDriver } from '../vendors/vendor.ts';

interface Way {
  readonly driver: VendorDriver;
  readonly device: OpenDevice;
}

/** So long the balancer's figures wait for the machine's. */
const patienceMs = 2_000;
/** An agent that failed is asked again after this long, then after twice as long each time, at most a minute. */
const firstPauseMs = 5_000;
const longestPauseMs = 60_000;

/**
 * Polls a device two ways as one. Another way to the same kind (F5 by SSH, polled by SNMP) is the poll; a machine's agent beside a
 * balancer gives the figures of the machine (`system`, `interfaces`) to the balancer's sample. An agent that does not answer keeps
 * the balancer's figures from nothing: they stand, with the problem, and it is asked less often until it answers.
 */
export class TwoWayPoll {
  readonly #main: Way;
  readonly #beside: Way;
  readonly #now: () => Date;
  readonly #patienceMs: number;
  #failures = 0;
  #nextAtMs = 0;
  #problem: Problem | undefined;

  constructor(main: Way, beside: Way, now: () => Date, patience = patienceMs) {
    this.#main = main;
    this.#beside = beside;
    this.#now = now;
    this.#patienceMs = patience;
  }

  async poll(signal: AbortSignal): Promise<Sample> {
    if (this.#beside.driver.id === this.#main.driver.id) return this.#beside.device.poll(signal);
    const [sample, machine] = await Promise.all([this.#main.device.poll(signal), this.#askMachine(signal)]);
    if ('code' in machine) return { ...sample, errors: [...sample.errors, machine] };
    // The balancer's own word for a figure is the nearer one.
    return {
      ...sample,
      system: { ...machine.system, ...sample.system, ...machineFigures(machine) },
      ...(machine.interfaces === undefined ? {} : { interfaces: machine.interfaces }),
      errors: [...sample.errors, ...machine.errors],
    };
  }

  async #askMachine(signal: AbortSignal): Promise<Sample | Problem> {
    if (this.#problem !== undefined && this.#now().getTime() < this.#nextAtMs) return this.#problem;
    const late = AbortSignal.timeout(this.#patienceMs);
    try {
      const machine = await this.#beside.device.poll(AbortSignal.any([signal, late]));
      this.#failures = 0;
      this.#problem = undefined;
      return machine;
    } catch (error) {
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** this.#failures++);
      this.#nextAtMs = this.#now().getTime() + pauseMs;
      this.#problem = toProblem(late.aborted ? tooLate(this.#patienceMs, error) : error);
      return this.#problem;
    }
  }
}

function tooLate(waitedMs: number, cause: unknown): AppError {
  const detail = `The machine's agent did not answer within ${String(waitedMs / 1000)} s. The balancer's own figures stand; the agent is asked again by itself.`;
  return new AppError('TIMED_OUT', detail, { cause });
}

/** Figures of the machine keep their own names where the balancer means something else by the same: HAProxy's CPU is its process. */
function machineFigures({ system = {} }: Sample): Record<string, number> {
  const { cpuPercent } = system;
  return cpuPercent === undefined ? {} : { hostCpuPercent: cpuPercent };
}
