import type { CallOptions, SnmpCell, SnmpColumn, SnmpSession } from '../../transports/transport.ts';
import { counterOf, numberOf, textOf } from './cells.ts';

/** HOST-RESOURCES-MIB (RFC 2790): hrStorageEntry, hrProcessorLoad. */
const storage = '1.3.6.1.2.1.25.2.3.1';
const processorLoad = '1.3.6.1.2.1.25.3.3.1.2';
const fixedDisk = '1.3.6.1.2.1.25.2.1.4';
const ram = '1.3.6.1.2.1.25.2.1.2';
/** UCD-SNMP-MIB: memory in KiB, load averages as text, ticks of the CPU since boot (ssCpuRaw). */
const ucd = '1.3.6.1.4.1.2021';
const memory = { total: `${ucd}.4.5.0`, free: `${ucd}.4.6.0`, buffer: `${ucd}.4.14.0`, cached: `${ucd}.4.15.0` };
const load1 = `${ucd}.10.1.3.1`;
/** user, nice, system, idle, wait, interrupt, soft interrupt, steal; the ticks in kernel are a part of system. */
const rawTicks = [50, 51, 52, 53, 54, 56, 61, 64].map((at) => `${ucd}.11.${at}.0`);
const idleAt = 3;
const waitAt = 4;

/** CPU, memory and disks of a machine. What its agent does not tell is absent. */
export async function figuresOf(
  session: SnmpSession,
  cpu: CpuCounters,
  options: CallOptions,
): Promise<Record<string, number>> {
  const scalars = [memory.total, memory.free, memory.buffer, memory.cached, load1, ...rawTicks];
  const [cells, processors, storages] = await Promise.all([
    session.get(scalars, options),
    session.walk([processorLoad], options),
    session.walk(
      [2, 3, 4, 5, 6].map((column) => `${storage}.${column}`),
      options,
    ),
  ]);
  const [total, free, buffer, cached, load, ...ticks] = cells;
  const rows = storageRows(storages);
  const loads = [...(processors[0]?.values() ?? [])].flatMap((cell) => numberOf(cell) ?? []);
  const figures: Record<string, number | undefined> = {
    cpuPercent: cpu.busySince(ticks.map(counterOf)) ?? mean(loads),
    load1: numberOf(load),
    memoryPercent: memoryOf(total, free, buffer, cached) ?? percentOf(rows.find(({ type }) => type === ram)),
    diskPercent: highest(rows.filter(({ type }) => type === fixedDisk).map(percentOf)),
  };
  return Object.fromEntries(
    Object.entries(figures).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

/** Buffers and page cache are given back when they are needed: they are not used up. */
function memoryOf(...cells: readonly (SnmpCell | undefined)[]): number | undefined {
  const [total, free, buffer = 0, cached = 0] = cells.map(numberOf);
  return total === undefined || free === undefined || total <= 0
    ? undefined
    : rounded((100 * (total - free - buffer - cached)) / total);
}

interface StorageRow {
  readonly type: string | undefined;
  readonly size: number;
  readonly used: number;
}

function storageRows([types, , , sizes, useds]: readonly SnmpColumn[]): readonly StorageRow[] {
  return [...(types ?? [])].map(([index, cell]) => ({
    type: textOf(cell),
    size: numberOf(sizes?.get(index)) ?? 0,
    used: numberOf(useds?.get(index)) ?? 0,
  }));
}

function percentOf(row: StorageRow | undefined): number | undefined {
  return row === undefined || row.size <= 0 ? undefined : rounded((100 * row.used) / row.size);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : rounded(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function highest(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

/** How busy the CPUs were between two polls. The agent's own ready figure is an average over a minute that nobody chose. */
export class CpuCounters {
  #last: readonly bigint[] | undefined;

  /** Per cent since the last call; undefined at the first, where the ticks are missing, or where they fell. */
  busySince(ticks: readonly (string | undefined)[]): number | undefined {
    if (ticks[idleAt] === undefined) return undefined;
    const now = ticks.map((value) => BigInt(value ?? '0'));
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return undefined;
    const passed = now.map((value, at) => Number(BigInt.asUintN(32, value - (last[at] ?? 0n))));
    const all = passed.reduce((sum, value) => sum + value, 0);
    const idle = (passed[idleAt] ?? 0) + (passed[waitAt] ?? 0);
    return all === 0 || all > 2 ** 31 ? undefined : rounded((100 * (all - idle)) / all);
  }
}
