import { describe, expect, it } from 'vitest';
import { WorkerWatch, type Watched } from '../../../src-main/engine/supervisor/worker-watch.ts';

class Worker implements Watched {
  isWatched = true;
  hasSpoken = false;

  takeSpoken(): boolean {
    const { hasSpoken } = this;
    this.hasSpoken = false;
    return hasSpoken;
  }
}

/** Looks every 500 ms from `from` to `to`; answers when somebody was found. */
function found(watch: WorkerWatch, workers: readonly Worker[], from: number, to: number, timeoutMs = 3000): number[] {
  const times: number[] = [];
  for (let now = from; now <= to; now += 500) if (watch.look(workers, timeoutMs, now).length > 0) times.push(now);
  return times;
}

describe('the watch over workers', () => {
  it('finds one that says nothing for the time, once', () => {
    const [silent, speaking] = [new Worker(), new Worker()];
    const watch = new WorkerWatch(0);
    const times: number[] = [];
    for (let now = 500; now <= 10_000; now += 500) {
      speaking.hasSpoken = now % 1000 === 0;
      const hanging = watch.look([silent, speaking], 3000, now);
      if (hanging.length > 0) times.push(now);
      expect(hanging).not.toContain(speaking);
    }
    expect(times).toEqual([3000]);
  });

  it('lets a busy one live that says something before its time is over, however rarely', () => {
    const busy = new Worker();
    const watch = new WorkerWatch(0);
    for (let turn = 0; turn < 20; turn++) {
      expect(found(watch, [busy], turn * 3000 + 500, turn * 3000 + 2500)).toEqual([]);
      busy.hasSpoken = true;
      expect(found(watch, [busy], turn * 3000 + 3000, turn * 3000 + 3000)).toEqual([]);
    }
  });

  it('blames nobody for the time in which it could not look itself', () => {
    const worker = new Worker();
    const watch = new WorkerWatch(0);
    expect(found(watch, [worker], 500, 1000)).toEqual([]);
    // The machine slept for an hour.
    expect(watch.look([worker], 3000, 3_600_000)).toEqual([]);
    worker.hasSpoken = true;
    expect(found(watch, [worker], 3_600_500, 3_603_000)).toEqual([]);
    expect(found(watch, [worker], 3_603_500, 3_604_000)).toEqual([3_603_500]);
  });

  it('waits for no one that has not started, and for nobody where the time is 0', () => {
    const starting = new Worker();
    starting.isWatched = false;
    const watch = new WorkerWatch(0);
    expect(found(watch, [starting], 500, 20_000)).toEqual([]);
    starting.isWatched = true;
    expect(found(watch, [starting], 20_500, 40_000, 0)).toEqual([]);
    // From here on it is looked for.
    expect(found(watch, [starting], 40_500, 50_000)).toEqual([43_000]);
  });
});
