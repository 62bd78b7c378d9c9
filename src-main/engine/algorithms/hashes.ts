import type { AlgorithmSettings } from '../../contract/model.ts';
import type { Algorithm, Candidate, Choice, Chooser } from './algorithm.ts';
import { compileExpression } from './expression.ts';
import { cookieOf, parameterOf } from './request-parts.ts';
import { makeMaglev, makeModulo, makeRendezvous, makeRing, type Spread, type SpreadMaker } from './spread.ts';

/** So many tables are kept at most. */
const mostSpreads = 8;

type Key = (choice: Choice, name: string) => string;

const makers: Readonly<Record<NonNullable<AlgorithmSettings['hash']>, SpreadMaker>> = {
  ring: makeRing,
  modulo: makeModulo,
  maglev: makeMaglev,
  rendezvous: makeRendezvous,
};

/** The hashes: one for each thing of a request that can be the key. */
export const hashes: readonly Algorithm[] = [
  hash('source-ip-hash', 'Hash of the client address', (choice) => choice.sourceAddress()),
  hash(
    'source-ip-port-hash',
    'Hash of client address and port',
    (choice) => `${choice.sourceAddress()}:${choice.sourcePort()}`,
  ),
  hash('dest-ip-hash', 'Hash of the destination address', (choice) => choice.destinationAddress()),
  hash('uri-hash', 'Hash of path and query', (choice) => choice.target()),
  hash('host-hash', 'Hash of the host', (choice) => choice.host().toLowerCase()),
  hash('header-hash', 'Hash of a header field', (choice, name) => choice.header(name.toLowerCase()), true),
  hash('cookie-hash', 'Hash of a cookie', (choice, name) => cookieOf(choice.header('cookie'), name), true),
  hash('query-param-hash', 'Hash of a query parameter', (choice, name) => parameterOf(choice.target(), name), true),
  expressionHash(),
];

function hash(id: string, label: string, keyOf: Key, needsKey = false): Algorithm {
  return {
    id,
    label,
    isWeighted: true,
    isSequence: false,
    looksAtLoad: ({ boundedLoad }) => boundedLoad !== undefined,
    settings: needsKey ? ['key', 'hash', 'boundedLoad'] : ['hash', 'boundedLoad'],
    ...(needsKey ? { required: ['key'] as const } : {}),
    create: ({ settings }) => createChooser(settings, keyOf),
  };
}

/** `key` is the expression; configurations with another are refused before. */
function expressionHash(): Algorithm {
  const base = hash('expression-hash', 'Hash of an expression', () => '', true);
  return {
    ...base,
    create: ({ settings }) => {
      const expression = compileExpression(settings.key ?? '');
      if (expression === undefined) throw new Error(`no expression: ${settings.key ?? ''}`);
      return createChooser(settings, (choice) => expression.text(choice));
    },
  };
}

function createChooser(settings: AlgorithmSettings, keyOf: Key): Chooser {
  const make = makers[settings.hash ?? 'ring'];
  const factor = settings.boundedLoad;
  // The newest first. Retries and full members ask for parts of the pool in turns: a table is too dear to be made each time.
  const known: { readonly candidates: readonly Candidate[]; readonly spread: Spread }[] = [];
  function spreadOf(candidates: readonly Candidate[]): Spread {
    const place = known.findIndex((each) => isSame(each.candidates, candidates));
    const [found] = place < 0 ? [] : known.splice(place, 1);
    known.length = Math.min(known.length, mostSpreads - 1);
    const newest = found ?? { candidates, spread: make(candidates) };
    known.unshift(newest);
    return newest.spread;
  }
  return {
    choose: (candidates, choice) => {
      const [newest] = known;
      const spread = newest?.candidates === candidates ? newest.spread : spreadOf(candidates);
      const key = keyOf(choice, settings.key ?? '');
      return factor === undefined ? spread.order(key, 0) : withinBound(spread, candidates, key, factor);
    },
  };
}

/** The same members: a filtered list may be a new array each time. */
function isSame(known: readonly Candidate[], candidates: readonly Candidate[]): boolean {
  return known.length === candidates.length && known.every((candidate, index) => candidate === candidates[index]);
}

/** Consistent hashing with bounded loads: past a member that has more than `factor` times its share. */
function withinBound(spread: Spread, candidates: readonly Candidate[], key: string, factor: number): Candidate {
  let inFlight = 1;
  let weights = 0;
  for (const candidate of candidates) {
    inFlight += candidate.inFlight;
    weights += candidate.weight;
  }
  const seen = new Set<Candidate>();
  for (let step = 0; seen.size < candidates.length && step < 100_000; step++) {
    const candidate = spread.order(key, step);
    if (candidate.inFlight < Math.ceil((factor * inFlight * candidate.weight) / weights)) return candidate;
    seen.add(candidate);
  }
  return spread.order(key, 0);
}
