import { describe, expect, it } from 'vitest';
import { LeaseDesk } from '../../../../src-main/engine/supervisor/lease-desk.ts';

/** Workers that keep to what they are told, each at its own time, and remember what they kept to. */
function workers(count: number, isInstant = true) {
  const shares = Array.from({ length: count }, () => 1 / count);
  const sums: number[] = [];
  const pending: (() => void)[] = [];
  const holders = shares.map((_, index) => ({
    setShares: (next: Readonly<Record<string, number>>) =>
      new Promise<void>((resolve) => {
        function take(): void {
          shares[index] = next['k'] ?? 1 / count;
          sums.push(shares.reduce((sum, each) => sum + each, 0));
          resolve();
        }
        if (isInstant) take();
        else pending.push(take);
      }),
  }));
  return { shares, sums, pending, desk: new LeaseDesk(holders) };
}

describe('leases of limits', () => {
  it('move to the worker that asks and come back to equal parts after a rest', async () => {
    const { desk, shares, sums } = workers(2);
    desk.hear(1, { k: 1000 }, 0);
    await desk.turn(100);
    expect(shares[1]).toBeGreaterThan(0.9);
    expect(shares[0]).toBeGreaterThan(0);
    await desk.turn(10_000);
    expect(shares.map((share) => Math.round(share * 100))).toEqual([50, 50]);
    expect(Math.max(...sums)).toBeLessThanOrEqual(1.000001);
  });

  it('follow what each asks for', async () => {
    const { desk, shares } = workers(4);
    for (let turn = 0; turn < 5; turn++) {
      desk.hear(0, { k: 300 }, turn * 100);
      desk.hear(2, { k: 100 }, turn * 100);
      await desk.turn(turn * 100);
    }
    expect(shares[0]).toBeGreaterThan(2.5 * (shares[2] ?? 1));
    expect(shares.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(0.99);
  });

  it('never add up to more than the whole, however late a worker gives its part back', async () => {
    const { desk, sums, pending, shares } = workers(3, false);
    for (let turn = 0; turn < 30; turn++) {
      desk.hear(turn % 3, { k: 100 * (turn + 1) }, turn * 100);
      const done = desk.turn(turn * 100);
      while (pending.length > 0) {
        pending.splice(turn % pending.length, 1)[0]?.();
        await new Promise((resolve) => setImmediate(resolve));
      }
      await done;
    }
    expect(Math.max(...sums)).toBeLessThanOrEqual(1.000001);
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });
});
