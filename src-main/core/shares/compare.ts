import type { PoolRow } from '../../contract/api.ts';
import type { AlgorithmName } from '../../contract/model.ts';

/** What a member's share is measured in, and whether its weight only is a reference for it. */
export interface Comparison {
  readonly by: PoolRow['comparedBy'];
  readonly isReference: boolean;
}

function exact(by: Comparison['by']): Comparison {
  return { by, isReference: false };
}
function reference(by: Comparison['by']): Comparison {
  return { by, isReference: true };
}

/**
 * What each algorithm spreads by weight: requests, open connections (where the device tells no requests in flight, they are the nearest),
 * bytes. A hash, a response time or a measured ratio follows something else than weights, which then are a reference. Where one
 * member takes all, or places decide, there is nothing to compare.
 */
const comparisons: Readonly<Record<AlgorithmName, Comparison>> = {
  'round-robin': exact('requests'),
  'static-round-robin': exact('requests'),
  random: exact('requests'),
  'random-two-choices': exact('requests'),
  'ratio-session': exact('requests'),
  'least-connections': exact('connections'),
  'least-requests': exact('connections'),
  'least-sessions': exact('connections'),
  'least-bandwidth': exact('bytes'),
  'least-packets': reference('bytes'),
  'least-response-time': reference('requests'),
  'dynamic-ratio': reference('requests'),
  observed: reference('requests'),
  predictive: reference('requests'),
  'source-ip-hash': reference('requests'),
  'source-ip-port-hash': reference('requests'),
  'dest-ip-hash': reference('requests'),
  'src-dst-hash': reference('requests'),
  'uri-hash': reference('requests'),
  'host-hash': reference('requests'),
  'header-hash': reference('requests'),
  'cookie-hash': reference('requests'),
  'query-param-hash': reference('requests'),
  'expression-hash': reference('requests'),
  'rdp-cookie-hash': reference('requests'),
  'sip-callid-hash': reference('requests'),
  stateless: reference('requests'),
  delegated: reference('requests'),
  unknown: reference('requests'),
  'first-available': exact('none'),
  geo: exact('none'),
  proximity: exact('none'),
  link: exact('none'),
};

/** An algorithm that is not told is taken as unknown. */
export function comparisonFor(algorithm: AlgorithmName | undefined): Comparison {
  return comparisons[algorithm ?? 'unknown'];
}
