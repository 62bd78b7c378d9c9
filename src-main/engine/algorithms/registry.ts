import type { Algorithm } from './algorithm.ts';
import { dynamicRatio } from './dynamic-ratio.ts';
import { firstAvailable } from './first-available.ts';
import { hashes } from './hashes.ts';
import { leastBandwidth } from './least-bandwidth.ts';
import { leastConnections, leastRequests } from './least-connections.ts';
import { leastResponseTime } from './least-response-time.ts';
import { leastSessions } from './least-sessions.ts';
import { random, randomTwoChoices } from './random.ts';
import { roundRobin } from './round-robin.ts';
import { staticRoundRobin } from './static-round-robin.ts';

const list: readonly Algorithm[] = [
  roundRobin,
  staticRoundRobin,
  leastConnections,
  leastRequests,
  leastResponseTime,
  leastBandwidth,
  leastSessions,
  random,
  randomTwoChoices,
  firstAvailable,
  dynamicRatio,
  ...hashes,
];

/** Every algorithm that the engine runs, by its name in the model. One import and one name make another. */
export const algorithms: ReadonlyMap<string, Algorithm> = new Map(list.map((algorithm) => [algorithm.id, algorithm]));
