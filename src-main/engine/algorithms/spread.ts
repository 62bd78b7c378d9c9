import type { Candidate } from './algorithm.ts';
import { crc32, crcByte, crcEnd, crcStart, crcText } from './crc32.ts';

/**
 * How a hash is spread over members. `order` answers the key's member for step 0, and where to look next for further
 * steps: later steps may repeat a member.
 */
export interface Spread {
  readonly order: (key: string, step: number) => Candidate;
}

export type SpreadMaker = (candidates: readonly Candidate[]) => Spread;

const pointsPerWeight = 160;

/** NGINX's `hash ... consistent` (ketama): CRC-32 of host, NUL, port and the point before, 160 points per weight. */
export function makeRing(candidates: readonly Candidate[]): Spread {
  const points: { readonly hash: number; readonly candidate: Candidate }[] = [];
  for (const candidate of candidates) {
    const host = candidate.address.includes(':') ? `[${candidate.address}]` : candidate.address;
    const base = crcText(crcByte(crcText(crcStart, host), 0), String(candidate.port));
    let hash = 0;
    for (let point = 0; point < candidate.weight * pointsPerWeight; point++) {
      let state = base;
      for (let shift = 0; shift < 32; shift += 8) state = crcByte(state, (hash >>> shift) & 0xff);
      hash = crcEnd(state);
      points.push({ hash, candidate });
    }
  }
  points.sort((a, b) => a.hash - b.hash);
  const hashes = Uint32Array.from(points, (point) => point.hash);
  return { order: (key, step) => at(points, firstAtLeast(hashes, crc32(key)) + step).candidate };
}

function firstAtLeast(hashes: Uint32Array, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((hashes[middle] ?? 0) < hash) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** NGINX's `hash`: 15 bits of the CRC-32 modulo the weights; further tries add the hash of try and key. */
export function makeModulo(candidates: readonly Candidate[]): Spread {
  const total = candidates.reduce((sum, candidate) => sum + candidate.weight, 0);
  return {
    order: (key, step) => {
      let hash = 0;
      for (let each = 0; each <= step; each++) hash += (crc32(each === 0 ? key : `${each}${key}`) >>> 16) & 0x7fff;
      let left = hash % total;
      for (const candidate of candidates) {
        left -= candidate.weight;
        if (left < 0) return candidate;
      }
      return at(candidates, 0);
    },
  };
}

/** Size of a Maglev table: a prime, a hundred times more than members are likely to be (Maglev, NSDI 2016, 3.4). */
const tableSize = 65_537;

/** Maglev: members fill a table in turns, each along its own permutation, `weight` entries a turn. */
export function makeMaglev(candidates: readonly Candidate[]): Spread {
  const entries = new Int32Array(tableSize).fill(-1);
  const walks = candidates.map((candidate) => ({
    offset: mix(identity(candidate), 1) % tableSize,
    skip: (mix(identity(candidate), 2) % (tableSize - 1)) + 1,
    next: 0,
  }));
  for (let filled = 0; filled < tableSize;) {
    for (const [index, walk] of walks.entries()) {
      for (let turn = 0; turn < at(candidates, index).weight && filled < tableSize; turn++) {
        let place = (walk.offset + walk.next * walk.skip) % tableSize;
        while (entries[place] !== -1) place = (walk.offset + ++walk.next * walk.skip) % tableSize;
        entries[place] = index;
        walk.next++;
        filled++;
      }
    }
  }
  return { order: (key, step) => at(candidates, entries[(mix(key, 3) + step) % tableSize] ?? 0) };
}

/** Rendezvous: each member draws a number from the key, the highest by weight wins (weighted HRW: -w / ln u). */
export function makeRendezvous(candidates: readonly Candidate[]): Spread {
  const names = candidates.map(identity);
  return {
    order: (key, step) => {
      const scored = candidates.map((candidate, index) => {
        const drawn = (mix(`${key}\n${names[index] ?? ''}`, 4) + 0.5) / 4_294_967_296;
        return { candidate, score: -candidate.weight / Math.log(drawn) };
      });
      if (step > 0) scored.sort((a, b) => b.score - a.score);
      const best = step > 0 ? at(scored, step) : scored.reduce((a, b) => (b.score > a.score ? b : a));
      return best.candidate;
    },
  };
}

function identity(candidate: Candidate): string {
  return `${candidate.address}:${candidate.port}`;
}

/** 32 well-mixed bits of text (FNV-1a, finished as MurmurHash3 does). */
function mix(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) throw new RangeError('a choice among no candidates');
  return item;
}
