import { randomBytes } from 'node:crypto';

/** Numbers in [0, 1): the same sequence for the same seed and worker (mulberry32); seed 0 takes one from the system. */
export function seededChance(seed: number, workerIndex: number): () => number {
  let state = (seed === 0 ? randomBytes(4).readUInt32LE() : seed + Math.imul(workerIndex, 0x9e3779b9)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
