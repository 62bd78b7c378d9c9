export const ranges = [
  { id: '5min', label: '5 min', ms: 5 * 60_000 },
  { id: '1h', label: '1 h', ms: 60 * 60_000 },
] as const;
export type RangeId = (typeof ranges)[number]['id'];

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
    this.id = '1h';
  }

  shorter(): void {
    this.id = '5min';
  }
}
