import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { findProgram } from '../rigs/need.ts';
import { Fleet, loadCores } from './engine/fleet.ts';
import { measure, type Figures, type Target } from './engine/loads.ts';
import { linesOf, renderRow, type RowResult } from './engine/report.ts';
import { proxiesOf, rows, type ProxyName, type Row } from './engine/rows.ts';

/**
 * The engine beside what one would pick otherwise: `npm run bench -- [ROW ...] [--rounds 5] [--seconds 3] [--proxies
 * haproxy,nginx]`. The proxies of a row are loaded in turn, round after round; figures are medians, processor time is the
 * scheduler's own for the whole process tree. "engine x this" is how much the engine yields per CPU-second (or KiB) where
 * that proxy yields 1, the median of the rounds' own ratios. Differences under 10 % are noise.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    proxies: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const needed = ['haproxy', 'nginx', 'openssl', 'wrk', 'h2load', 'taskset'];
const absent = needed.filter((name) => findProgram(name) === undefined);
const unknown = positionals.filter((word) => !rows.some((row) => row.name === word));

if (absent.length > 0) fail(`These programs are needed and not installed: ${absent.join(', ')}.`);
else if (unknown.length > 0) fail(`No row ${unknown.join(', ')}; there are ${rows.map((row) => row.name).join(', ')}.`);
else await main(rows.filter((row) => positionals.length === 0 || positionals.includes(row.name)));

async function main(chosen: readonly Row[]): Promise<void> {
  const fleet = new Fleet();
  const results: RowResult[] = [];
  try {
    await fleet.start();
    for (const row of chosen) {
      const result = await measureRow(fleet, row);
      process.stdout.write(renderRow(result));
      results.push(result);
    }
  } finally {
    await fleet.stop();
  }
  mkdirSync('test-results', { recursive: true });
  writeFileSync('test-results/bench-engine.json', JSON.stringify(toJson(results), null, 1));
  process.stdout.write('\nWritten to test-results/bench-engine.json.\n');
}

async function measureRow(fleet: Fleet, row: Row): Promise<RowResult> {
  const targets = new Map<ProxyName, Target>();
  const missing = new Map<ProxyName, string>();
  for (const name of proxiesFor(row)) {
    try {
      targets.set(name, await fleet.proxy(name, row.protocol, row.load.tool === 'idle'));
    } catch (error) {
      missing.set(name, sentenceOf(error));
    }
  }
  const site = { directory: fleet.directory, cores: loadCores };
  const measured = new Map<ProxyName, Figures[]>([...targets.keys()].map((name) => [name, []]));
  // Memory is not given back, so a connection is dear only the first time in a process; and it hardly varies.
  const times = row.load.tool === 'idle' ? 1 : rounds;
  for (let round = row.load.tool === 'idle' ? 0 : -1; round < times; round++) {
    for (const [name, target] of targets) {
      try {
        const figures = await measure(site, row.load, target, round < 0 ? 1 : seconds);
        if (round >= 0) measured.get(name)?.push(figures); // the first is a warm-up
      } catch (error) {
        missing.set(name, sentenceOf(error));
        measured.delete(name);
        targets.delete(name);
      }
    }
  }
  return { row, rounds: measured, missing };
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message.split('\n').slice(0, 6).join(' ').slice(0, 400) : String(error);
}

function proxiesFor(row: Row): readonly ProxyName[] {
  const all = row.proxies ?? [...(row.also ?? []), ...proxiesOf[row.protocol]];
  const wanted = values.proxies?.split(',');
  return wanted === undefined ? all : all.filter((name) => name.startsWith('engine') || wanted.includes(name));
}

function toJson(results: readonly RowResult[]) {
  return {
    at: new Date().toISOString(),
    node: process.version,
    rounds,
    seconds,
    rows: results.map((result) => ({
      name: result.row.name,
      title: result.row.title,
      unit: result.row.unit,
      proxies: linesOf(result),
      missing: Object.fromEntries(result.missing),
      rounds: Object.fromEntries(result.rounds),
    })),
  };
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
