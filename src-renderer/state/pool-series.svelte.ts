import type { DeviceTick, MemberRow, PoolRow } from '$contract/api.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { Metric, Series } from '$contract/metrics.ts';
import type { Connection } from '../api.ts';
import { follow } from './follow.ts';
import { longestBySecondMs } from './range.svelte.ts';

/** A charted point: ms since 1970, and the value or null where there is none. Chart.js takes it as it is. */
export interface Point {
  readonly x: number;
  readonly y: number | null;
}

/** What a tick's row says of a metric; metrics without an entry come from the console's history alone. */
const fromRow: Partial<Record<Metric, (member: MemberRow) => number | undefined>> = {
  requestsPerSecond: (member) => member.requestsPerSecond,
  currentConnections: (member) => member.currentConnections,
  bytesInPerSecond: (member) => member.bytesInPerSecond,
  bytesOutPerSecond: (member) => member.bytesOutPerSecond,
  responseTimeAverageMs: (member) => member.responseTimeMs?.average,
  responseTimeP50Ms: (member) => member.responseTimeMs?.p50,
  responseTimeP95Ms: (member) => member.responseTimeMs?.p95,
  responseTimeP99Ms: (member) => member.responseTimeMs?.p99,
  serverErrorsPerSecond: (member) => member.serverErrorsPerSecond,
  failuresPerSecond: (member) => member.failuresPerSecond,
  queuedRequests: (member) => member.queuedRequests,
  weight: (member) => member.weight,
  inRotation: (member) => (member.isInRotation ? 1 : 0),
};

const fromDevice: Partial<Record<Metric, (tick: DeviceTick) => number | undefined>> = {
  requestsPerSecond: (tick) => tick.requestsPerSecond,
  currentConnections: (tick) => tick.currentConnections,
  bytesInPerSecond: (tick) => tick.bytesInPerSecond,
  bytesOutPerSecond: (tick) => tick.bytesOutPerSecond,
  failuresPerSecond: (tick) => tick.failuresPerSecond,
  responseTimeP95Ms: (tick) => tick.highestP95Ms,
  machineCpuPercent: ({ machine }) => machine?.cpuPercent,
  machineBytesInPerSecond: ({ machine }) => machine?.bytesInPerSecond,
  machineBytesOutPerSecond: ({ machine }) => machine?.bytesOutPerSecond,
};
/** A device's own sums are the only line of a pool without a name (the contract's `wholeDevice`, which a window does not load). */
export const wholeDevice = { pool: '', member: '' } as const;

/** Drawn by their range, so that no peak is lost; all else of a roll-up by its mean, which sums and shares can be made of. */
const extremes: ReadonlySet<Metric> = new Set([
  'responseTimeAverageMs',
  'responseTimeP50Ms',
  'responseTimeP95Ms',
  'responseTimeP99Ms',
]);
/** A hole begins where no sample came for this many intervals. */
const intervalsOfAGap = 2.5;
/** Older points than the charts show go a minute's worth at a time: lines whose first point stays need not be binned anew. */
const slackMs = 60_000;

export interface SeriesRequest {
  readonly metrics: readonly Metric[];
  readonly members: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxPixels: number;
}

/** Chart data of one pool: loaded from the console's history, then appended live by ticks. */
export class PoolSeries {
  /** Grows with each change: readers of `points` depend on it. */
  version = $state(0);
  isLoaded = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);
  gaps = $state.raw<Series['gaps']>([]);
  markers = $state.raw<Series['markers']>([]);
  readonly device: string;
  readonly pool: string;
  readonly #connection: Connection;
  readonly #lines = new Map<string, Point[]>();
  #metrics: readonly Metric[] = [];
  #resolutionMs = 1000;
  #spanMs = 0;
  /** What is shown is of a roll-up, to which a tick adds nothing until it is read again. */
  #isRolledUp = false;
  #latestLoad = 0;

  constructor(connection: Connection, device: string, pool: string) {
    this.#connection = connection;
    this.device = device;
    this.pool = pool;
  }

  /** Reads the history of some metrics; an answer that a newer request has overtaken is dropped. */
  async load(request: SeriesRequest): Promise<void> {
    const load = ++this.#latestLoad;
    const { device, pool } = this;
    const { fromMs, toMs, maxPixels } = request;
    const members = request.members.slice(0, 50);
    // From here on ticks are taken in: those that come before the answer are newer than what it holds, or the same.
    this.#metrics = request.metrics;
    this.#spanMs = toMs - fromMs;
    this.#isRolledUp = toMs - fromMs > longestBySecondMs;
    try {
      const all = await Promise.all(
        request.metrics.map((metric) =>
          this.#connection.call('series.get', {
            device,
            pool,
            metric,
            members,
            fromMs,
            toMs,
            maxPixels,
            shape: extremes.has(metric) ? 'extremes' : 'mean',
          }),
        ),
      );
      if (load !== this.#latestLoad) return;
      if (this.#isRolledUp) this.#lines.clear();
      this.#take(all);
      this.problem = undefined;
    } catch (error) {
      if (load === this.#latestLoad) this.problem = toProblem(error);
    }
    if (load !== this.#latestLoad) return;
    this.isLoaded = true;
    this.version += 1;
  }

  /** Takes a tick's row in; rows that are not newer than what is there add nothing. */
  append(row: PoolRow): void {
    if (this.#isRolledUp) return;
    const atMs = Date.parse(row.at);
    for (const metric of this.#metrics) {
      const valueOf = fromRow[metric];
      if (valueOf === undefined) continue;
      for (const member of row.members) this.#push(metric, member.name, atMs, valueOf(member) ?? null);
    }
    this.version += 1;
  }

  /** The same of a device as a whole. A tick repeats the last sample until there is a newer one. */
  appendDevice(tick: DeviceTick): void {
    if (this.#isRolledUp || tick.at === undefined) return;
    const atMs = Date.parse(tick.at);
    for (const metric of this.#metrics) {
      const valueOf = fromDevice[metric];
      if (valueOf !== undefined) this.#push(metric, wholeDevice.member, atMs, valueOf(tick) ?? null);
    }
    this.version += 1;
  }

  /** Points of one member, oldest first. The array is the live one: read it, keep nothing of it. */
  points(metric: Metric, member: string): readonly Point[] {
    follow(this.version);
    return this.#lines.get(keyOf(metric, member)) ?? [];
  }

  #take(all: readonly Series[]): void {
    const [first] = all;
    this.#resolutionMs = first?.resolutionMs ?? 1000;
    const beganMs = Math.min(...all.flatMap(({ lines }) => lines.flatMap(({ times }) => times.slice(0, 1))));
    // Before the first sample there was nothing to miss.
    this.gaps = (first?.gaps ?? []).filter(({ toMs }) => toMs > beganMs);
    this.markers = first?.markers ?? [];
    for (const series of all) {
      for (const line of series.lines) {
        const points = brokenAt(
          series.gaps,
          line.times.map((x, at) => ({ x, y: line.values[at] ?? null })),
        );
        const live = this.#lines.get(keyOf(series.metric, line.name)) ?? [];
        const lastMs = points.at(-1)?.x ?? 0;
        this.#lines.set(keyOf(series.metric, line.name), [...points, ...live.filter(({ x }) => x > lastMs)]);
      }
    }
  }

  #push(metric: Metric, member: string, atMs: number, value: number | null): void {
    const key = keyOf(metric, member);
    const line = this.#lines.get(key) ?? [];
    if (!this.#lines.has(key)) this.#lines.set(key, line);
    const last = line.at(-1);
    if (last !== undefined && atMs <= last.x) return;
    if (last !== undefined && last.y !== null && atMs - last.x > intervalsOfAGap * this.#resolutionMs) {
      line.push({ x: last.x + this.#resolutionMs, y: null });
    }
    line.push({ x: atMs, y: value });
    if ((line[0]?.x ?? atMs) >= atMs - this.#spanMs - 2 * slackMs) return;
    line.splice(
      0,
      line.findIndex(({ x }) => x >= atMs - this.#spanMs - slackMs),
    );
  }
}

/** The points with a null in each gap that two of them straddle: a line must not be drawn across it. */
export function brokenAt(gaps: Series['gaps'], points: readonly Point[]): Point[] {
  const broken: Point[] = [];
  for (const point of points) {
    const before = broken.at(-1);
    const gap =
      before === undefined || before.y === null
        ? undefined
        : gaps.find(({ fromMs, toMs }) => fromMs < point.x && toMs > before.x);
    if (gap !== undefined && before !== undefined) broken.push({ x: (before.x + point.x) / 2, y: null });
    broken.push(point);
  }
  return broken;
}

function keyOf(metric: Metric, member: string): string {
  return `${metric} ${member}`;
}
