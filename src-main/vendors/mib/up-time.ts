/** sysUpTime counts hundredths of a second in 32 bits and starts anew after 497 days. */
const wrap = 2 ** 32;
const slack = 6000;

/**
 * Names the start of an agent by its sysUpTime: another name means that counters may have started anew. The name stays while the
 * up-time goes on, a wrap after 497 days included, so that a rate is lost only where one would be wrong.
 */
export class UpTime {
  #epoch: string | undefined;
  #last = 0;
  #lastMs = 0;

  epochAt(now: Date, hundredths: number | undefined): string {
    if (hundredths === undefined) return 'unknown';
    if (this.#epoch === undefined || this.#isAnother(now, hundredths)) {
      this.#epoch = new Date(now.getTime() - hundredths * 10).toISOString();
    }
    this.#last = hundredths;
    this.#lastMs = now.getTime();
    return this.#epoch;
  }

  /** It fell, but for the wrap; or it went on, yet by less than the time that passed. A minute and 1 % are the clocks' own. */
  #isAnother(now: Date, hundredths: number): boolean {
    const passed = (now.getTime() - this.#lastMs) / 10;
    const expected = this.#last + passed;
    const mayHaveWrapped = expected > wrap - slack;
    if (hundredths < this.#last && !mayHaveWrapped) return true;
    const behind = (((expected - hundredths) % wrap) + wrap) % wrap;
    return behind > slack + passed / 100 && behind < wrap / 2;
  }
}
