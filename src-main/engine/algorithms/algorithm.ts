/** A member as an algorithm sees it: numbers in place, updated by the pool between choices. */
export interface Candidate {
  readonly index: number;
  readonly name: string;
  /** Effective weight (slow start applied), at least 1 for a candidate. */
  weight: number;
  /** Requests (or connections) in flight now. */
  inFlight: number;
  /** Members keep algorithm state here between choices (smooth round robin's current weight ...). */
  state: number;
}

/** What a choice may look at. `key` is set for hashes only. */
export interface Choice {
  readonly key: string;
}

/** `candidates` are all available and never empty; the answer is one of them. */
export interface Chooser {
  readonly choose: (candidates: readonly Candidate[], choice: Choice) => Candidate;
}

/** One algorithm: a name and one pure question. `chance` gives numbers in [0, 1) from the engine's seeded source. */
export interface Algorithm {
  readonly id: string;
  readonly label: string;
  readonly isWeighted: boolean;
  readonly create: (chance: () => number) => Chooser;
}
