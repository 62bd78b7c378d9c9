import type { Figures } from './loads.ts';
import type { ProxyName, Row } from './rows.ts';

/** What a row gave: the rounds of each proxy in order, and why some could not be measured. */
export interface RowResult {
  readonly row: Row;
  readonly rounds: ReadonlyMap<ProxyName, readonly Figures[]>;
  readonly missing: ReadonlyMap<ProxyName, string>;
}

/** One proxy's line: medians over the rounds, ratios of the engine's figure to this proxy's in the same round. */
export interface Line {
  readonly proxy: ProxyName;
  readonly cost: number;
  readonly lowest: number;
  readonly highest: number;
  /** The engine's yield in this proxy's: what it does per CPU-second (or per KiB); over 1 the engine is better. */
  readonly engineYield: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor seconds a second: 1 = its core was full. */
  readonly load: number;
  readonly errors: number;
}

export const unitNames = {
  cpuUs: 'CPU µs/request',
  cpuSPerGib: 'CPU s/GiB',
  kibPerConnection: 'KiB/connection',
} as const;

export function costOf(row: Row, figures: Figures): number {
  switch (row.unit) {
    case 'cpuUs':
      return (figures.cpuMs * 1000) / figures.requests;
    case 'cpuSPerGib':
      return figures.cpuMs / 1000 / (figures.bytes / 2 ** 30);
    case 'kibPerConnection':
      return figures.kibPerConnection ?? Number.NaN;
  }
}

export function linesOf({ row, rounds }: RowResult): Line[] {
  const engine = rounds.get('engine') ?? [];
  return [...rounds].map(([proxy, list]) => {
    const costs = list.map((each) => costOf(row, each));
    return {
      proxy,
      cost: median(costs),
      lowest: Math.min(...costs),
      highest: Math.max(...costs),
      engineYield: median(costs.map((cost, round) => cost / (engine[round] ? costOf(row, engine[round]) : Number.NaN))),
      perSecond: median(list.map((each) => each.requests / each.seconds)),
      p50Ms: median(list.map((each) => each.p50Us)) / 1000,
      p99Ms: median(list.map((each) => each.p99Us)) / 1000,
      load: median(list.map((each) => each.cpuMs / 1000 / each.seconds)),
      errors: list.reduce((sum, each) => sum + each.errors, 0),
    };
  });
}

export function renderRow(result: RowResult): string {
  const { row, missing } = result;
  const lines = linesOf(result).map(
    (line) =>
      `| ${line.proxy} | ${line.cost.toFixed(3)} | ${line.lowest.toFixed(3)}..${line.highest.toFixed(3)} | ${line.engineYield.toFixed(2)} | ${line.perSecond.toFixed(0)} | ${line.p50Ms.toFixed(2)} | ${line.p99Ms.toFixed(2)} | ${line.load.toFixed(2)} | ${line.errors} |\n`,
  );
  const notes = [...missing].map(([proxy, why]) => `- ${proxy}: not measured: ${why}\n`);
  return `\n${row.name}: ${row.title}
| proxy | ${unitNames[row.unit]} | from..to | engine x this | requests/s | p50 ms | p99 ms | load | errors |
|---|---|---|---|---|---|---|---|---|
${lines.join('')}${notes.join('')}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}
