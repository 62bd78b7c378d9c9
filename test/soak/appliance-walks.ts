import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { a10Appliance } from '../rigs/appliance-scenario/a10.ts';
import { f5Appliance } from '../rigs/appliance-scenario/f5.ts';
import { netscalerAppliance } from '../rigs/appliance-scenario/netscaler.ts';
import { judgeWalk, startWalker, type Walker, walkFaults } from '../rigs/appliance-scenario/walk.ts';

/**
 * The link cut and the console killed at every command of a push, before the device does it and after, on every simulated appliance: in
 * the end it is wholly old or wholly new, and the console says which. A part of the whole (STEELYARD_SCALE) is chosen by chance; SEED
 * repeats a choice, WALKS names an appliance or a fault alone ("a10", "killed").
 */
const word = process.env['WALKS'] ?? '';
const share = Number(process.env['STEELYARD_SCALE'] ?? 1);
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
const failures: string[] = [];
let walked = 0;
let whole = 0;

for (const one of [f5Appliance, netscalerAppliance, a10Appliance]) {
  const faults = one.vendor.includes(word) ? walkFaults : walkFaults.filter((fault) => fault.includes(word));
  if (faults.length === 0) continue;
  const walker = await startWalker(one);
  try {
    await walkAll(walker, faults);
  } finally {
    await walker.site.close();
  }
}
process.stdout.write(`${walked} walks of ${whole}, seed ${seed}, ${failures.length} promises broken\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

/** One without a fault tells how many commands a push has; then one for each of them and each fault. */
async function walkAll(
  walker: Walker,
  faults: typeof walkFaults | readonly (typeof walkFaults)[number][],
): Promise<void> {
  const { vendor } = walker.one;
  const clean = await judgeWalk(walker, 'none', () => false);
  note(`${vendor}, no fault`, clean.broken);
  const all = faults.flatMap((fault) => Array.from({ length: clean.commands }, (_, at) => ({ fault, at: at + 1 })));
  whole += all.length;
  const few = Math.max(1, Math.round(all.length * share));
  const chosen =
    share >= 1
      ? all
      : all
          .map((walk) => [chance(), walk] as const)
          .toSorted(([left], [right]) => left - right)
          .slice(0, few)
          .map(([, walk]) => walk);
  for (const { fault, at } of chosen) {
    const { broken } = await judgeWalk(walker, fault, (_command, count) => count === at);
    note(`${vendor}, command ${at}, ${fault}`, broken);
  }
}

function note(walk: string, broken: readonly string[]): void {
  walked += 1;
  process.stderr.write(`${walk}: ${broken.length} broken\n${broken.map((sentence) => `  ${sentence}\n`).join('')}`);
  failures.push(...broken.map((sentence) => `${walk}: ${sentence}`));
}
