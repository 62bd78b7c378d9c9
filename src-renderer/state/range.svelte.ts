const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const ranges = [
  { id: '5min', label: '5 min', ms: 5 * minuteMs },
  { id: '1h', label: '1 h', ms: hourMs },
  { id: '6h', label: '6 h', ms: 6 * hourMs },
  { id: '24h', label: '24 h', ms: dayMs },
  { id: '7d', label: '7 d', ms: 7 * dayMs },
  { id: '31d', label: '31 d', ms: 31 * dayMs },
  { id: '1y', label: '1 y', ms: 365 * dayMs },
] as const;
export type RangeId = (typeof ranges)[number]['id'];

/** Longer spans are drawn of roll-ups: the seconds are kept for an hour. */
export const longestBySecondMs = hourMs;

/** The span that every chart of the window shows. Pausing stops the drawing, never the polling. */
export class TimeRange {
  id = $state<RangeId>('5min');
  /** Right end of the charts while paused; undefined while live. */
  pausedAtMs = $state<number | undefined>(undefined);

  get spanMs(): number {
    return (ranges.find(({ id }) => id === this.id) ?? ranges[0]).ms;
  }

  get isLive(): boolean {
    return this.pausedAtMs === undefined;
  }

  toggleLive(nowMs: number): void {
    this.pausedAtMs = this.isLive ? nowMs : undefined;
  }

  /** Right end of every chart. */
  endMs(nowMs: number): number {
    return this.pausedAtMs ?? nowMs;
  }

  longer(): void {
    this.#move(1);
  }

  shorter(): void {
    this.#move(-1);
  }

  #move(by: number): void {
    const at = ranges.findIndex(({ id }) => id === this.id);
    this.id = (ranges[at + by] ?? ranges[at] ?? ranges[0]).id;
  }
}
