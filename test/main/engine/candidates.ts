import type { Candidate, Choice } from '../../../src-main/engine/algorithms/algorithm.ts';

export interface TestCandidate extends Candidate {
  weight: number;
  measuredWeight: number;
  inFlight: number;
  responseTimeMs: number;
  bytesPerSecond: number;
  sessions: number;
}

/** Members a, b, c ... with these weights. */
export function candidates(...weights: readonly number[]): TestCandidate[] {
  return weights.map((weight, index) => ({
    index,
    name: String.fromCharCode(97 + index),
    address: `10.0.0.${index + 1}`,
    port: 80,
    weight,
    measuredWeight: weight * 100,
    inFlight: 0,
    responseTimeMs: 0,
    bytesPerSecond: 0,
    sessions: 0,
    state: 0,
  }));
}

/** A request; what is not given is empty. */
export function choice(
  given: Partial<Record<'source' | 'destination' | 'target' | 'host', string>> & {
    headers?: Record<string, string>;
  } = {},
): Choice {
  return {
    sourceAddress: () => given.source ?? '',
    sourcePort: () => 40_000,
    destinationAddress: () => given.destination ?? '127.0.0.1',
    target: () => given.target ?? '/',
    host: () => given.host ?? '',
    header: (name) => given.headers?.[name] ?? '',
    sni: () => '',
  };
}

/** A seeded source of numbers in [0, 1). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
