import type { Algorithm } from './algorithm.ts';
import { firstAvailable } from './first-available.ts';
import { leastConnections } from './least-connections.ts';
import { random, randomTwoChoices } from './random.ts';
import { roundRobin } from './round-robin.ts';

const list: readonly Algorithm[] = [roundRobin, leastConnections, random, randomTwoChoices, firstAvailable];

/** Every algorithm that the engine runs, by its name in the model. One import and one name make another. */
export const algorithms: ReadonlyMap<string, Algorithm> = new Map(list.map((algorithm) => [algorithm.id, algorithm]));
