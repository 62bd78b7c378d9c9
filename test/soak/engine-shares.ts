import { openEngine } from '../rigs/engine-process.ts';
import { answering, startRawMember } from '../rigs/raw-http.ts';
import { countShares } from '../rigs/shares.ts';

/** Shares of 100,000 requests over two workers are within 1 % of the weights, whichever weighted algorithm gives them out. */
const total = Math.round(100_000 * Number(process.env['STEELYARD_SCALE'] ?? 1));
const weights = { a: 5, b: 3, c: 2 };
// Chance needs many turns until it is within 1 %.
const algorithms = total < 50_000 ? (['round-robin', 'static-round-robin'] as const) : (['round-robin', 'static-round-robin', 'random'] as const); // prettier-ignore

const members = await Promise.all(
  Object.entries(weights).map(async ([name, weight]) => {
    const member = await startRawMember(answering(name));
    return { name, weight, member };
  }),
);
const engine = await openEngine(
  {
    version: 1,
    virtualServers: algorithms.map((name) => ({ name, listen: ['127.0.0.1:0'], pool: name })),
    pools: algorithms.map((algorithm) => ({
      name: algorithm,
      algorithm,
      members: members.map(({ name, weight, member }) => ({ name, weight, address: '127.0.0.1', port: member.port })),
    })),
    seed: 7,
  },
  2,
);
let worst = 0;
for (const algorithm of algorithms) {
  const counts = await countShares(engine.port(algorithm), total, 16);
  for (const { name, weight } of members) {
    worst = Math.max(worst, Math.abs((counts.get(name) ?? 0) / total - weight / 10));
  }
  process.stdout.write(`${algorithm}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}\n`);
}
await engine.stop();
await Promise.all(members.map(({ member }) => member.close()));
process.exitCode = worst <= 0.01 ? 0 : 1;
