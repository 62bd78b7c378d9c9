import type { AlgorithmSettings } from '../../contract/model.ts';
import type { RequestParts } from './request-parts.ts';

/** A member as an algorithm sees it: numbers in place, updated by the pool between choices. */
export interface Candidate {
  /** Position in the pool's list of members. */
  readonly index: number;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Effective weight (slow start applied), at least 1 for a candidate. */
  readonly weight: number;
  /** `weight` times the percentage that the member's agent says, 100 where none did: in a scale of its own. */
  readonly measuredWeight: number;
  /** Requests (or connections) in flight now, those of other workers included. */
  readonly inFlight: number;
  /** Peak-sensitive moving average of the response time; 0 = never measured. */
  readonly responseTimeMs: number;
  /** Bytes towards the client in the last second. */
  readonly bytesPerSecond: number;
  /** Persistence entries that point at it. */
  readonly sessions: number;
  /** Algorithms keep their own number here between choices (smooth round robin's current weight ...). */
  state: number;
}

/** What a choice may look at, read only when asked for: hashes pay for what they hash. Absent values are empty. */
export interface Choice extends RequestParts {
  readonly sourcePort: () => number;
  readonly destinationAddress: () => string;
  readonly host: () => string;
}

/**
 * `candidates` are all available and never empty; the answer is one of them. The same array means the same members with
 * the same weights: tables may be kept for as long as it comes.
 */
export interface Chooser {
  readonly choose: (candidates: readonly Candidate[], choice: Choice) => Candidate;
}

/** What an algorithm is made with. `chance` gives numbers in [0, 1) from the engine's seeded source. */
export interface AlgorithmOptions {
  readonly chance: () => number;
  readonly settings: AlgorithmSettings;
}

/** One algorithm: a name and one pure question. */
export interface Algorithm {
  readonly id: string;
  readonly label: string;
  /** Respects weights. */
  readonly isWeighted: boolean;
  /** Walks a fixed sequence: each worker starts at its own offset in it, so that the sums hold. */
  readonly isSequence: boolean;
  /**
   * Looks at what members have in flight or carry (`inFlight`, `bytesPerSecond`), so that workers tell each other. Absent = never: then
   * these figures are this worker's alone.
   */
  readonly looksAtLoad?: (settings: AlgorithmSettings) => boolean;
  /** Which settings beside `name` it understands; any other is refused. */
  readonly settings: readonly (keyof AlgorithmSettings)[];
  /** Which of them must be given. */
  readonly required?: readonly (keyof AlgorithmSettings)[];
  readonly create: (options: AlgorithmOptions) => Chooser;
}
