import type { Keeper } from './keeper.ts';

/** Where a client may be held: a key in a table. */
export interface Place {
  readonly table: string;
  readonly key: string;
  /** Only what members answer makes entries here. */
  readonly isLearned: boolean;
  /** It is looked at where the method itself finds nothing. */
  readonly isFallback: boolean;
}

/** A client that nobody here knows, or whose member cannot serve it: who is it held on from now on? */
export interface Question {
  /** In order: the first that knows the client decides. */
  readonly places: readonly Place[];
  /** Whom the algorithm has chosen. */
  readonly proposed: string;
  /** The member that cannot serve it; empty = none. */
  readonly instead: string;
}

export interface Decision {
  readonly member: string;
  /** Who knew the client; by the algorithm the proposal stands. */
  readonly by: 'method' | 'fallback' | 'algorithm';
  /** Places whose entry is `member`'s now. */
  readonly set: readonly Place[];
  /** Those among them that pointed elsewhere before. */
  readonly moved: readonly Place[];
}

/** Decides and remembers. Whoever asks first is right: two workers that ask at once get one answer. */
export function decide(question: Question, tableOf: (table: string) => Keeper | undefined, nowMs: number): Decision {
  const { places, proposed, instead } = question;
  const known = places.map(({ table, key }) => tableOf(table)?.look(key, nowMs)?.member ?? '');
  const first = known.findIndex((member) => member !== '' && member !== instead);
  const member = known[first] ?? proposed;
  const by = first < 0 ? 'algorithm' : places[first]?.isFallback === true ? 'fallback' : 'method';
  const set = places.filter((place, index) => {
    const before = known[index] ?? '';
    // Another's entry in a later place stays: behind one address may be many clients.
    return (before === '' && !place.isLearned) || before === member || (before !== '' && before === instead);
  });
  for (const { table, key } of set) tableOf(table)?.set(key, member, nowMs);
  const moved = set.filter((place) => {
    const before = known[places.indexOf(place)] ?? '';
    return before !== '' && before !== member;
  });
  return { member, by, set, moved };
}
