import type { MemberSample, Sample } from '../../../src-main/contract/metrics.ts';

/** A sample at a second after an hour of our own, with one pool. */
export function sample(second: number, members: readonly MemberSample[], more: Partial<Sample> = {}): Sample {
  return {
    at: new Date(Date.UTC(2026, 10, 22, 10) + second * 1000).toISOString(),
    device: { vendor: 'haproxy' },
    epoch: 'process 1',
    virtualServers: [],
    pools: [{ name: 'app', members: [...members] }],
    errors: [],
    ...more,
  };
}
