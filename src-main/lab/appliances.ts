import { randomBytes, randomInt } from 'node:crypto';
import { labApplianceKinds } from '../contract/api.ts';
import { AppError, type Problem, toProblem } from '../contract/errors.ts';
import { entryBeside } from '../entry.ts';
import type { StartedAppliance } from './appliance.ts';
import { type ApplianceKind, type ApplianceListen, type ApplianceMember, appliances } from './appliance-configs.ts';
import { type Child, openChild } from './child.ts';
import { claimAddress, splitAddress } from './places.ts';

/** A simulated appliance that runs, and how it is reached. The password is new at each start, and for this console alone. */
export interface RunningAppliance {
  readonly kind: ApplianceKind;
  readonly account: string;
  readonly password: string;
  readonly listen: ApplianceListen;
  readonly started: StartedAppliance;
}

export interface ApplianceState {
  readonly kind: ApplianceKind;
  readonly label: string;
  readonly phase: 'off' | 'starting' | 'on' | 'failed';
  readonly running?: RunningAppliance;
  readonly problem?: Problem;
}

export interface LabAppliancesOptions {
  /** The phase of one is another. */
  readonly onChange: () => void;
  /** One that ran has ended by itself. */
  readonly onLost: (kind: ApplianceKind) => void;
}

const startWithinMs = 60_000;

/** The simulated appliances of the lab, each in a process of its own. */
export class LabAppliances {
  readonly #options: LabAppliancesOptions;
  readonly #children = new Map<ApplianceKind, Child>();
  readonly #states = new Map<ApplianceKind, Omit<ApplianceState, 'kind' | 'label'>>();

  constructor(options: LabAppliancesOptions) {
    this.#options = options;
  }

  states(): readonly ApplianceState[] {
    return labApplianceKinds.map((kind) => ({
      kind,
      label: appliances[kind].label,
      ...(this.#states.get(kind) ?? { phase: 'off' as const }),
    }));
  }

  /** Throws ALREADY_EXISTS where it runs or starts, ADDRESS_IN_USE, and whatever keeps it from starting; then nothing is left running. */
  async start(kind: ApplianceKind, members: readonly ApplianceMember[]): Promise<RunningAppliance> {
    const { account, label } = appliances[kind];
    if (this.#children.has(kind)) throw new AppError('ALREADY_EXISTS', `The simulated ${label} runs already.`);
    const child = openChild(`The lab's ${label}`, entryBeside(import.meta.url, 'appliance'), []);
    this.#children.set(kind, child);
    this.#put(kind, { phase: 'starting' });
    try {
      const listen = splitAddress(await claimAddress('127.0.0.1:0'));
      const password = randomBytes(18).toString('base64url');
      const order = { kind, password, listen, members, seed: randomInt(2 ** 31) };
      const started = (await child.ask(order, startWithinMs)) as StartedAppliance; // appliance.entry.ts answers with one
      if (this.#children.get(kind) !== child) throw new AppError('CANCELLED', `The ${label} was switched off again.`);
      const running = { kind, account, password, listen, started };
      this.#put(kind, { phase: 'on', running });
      void this.#watch(kind, child);
      return running;
    } catch (error) {
      await child.stop();
      if (this.#children.get(kind) === child) {
        this.#children.delete(kind);
        this.#put(kind, { phase: 'failed', problem: toProblem(error) });
      }
      throw error;
    }
  }

  async stop(kind: ApplianceKind): Promise<void> {
    const child = this.#children.get(kind);
    this.#children.delete(kind);
    this.#states.delete(kind);
    this.#options.onChange();
    await child?.stop();
  }

  async stopAll(): Promise<void> {
    await Promise.all(labApplianceKinds.map((kind) => this.stop(kind)));
  }

  async #watch(kind: ApplianceKind, child: Child): Promise<void> {
    const how = await child.ended;
    if (this.#children.get(kind) !== child) return; // it was switched off
    this.#children.delete(kind);
    this.#options.onLost(kind);
    this.#put(kind, { phase: 'failed', problem: new AppError('SESSION_CLOSED', `${how}.`).toProblem() });
  }

  #put(kind: ApplianceKind, state: Omit<ApplianceState, 'kind' | 'label'>): void {
    this.#states.set(kind, state);
    this.#options.onChange();
  }
}
