/** When certificates are asked for: pure, with the clock and the chance of whoever calls. Times are milliseconds since 1970. */

const firstRetryMs = 120_000;
const longestRetryMs = 6 * 3_600_000;

/**
 * When to renew: when about a third of its life is left, so that there is time for a bad week. `chance` in [0, 1) brings it
 * forward by up to a twentieth of its life: many engines that began together do not all ask at once.
 */
export function renewAtMs(life: { readonly fromMs: number; readonly untilMs: number }, chance: number): number {
  return life.fromMs + (life.untilMs - life.fromMs) * (2 / 3 - chance / 20);
}

/**
 * How long to wait after so many failures in a row (1 or more): from two minutes doubled up to six hours, a quarter more or
 * less by `chance`. Five tries are spread over the first hour, which is what public authorities allow for a name.
 */
export function retryInMs(failures: number, chance: number): number {
  const base = Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);
  return Math.round(base * (0.75 + chance / 2));
}
