import type { Sample } from '../../contract/metrics.ts';
import type { DeviceModel } from '../../contract/model.ts';

/**
 * The agent counts a service group once, however many virtual servers have it; the model has a pool for each of them. Each gets the
 * group's figures, and all but the first are marked as counted already.
 */
export function namePools(sample: Sample, { pools }: DeviceModel): Sample {
  return {
    ...sample,
    pools: sample.pools.flatMap((pool) => {
      const same = pools.filter(({ native }) => native?.['serviceGroup'] === pool.name);
      if (same.length === 0) return [pool];
      return same.map(({ name }, at) => ({ ...pool, name, ...(at === 0 ? {} : { isRepeated: true as const }) }));
    }),
  };
}
