import { seededChance } from '../../src-main/engine/runtime/chance.ts';
import { fuzzOnce } from '../rigs/http-fuzz.ts';

/** Ten million mutated messages, read by the engine's scanner and by a second reading of the RFC; any disagreement fails. */
const rounds = Math.round(5_000_000 * Number(process.env['STEELYARD_SCALE'] ?? 1));
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
let failed = 0;
for (let round = 0; round < rounds && failed < 5; round++) {
  const disagreement = fuzzOnce(chance);
  if (disagreement === undefined) continue;
  failed++;
  process.stdout.write(`${JSON.stringify(disagreement)}\n`);
}
process.stdout.write(`${2 * rounds} messages, seed ${seed}: ${failed} disagreements\n`);
process.exitCode = failed === 0 ? 0 : 1;
