import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { openBrowser } from '../rigs/browser.ts';

/**
 * How soon a newcomer sees something move: from the start of the built console (with the lab) to its link, and from opening the link
 * to the first chart that has moved, which is a second point on the first chart's line. `node test/bench/first-chart.ts [ROUNDS]`, after
 * `npm run build`.
 */

/** Runs inside the page: lines of SVG sparklines and pictures of canvases alike are compared as text with what they were before. */
const hasMoved = `(() => {
  const seen = (globalThis.drawingsSeen ??= new Map());
  let hasMoved = false;
  for (const [index, drawing] of [...document.querySelectorAll('main canvas, main svg polyline, main svg path')].entries()) {
    const now = drawing.toDataURL?.() ?? drawing.getAttribute('points') ?? drawing.getAttribute('d') ?? '';
    const before = seen.get(index) ?? '';
    seen.set(index, now);
    if (before !== '' && before !== now && now.length > 20) hasMoved = true;
  }
  return hasMoved;
})()`;

const rounds = Number(process.argv[2] ?? 5);
const cli = join(import.meta.dirname, '../../out/main/cli.js');
if (!existsSync(cli)) throw new Error('out/main/cli.js is not there: run npm run build first.');

const linkMs: number[] = [];
const chartMs: number[] = [];
for (let round = 0; round < rounds; round++) await runRound();
const result = {
  rounds,
  linkMs: median(linkMs),
  firstChartMovedMs: median(chartMs),
  worstChartMs: Math.max(...chartMs),
};
process.stdout.write(`${JSON.stringify(result)}\n`);

async function runRound(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'steelyard-bench-'));
  const startedAt = performance.now();
  const words = [cli, 'serve', '--lab', '--no-open', '--data', data];
  const console_ = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => console_.once('exit', resolve));
  try {
    const link = await firstLine(console_.stdout);
    linkMs.push(performance.now() - startedAt);
    chartMs.push(await timeToMovement(link));
  } finally {
    console_.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  }
}

/** The sparkline of the requests figure is redrawn with each sample: two different pictures of a canvas are movement. */
async function timeToMovement(link: string): Promise<number> {
  const browser = await openBrowser();
  try {
    const openedAt = performance.now();
    const page = await browser.open(link);
    // Evaluated piece by piece: the page's policy forbids the eval that a polling string would need.
    while (!(await page.evaluate(hasMoved)) && performance.now() - openedAt < 30_000) await page.waitForTimeout(25);
    return performance.now() - openedAt;
  } finally {
    await browser.close();
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('The console ended without a link.');
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN);
}
