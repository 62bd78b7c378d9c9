import type { DeviceModel } from '../../contract/model.ts';
import type { Plan } from '../../contract/plan.ts';
import type { GlobalFacts } from './cfg/facts.ts';
import { serverKey } from './runtime.ts';
import { differencesOf, type Expectation, type RunningState, startedState } from './standing.ts';

/** What a reload takes away, in words (management.txt 4; configuration.txt, hard-stop-after, peers). */
export function lossesOf(config: GlobalFacts): readonly string[] {
  const { hardStopAfterMs, tablesLostByReload } = config;
  return [
    'Counters start again at 0.',
    ...(hardStopAfterMs === undefined
      ? []
      : [`Connections that are still open ${hardStopAfterMs / 1000} s after the reload are cut (hard-stop-after).`]),
    ...(tablesLostByReload.length === 0
      ? []
      : [`Stick tables start empty, as no peers carry them over: ${tablesLostByReload.join(', ')}.`]),
  ];
}

/** Every other server whose running state is not what the file says: a reload takes it from the file. */
export function otherStates(model: DeviceModel, changed: Expectation, running: RunningState): Plan['affects'] {
  const own = new Set(changed.servers.map(({ pool, name }) => serverKey(pool, name)));
  const others = model.pools.flatMap((pool) =>
    pool.members
      .filter(
        (member) =>
          !own.has(serverKey(pool.name, member.name)) && running.servers.has(serverKey(pool.name, member.name)),
      )
      .map((member) => ({ pool: pool.name, name: member.name, accepted: [startedState(member)] })),
  );
  return others.flatMap((server) => {
    const found = differencesOf({ servers: [server], pools: [] }, running);
    return found.map((why) => ({
      kind: 'member',
      name: serverKey(server.pool, server.name),
      why: `${why} as the file says: the reload takes the file's`,
    }));
  });
}
