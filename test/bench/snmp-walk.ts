import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { integer } from '../rigs/ber.ts';
import { findProgram } from '../rigs/need.ts';
import { startSnmpAgent } from '../rigs/snmp-agent.ts';

/**
 * What a polled value costs: CPU of this process per value that a walk of columns brings, against that of Net-SNMP's snmpbulkwalk for
 * the same columns of the same agent, in one run. Prints values per walk, microseconds per value of both, the ratio, and datagrams.
 *
 *     node test/bench/snmp-walk.ts [--rows 2000] [--columns 10] [--rounds 30]
 */
const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '2000' },
    columns: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '30' },
  },
});
const [rows, columns, rounds] = [Number(options.rows), Number(options.columns), Number(options.rounds)];
const entry = '1.3.6.1.4.1.3375.2.2.5.4.3.1';

if (process.send === undefined) await measure();
else await serve();

/** The agent, in a process of its own: indexes as a BIG-IP has them, pool and node by name, then the port. */
async function serve(): Promise<void> {
  function name(text: string): string {
    return [text.length, ...Buffer.from(text)].join('.');
  }
  const table = Array.from({ length: columns }, (_, column) =>
    Array.from({ length: rows }, (__, row) => ({
      oid: `${entry}.${column + 1}.${name(`/Common/pool-${row % 100}`)}.${name(`/Common/node-${row}`)}.80`,
      value: integer(BigInt(row) * 1_000_003n, 70),
    })),
  ).flat();
  const agent = await startSnmpAgent({ rows: table });
  process.send?.(agent.port);
}

async function measure(): Promise<void> {
  const tool = findProgram('snmpbulkwalk');
  if (tool === undefined) throw new Error('snmpbulkwalk is not installed (Debian package snmp).');
  const child = fork(import.meta.filename, process.argv.slice(2));
  try {
    const [port] = (await once(child, 'message')) as [number]; // the agent sends its port alone
    const session = openSnmp({ host: '127.0.0.1', port, security: { version: 2, community: 'orchard' } });
    const oids = Array.from({ length: columns }, (_, column) => `${entry}.${column + 1}`);
    async function walk(): Promise<number> {
      const found = await session.walk(oids, { timeoutMs: 60_000 });
      return found.reduce((sum, { size }) => sum + size, 0);
    }
    for (let warm = 0; warm < 5; warm++) await walk();
    const before = process.cpuUsage();
    let own = 0;
    for (let round = 0; round < rounds; round++) own += await walk();
    const used = process.cpuUsage(before);
    session.close();
    const ownMicros = (used.user + used.system) / own;
    const peer = peerMicros(tool, port);
    print(own / rounds, ownMicros, peer);
  } finally {
    child.kill();
  }
}

/** CPU of the tool by the shell's own account of its children: user and system time. */
function peerMicros(tool: string, port: number): number {
  const command = `for i in 1 2 3 4 5; do ${tool} -v2c -c orchard -t 10 -m '' -On -Cr60 127.0.0.1:${port} ${entry} | wc -l >&2; done; times`;
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' });
  const values = stderr.split('\n').reduce((sum, line) => sum + Number(line), 0);
  const children = stdout.trim().split('\n').at(-1) ?? '';
  const seconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest),
    0,
  );
  return (seconds * 1_000_000) / values;
}

function print(values: number, own: number, peer: number): void {
  process.stdout.write(
    `${values} values a walk: ${own.toFixed(2)} us a value here, ${peer.toFixed(2)} us by snmpbulkwalk: ${(own / peer).toFixed(2)} x (limit 3, goal 1.5)\n`,
  );
  if (own > 3 * peer) process.exitCode = 1;
}
