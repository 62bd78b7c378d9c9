import type { Sample } from '../contract/metrics.ts';

/** How often a device is asked, and why not as often as it was wished. */
export interface PaceAdvice {
  readonly everyMs: number;
  readonly why?: string;
}

const busyPercent = 80;
const calmPercent = 60;
const mostSlowdown = 16;
/** Counters that stand still for longer belong to an idle device, not to a slow agent. */
const slowestRefreshMs = 60_000;
/** So many gaps of one length are a rhythm. */
const gapsForRhythm = 4;
/** An agent may be set to another rhythm: it is looked at anew. */
const relearnMs = 600_000;

/**
 * The pace of polling an appliance: never faster than its agent's counters move, which is found out from when they do, and slower
 * while its own management CPU is busy. Pure: it is told of each sample.
 */
export class Pace {
  readonly #wishedMs: number;
  readonly #watchesCpu: boolean;
  #slowdown = 1;
  #cpuPercent: number | undefined;
  #refreshMs: number | undefined;
  #refreshFoundMs = 0;
  #counters: string | undefined;
  #movedAtMs: number | undefined;
  #lastAtMs = 0;
  #gaps: number[] = [];

  /** `watchesCpu`: the sample's `cpuPercent` is that of the box's management; false where it is the work itself. */
  constructor(wishedMs: number, watchesCpu: boolean) {
    this.#wishedMs = wishedMs;
    this.#watchesCpu = watchesCpu;
  }

  note(sample: Sample): PaceAdvice {
    const atMs = Date.parse(sample.at);
    this.#noteCpu(sample.system?.['cpuPercent']);
    this.#noteCounters(countersOf(sample), atMs);
    return this.advice;
  }

  get advice(): PaceAdvice {
    const refreshed = Math.max(this.#wishedMs, this.#refreshMs ?? 0);
    const everyMs = Math.min(Math.max(this.#wishedMs, slowestRefreshMs), refreshed * this.#slowdown);
    if (everyMs <= this.#wishedMs) return { everyMs: this.#wishedMs };
    const instead = `asked every ${seconds(everyMs)} instead of ${seconds(this.#wishedMs)}`;
    const why =
      this.#slowdown > 1
        ? `its management CPU is at ${Math.round(this.#cpuPercent ?? 0)} %`
        : `its agent counts anew every ${seconds(refreshed)}`;
    return { everyMs, why: `${instead}: ${why}` };
  }

  #noteCpu(percent: number | undefined): void {
    this.#cpuPercent = percent;
    if (!this.#watchesCpu || percent === undefined) this.#slowdown = 1;
    else if (percent >= busyPercent) this.#slowdown = Math.min(mostSlowdown, this.#slowdown * 2);
    else if (percent < calmPercent) this.#slowdown = Math.max(1, this.#slowdown / 2);
  }

  #noteCounters(counters: string, atMs: number): void {
    const intervalMs = atMs - this.#lastAtMs;
    this.#lastAtMs = atMs;
    if (this.#refreshMs !== undefined && atMs - this.#refreshFoundMs > relearnMs) this.#forget();
    if (this.#counters === counters) return;
    const isFirst = this.#counters === undefined;
    this.#counters = counters;
    if (this.#refreshMs !== undefined || isFirst) return;
    if (this.#movedAtMs !== undefined) this.#gaps = [...this.#gaps, atMs - this.#movedAtMs].slice(-gapsForRhythm);
    this.#movedAtMs = atMs;
    const [shortest, longest] = [Math.min(...this.#gaps), Math.max(...this.#gaps)];
    const isRhythm = this.#gaps.length === gapsForRhythm && longest - shortest <= 1.5 * intervalMs;
    if (!isRhythm || shortest < 2 * intervalMs || shortest > slowestRefreshMs) return;
    const mean = this.#gaps.reduce((sum, gap) => sum + gap, 0) / this.#gaps.length;
    this.#refreshMs = Math.round(mean / 1000) * 1000 || Math.round(mean);
    this.#refreshFoundMs = atMs;
  }

  #forget(): void {
    this.#refreshMs = undefined;
    this.#movedAtMs = undefined;
    this.#gaps = [];
  }
}

/** Every counter of a sample in one word: two that are equal say that nothing has moved. */
function countersOf({ virtualServers, pools, interfaces }: Sample): string {
  const counted = [...virtualServers, ...pools.flatMap(({ members }) => members), ...(interfaces ?? [])];
  return counted
    .map((one) => [
      'totalConnections' in one ? one.totalConnections : '',
      'requests' in one ? one.requests : '',
      one.bytesIn,
      one.bytesOut,
    ])
    .join(';');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
