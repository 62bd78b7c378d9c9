import type { EngineSettings, PoolSettings, VirtualServerSettings } from '../config/settings.ts';
import type { KeeperLimits } from './keeper.ts';
import type { PersistenceSettings, TableMethod } from './method.ts';
import { persistenceMethods } from './registry.ts';

/** A pool that holds clients: by its own settings, or by those of a virtual server that reaches it. */
export interface HoldingPool {
  /** Empty where the settings are the pool's own. */
  readonly server: string;
  readonly pool: PoolSettings;
  readonly settings: PersistenceSettings;
}

/** A table, what it stands for and what it is bounded by. */
export interface TablePlan extends HoldingPool {
  readonly table: string;
  readonly method: TableMethod;
  readonly limits: KeeperLimits;
}

/** Every pool that holds clients in this configuration. */
export function holdingPools(settings: EngineSettings): HoldingPool[] {
  const own = settings.pools.flatMap((pool) =>
    pool.persistence === undefined ? [] : [{ server: '', pool, settings: pool.persistence }],
  );
  const ofServers = settings.virtualServers.flatMap((server) => {
    const { persistence } = server;
    if (persistence === undefined) return [];
    return reachedPools(server, settings.pools)
      .filter((pool) => pool.persistence === undefined)
      .map((pool) => ({ server: server.name, pool, settings: persistence }));
  });
  return [...own, ...ofServers];
}

/** The pools that a virtual server's requests may come to, backup pools included. */
export function reachedPools(
  server: Pick<VirtualServerSettings, 'pool' | 'routes'>,
  pools: readonly PoolSettings[],
): PoolSettings[] {
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  const reached = new Set<PoolSettings>();
  for (const name of [server.pool, ...server.routes.map((route) => route.pool)]) {
    for (let pool = byName.get(name); pool !== undefined && !reached.has(pool); pool = byName.get(pool.backupPool)) {
      reached.add(pool);
    }
  }
  return [...reached];
}

/** Every table that this configuration needs. */
export function planTables(settings: EngineSettings): TablePlan[] {
  return holdingPools(settings).flatMap((holding) => {
    const { settings: each } = holding;
    const limits = { timeoutMs: each.timeoutMs, maxEntries: each.maxEntries };
    return [each.method, each.fallback].flatMap((id) => {
      const method = persistenceMethods.get(id);
      if (method?.kind !== 'table') return [];
      return [{ ...holding, table: tableOf(ownerOf(holding), method, each), method, limits }];
    });
  });
}

export function ownerOf({ server, pool }: Pick<HoldingPool, 'server' | 'pool'>): string {
  return `${server}\n${pool.name}`;
}

/** The name of a table over reloads: it changes when its keys mean something else. */
export function tableOf(owner: string, method: TableMethod, settings: PersistenceSettings): string {
  return `${owner}\n${method.spaceOf(settings)}`;
}
