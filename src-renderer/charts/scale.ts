/** A y axis: its upper end and the distance of its ticks. It always begins at zero. */
export interface Scale {
  readonly max: number;
  readonly step: number;
}

const factors = [1, 2, 2.5, 5, 10] as const;
const mostSteps = 4;

/** The smallest axis with at most four steps of 1, 2, 2.5 or 5 times a power of ten that holds `largest` (above 0). */
export function niceScale(largest: number): Scale {
  const least = largest / mostSteps;
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = factors.find((candidate) => candidate * power >= least * (1 - 1e-9)) ?? 10;
  const step = factor * power;
  return { step, max: step * Math.max(1, Math.ceil(largest / step - 1e-9)) };
}

/** Decimals that every tick of an axis needs: 0 for steps of 1, 2 for steps of 0.25. */
export function decimalsOf(step: number): number {
  return [0, 1, 2].find((digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-9) ?? 3;
}

const hour = 3600;
export const dayMs = 24 * hour * 1000;
const timeSteps = [
  ...[10, 30, 60, 120, 300, 600, 900, 1800, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour],
  ...[1, 2, 7, 14, 31, 62, 124].map((days) => days * 24 * hour),
].map((seconds) => seconds * 1000);

/**
 * Moments, in ms since 1970, that label a time axis of this span: at most `most` of them. Steps of hours and days begin at local
 * midnight, which `zoneMs` (local time minus UTC) says.
 */
export function timeTicks(fromMs: number, toMs: number, most: number, zoneMs = 0): readonly number[] {
  const span = toMs - fromMs;
  const step = timeSteps.find((candidate) => span / candidate <= most) ?? span;
  const ticks: number[] = [];
  for (let at = Math.ceil((fromMs + zoneMs) / step) * step - zoneMs; at <= toMs; at += step) ticks.push(at);
  return ticks;
}

const shrinkAfterMs = 30_000;

/** Keeps an axis calm: it grows at once, and shrinks only after its data have been smaller for 30 s. */
export class CalmScale {
  #scale: Scale | undefined;
  #smallerSinceMs: number | undefined;

  /** The axis to draw now for data up to `largest`, never below `floor`. */
  next(largest: number, floor: number, nowMs: number): Scale {
    const wanted = niceScale(Math.max(largest, floor));
    if (this.#scale === undefined || wanted.max >= this.#scale.max) return this.#keep(wanted);
    this.#smallerSinceMs ??= nowMs;
    return nowMs - this.#smallerSinceMs < shrinkAfterMs ? this.#scale : this.#keep(wanted);
  }

  #keep(scale: Scale): Scale {
    this.#scale = scale;
    this.#smallerSinceMs = undefined;
    return scale;
  }
}
