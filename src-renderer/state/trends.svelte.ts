import type { DeviceTick, Tick } from '$contract/api.ts';
import type { Metric, Series } from '$contract/metrics.ts';
import type { Connection } from '../api.ts';
import { follow } from './follow.ts';
import { brokenAt, type Point, wholeDevice } from './pool-series.svelte.ts';

export type TrendPoint = Point;

/** What is followed of each device, as the history calls it. */
const metrics = {
  requestsPerSecond: 'requestsPerSecond',
  bytesOutPerSecond: 'bytesOutPerSecond',
  failuresPerSecond: 'failuresPerSecond',
  highestP95Ms: 'responseTimeP95Ms',
} as const satisfies Record<string, Metric>;
export type TrendName = keyof typeof metrics;
const trendNames = Object.keys(metrics) as TrendName[]; // Object.keys gives string[]

const keptMs = 5 * 60_000;
const secondMs = 1000;
/** A value holds for this many intervals of its device, as long as no newer one comes. */
const intervalsOfAGap = 2.5;
/** Of more devices only what this window sees is drawn: their history would be a thousand questions. */
const mostFilled = 50;
const all = '';

/** The last five minutes of each device's sums and of all devices together: from the history, then as the ticks tell them. */
export class Trends {
  /** Grows with each tick: readers of `points` depend on it. */
  version = $state(0);
  readonly #lines = new Map<string, Point[]>();

  add(tick: Tick): void {
    const atMs = Date.parse(tick.at);
    for (const name of trendNames) {
      for (const device of tick.devices) {
        const isFresh = device.freshness === 'fresh';
        // A sample stands where the history has it, however often it is told.
        const x = isFresh && device.at !== undefined ? Date.parse(device.at) : atMs;
        this.#push(name, device.device, { x, y: isFresh ? (device[name] ?? null) : null }, atMs);
      }
      this.#push(name, all, { x: atMs, y: combined(name, tick.devices) }, atMs);
    }
    this.version += 1;
  }

  /** Puts before the ticks what the history knows. A device whose history cannot be had is drawn from the ticks on. */
  async fill(connection: Connection, devices: readonly string[], nowMs: number): Promise<void> {
    const filled = new Map<string, number>();
    for (const device of devices.slice(0, mostFilled)) {
      const everyMs = await this.#fillDevice(connection, device, nowMs).catch(() => undefined);
      if (everyMs !== undefined) filled.set(device, everyMs);
    }
    for (const name of trendNames) this.#fillAll(name, filled, nowMs);
    this.version += 1;
  }

  /** Points of one device, oldest first; of all together without a name. */
  points(name: TrendName, device = all): readonly Point[] {
    follow(this.version);
    return this.#lines.get(keyOf(name, device)) ?? [];
  }

  #push(name: TrendName, device: string, point: Point, nowMs: number): void {
    const line = this.#lines.get(keyOf(name, device)) ?? [];
    this.#lines.set(keyOf(name, device), line);
    const last = line.at(-1);
    if (last !== undefined && point.x <= last.x) return;
    line.push(point);
    const old = line.findIndex(({ x }) => x > nowMs - keptMs);
    if (old > 0) line.splice(0, old);
  }

  /** How often the device is polled, where the history has anything of it. */
  async #fillDevice(connection: Connection, device: string, nowMs: number): Promise<number | undefined> {
    const span = { fromMs: nowMs - keptMs, toMs: nowMs, maxPixels: 1000 };
    const { pool, member } = wholeDevice;
    const answers = await Promise.all(
      trendNames.map((name) =>
        connection.call('series.get', { device, pool, metric: metrics[name], members: [member], ...span }),
      ),
    );
    for (const [at, name] of trendNames.entries()) {
      const past = pointsOf(answers[at]);
      const lastMs = past.at(-1)?.x ?? 0;
      const live = this.#lines.get(keyOf(name, device)) ?? [];
      this.#lines.set(keyOf(name, device), [...past, ...live.filter(({ x }) => x > lastMs)]);
    }
    return answers.find(({ lines }) => lines.length > 0)?.resolutionMs;
  }

  /** All devices together at each second before the first tick. */
  #fillAll(name: TrendName, everyMs: ReadonlyMap<string, number>, nowMs: number): void {
    const live = this.#lines.get(keyOf(name, all)) ?? [];
    const untilMs = live[0]?.x ?? nowMs;
    const past: Point[] = [];
    const walks = [...everyMs].map(([device, every]) => heldValues(this.points(name, device), intervalsOfAGap * every));
    for (let x = Math.ceil((nowMs - keptMs) / secondMs) * secondMs; x < untilMs; x += secondMs) {
      past.push({
        x,
        y: together(
          name,
          walks.map((valueAt) => valueAt(x)).filter((value) => value !== null),
        ),
      });
    }
    const first = past.findIndex(({ y }) => y !== null);
    if (first >= 0) this.#lines.set(keyOf(name, all), [...past.slice(first), ...live]);
  }
}

function keyOf(name: TrendName, device: string): string {
  return `${name} ${device}`;
}

function pointsOf(series: Series | undefined): Point[] {
  const [line] = series?.lines ?? [];
  if (series === undefined || line === undefined) return [];
  return brokenAt(
    series.gaps,
    line.times.map((x, at) => ({ x, y: line.values[at] ?? null })),
  );
}

/** The value that a line has at later and later moments: of the last point before, as long as it is not too old. */
function heldValues(points: readonly Point[], longestMs: number): (atMs: number) => number | null {
  let next = 0;
  return (atMs) => {
    while ((points[next]?.x ?? Infinity) <= atMs) next += 1;
    const last = points[next - 1];
    return last === undefined || atMs - last.x > longestMs ? null : last.y;
  };
}

function combined(name: TrendName, devices: readonly DeviceTick[]): number | null {
  const fresh = devices.filter(({ freshness }) => freshness === 'fresh');
  return together(
    name,
    fresh.flatMap((device) => device[name] ?? []),
  );
}

/** The sum where sums mean something; of percentiles only the highest. */
function together(name: TrendName, values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return name === 'highestP95Ms' ? Math.max(...values) : values.reduce((sum, value) => sum + value, 0);
}
