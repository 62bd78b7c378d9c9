import type { PoolSample, Sample } from '../../contract/metrics.ts';
import type { DeviceModel } from '../../contract/model.ts';

/**
 * A service group is counted once, however many virtual servers have it; the model has a pool for each of them. Each gets the group's
 * figures, by the agent under the group's name and by `stat` under each pool's, and all but the first are marked as counted already.
 */
export function namePools(sample: Sample, { pools }: DeviceModel): Sample {
  const groupOf = new Map(pools.map(({ name, native }) => [name, native?.['serviceGroup']]));
  const counted = new Set<string>();
  function marked(pool: PoolSample): PoolSample {
    const group = groupOf.get(pool.name);
    if (group === undefined) return pool;
    const isRepeated = counted.has(group);
    counted.add(group);
    return isRepeated ? { ...pool, isRepeated } : pool;
  }
  const named = sample.pools.flatMap((pool) => {
    const same = groupOf.has(pool.name) ? [] : pools.filter(({ name }) => groupOf.get(name) === pool.name);
    return same.length === 0 ? [pool] : same.map(({ name }) => ({ ...pool, name }));
  });
  return { ...sample, pools: named.map(marked) };
}
