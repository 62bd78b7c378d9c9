import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { type FaultName, faults } from '../rigs/walks/faults.ts';
import { judgeWalk, walkSteps } from '../rigs/walks/walk.ts';
import { cannotWalk, startWalker } from '../rigs/walks/walker.ts';

/**
 * Every fault at every step of a push, on a real HAProxy over a real sshd: the device is wholly old or wholly new, nothing is left, and what is
 * said is true. A part of the whole (STEELYARD_SCALE) is chosen by chance, so that over time every pair comes up; SEED repeats a choice,
 * WALKS names faults alone ("clock").
 */
const kinds = Object.keys(faults) as FaultName[]; // Object.keys gives string[]
const wanted = kinds.filter((kind) => kind.includes(process.env['WALKS'] ?? ''));
const walks = wanted.flatMap((kind) => walkSteps.map((step) => ({ kind, step })));
const share = Number(process.env['STEELYARD_SCALE'] ?? 1);
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chosen = share >= 1 ? walks : shuffled(walks).slice(0, Math.max(2, Math.round(walks.length * share)));

if (cannotWalk()) {
  process.stdout.write('skipped: it takes root, haproxy, sshd, socat, sudo and faketime\n');
} else {
  const failures: string[] = [];
  const walker = await startWalker();
  try {
    for (const { kind, step } of chosen) {
      const startedMs = performance.now();
      const found = await judgeWalk(walker, step, kind);
      failures.push(...found);
      process.stderr.write(
        `${kind}, ${step}: ${found.length} broken, ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
      );
    }
    await walker.reopen();
    const left = await walker.called.call('push.list', {});
    if (left.length > 0) failures.push(`the next start finds ${left.length} pushes to put right`);
  } finally {
    await walker.close();
  }
  process.stdout.write(`${chosen.length} walks of ${walks.length}, seed ${seed}, ${failures.length} promises broken\n`);
  for (const failure of failures) process.stdout.write(`${failure}\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  const chance = seededChance(seed, 0);
  return list
    .map((one) => [chance(), one] as const)
    .toSorted(([left], [right]) => left - right)
    .map(([, one]) => one);
}
