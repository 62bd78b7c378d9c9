import type { LabState } from '../contract/api.ts';
import { Lab, labDevice } from '../lab/lab.ts';
import type { Estate } from './estate.ts';

export interface LabInEstateOptions {
  readonly folder: string;
  readonly version: string;
  readonly seed: number;
  readonly estate: () => Estate;
  readonly onChange: (state: LabState) => void;
}

/** The lab, and its engine as a device of the estate for as long as it runs. */
export class LabInEstate {
  readonly #lab: Lab;
  readonly #estate: () => Estate;

  constructor({ estate, ...options }: LabInEstateOptions) {
    this.#lab = new Lab(options);
    this.#estate = estate;
  }

  readonly get = (): LabState => this.#lab.state();

  readonly start = async (): Promise<LabState> => {
    const state = await this.#lab.start();
    const { address } = this.#lab;
    if (address !== undefined && !this.#isListed()) {
      await this.#estate().add({ name: labDevice, address, environment: 'lab', site: 'Lab' });
    }
    return state;
  };

  readonly stop = async (): Promise<LabState> => {
    if (this.#isListed()) this.#estate().remove(labDevice);
    await this.#lab.stop();
    return this.#lab.state();
  };

  /** A device that a person has given this name is not ours to remove. */
  #isListed(): boolean {
    return this.#estate()
      .list()
      .some(({ spec }) => spec.name === labDevice && spec.environment === 'lab');
  }
}
