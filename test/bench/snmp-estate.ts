import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findProgram } from '../rigs/need.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { bigIpRows, movingColumns, movingEntries, startFleet } from '../rigs/snmp-fleet.ts';

/**
 * A hundred BIG-IPs with a hundred members each, polled every ten seconds by one whole console (rates, history and ticks with it), against
 * Net-SNMP's snmpbulkwalk for the same columns of the same agents in the same run. CPU of this process per polled value, of which that of
 * an idle console is told apart; of the tool both as it is run (a process per table) and for one large table, where its start is nothing.
 *
 *     node test/bench/snmp-estate.ts [--devices 100] [--members 100] [--every 10] [--seconds 60]
 */
const { values: options } = parseArgs({
  options: {
    devices: { type: 'string', default: '100' },
    members: { type: 'string', default: '100' },
    every: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '60' },
  },
});
const [devices, members, every, seconds] = [options.devices, options.members, options.every, options.seconds].map(
  Number,
);

if (process.send === undefined) await measure();
else {
  const fleet = await startFleet(devices ?? 0, bigIpRows(members ?? 0));
  const large = await startFleet(1, bigIpRows(2000));
  process.send([...large.ports, ...fleet.ports]);
}

async function measure(): Promise<void> {
  const tool = findProgram('snmpbulkwalk');
  if (tool === undefined) throw new Error('snmpbulkwalk is not installed (Debian package snmp).');
  const child = fork(import.meta.filename, process.argv.slice(2));
  const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-bench-'));
  try {
    const [[large = 0, ...ports]] = (await once(child, 'message')) as [number[]]; // the fleet sends its ports alone
    const { console, call } = await openCalledConsole(dataDir);
    for (const [at, port] of ports.entries()) {
      const address = `f5+snmp://orchard@127.0.0.1:${port}`;
      const spec = { name: `lb-${at}`, address, environment: 'lab' as const, pollIntervalMs: (every ?? 10) * 1000 };
      await call('devices.add', { spec });
    }
    await sleep(2.5 * (every ?? 10) * 1000); // first polls read names too, and readings go on beside them
    const polled = await cpuOf(() => sleep((seconds ?? 60) * 1000));
    const stale = (await call('devices.list', {})).filter(({ freshness }) => freshness !== 'fresh');
    const late = stale.length;
    for (const detail of new Set(
      stale.map(({ problem }) => `${problem?.code ?? 'waiting'}: ${problem?.detail ?? ''}`.replaceAll(/\d{4,}/g, 'N')),
    )) {
      process.stderr.write(`${detail}\n`);
    }
    const values = ((members ?? 0) * movingColumns * (devices ?? 0) * (seconds ?? 60)) / (every ?? 10);
    await console.close();
    const asRun = peer(tool, ports);
    const atBest = peer(tool, [large, large, large]);
    print({ cpu: polled, values, late, asRun, atBest });
  } finally {
    child.kill();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Microseconds of CPU of this process, its threads included. */
async function cpuOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Microseconds of CPU of the tool per value, by the shell's own account of its children. */
function peer(tool: string, ports: readonly number[]): number {
  const walks = ports.flatMap((port) =>
    movingEntries.map(
      (entry) => `${tool} -v2c -c orchard -t 10 -m '' -On -Cr60 127.0.0.1:${port} ${entry} | wc -l >&2`,
    ),
  );
  const { stdout, stderr } = spawnSync('sh', ['-c', `${walks.join('\n')}\ntimes`], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const values = stderr.split('\n').reduce((sum, line) => sum + Number(line), 0);
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const used = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
  return (used * 1_000_000) / values;
}

interface Found {
  readonly cpu: number;
  readonly values: number;
  readonly late: number;
  readonly asRun: number;
  readonly atBest: number;
}

function print({ cpu, values, late, asRun, atBest }: Found): void {
  const own = cpu / values;
  process.stdout.write(
    `${devices} devices of ${members} members every ${every} s: ${(cpu / 10_000 / (seconds ?? 60)).toFixed(1)} % of a core, ` +
      `${own.toFixed(2)} us a value (${values} values), ${late} devices not fresh\n` +
      `snmpbulkwalk, a process per table: ${asRun.toFixed(2)} us a value, ${(own / asRun).toFixed(2)} x (limit 3, goal 1.5)\n` +
      `snmpbulkwalk, one large table: ${atBest.toFixed(2)} us a value, ${(own / atBest).toFixed(2)} x\n`,
  );
  if (own > 3 * asRun || late > 0) process.exitCode = 1;
}
