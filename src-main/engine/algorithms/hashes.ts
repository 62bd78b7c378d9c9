import type { AlgorithmSettings } from '../../contract/model.ts';
import type { Algorithm, Candidate, Choice, Chooser } from './algorithm.ts';
import { compileExpression } from './expression.ts';
import { cookieOf, parameterOf } from './request-parts.ts';
import { makeMaglev, makeModulo, makeRendezvous, makeRing, type Spread, type SpreadMaker } from './spread.ts';

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
  let known: readonly Candidate[] | undefined;
  let spread: Spread | undefined;
  return {
    choose: (candidates, choice) => {
      if (spread === undefined || !isSame(known, candidates)) {
        spread = make(candidates);
        known = candidates;
      }
      const key = keyOf(choice, settings.key ?? '');
      return factor === undefined ? spread.order(key, 0) : withinBound(spread, candidates, key, factor);
    },
  };
}

/** The same members: a filtered list may be a new array each time. */
function isSame(known: readonly Candidate[] | undefined, candidates: readonly Candidate[]): boolean {
  if (known === candidates) return true;
  return known?.length === candidates.length && known.every((candidate, index) => candidate === candidates[index]);
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
