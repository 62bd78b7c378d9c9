import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import { memberKey, type ToWorker } from '../../../src-main/engine/messages.ts';
import { LoadShare } from '../../../src-main/engine/supervisor/load-share.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Two workers, and what each was told. */
function shared(count = 2) {
  const told: { worker: number; message: ToWorker }[] = [];
  const workers = Array.from({ length: count }, (_, worker) => ({
    isReplacement: false,
    tell: (message: ToWorker) => told.push({ worker, message }),
  }));
  const share = new LoadShare(() => workers, { counts: () => new Map([['m', 3]]) });
  return { share, told };
}

function settings(algorithm: 'round-robin' | 'least-sessions') {
  return resolveSettings({ version: 1, pools: [{ name: 'p', algorithm, members: [] }] }, '/');
}

describe('what workers are told of each other', () => {
  it('wakes nobody where no pool looks at sessions and no load changes', () => {
    const { share, told } = shared();
    share.configure(settings('round-robin'));
    vi.advanceTimersByTime(1000);
    expect([vi.getTimerCount(), told]).toEqual([0, []]);
  });

  it('is how many clients each member holds, every 10 ms, only as long as a pool chooses by it', () => {
    const { share, told } = shared();
    share.configure(settings('least-sessions'));
    vi.advanceTimersByTime(10);
    const message = { type: 'sessions', counts: { [memberKey('p', 'm')]: 3 } };
    expect(told).toEqual([
      { worker: 0, message },
      { worker: 1, message },
    ]);
    share.configure(settings('round-robin'));
    vi.advanceTimersByTime(1000);
    expect([vi.getTimerCount(), told.length]).toEqual([0, 2]);
  });

  it('says nothing of sessions to a worker that is alone and has met every client itself', () => {
    const { share, told } = shared(1);
    share.configure(settings('least-sessions'));
    vi.advanceTimersByTime(100);
    expect(told).toEqual([]);
    share.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is the others' load once after a change, and nothing of a worker that has ended", () => {
    const { share, told } = shared();
    share.setLoad(0, { inFlight: { 'p/m': 2 }, bytesPerSecond: {} });
    share.setLoad(1, { inFlight: { 'p/m': 5 }, bytesPerSecond: { 'p/m': 7 } });
    vi.advanceTimersByTime(1000);
    share.setLoad(1, undefined);
    vi.advanceTimersByTime(1000);
    expect(told.map(({ worker, message }) => [worker, 'load' in message ? message.load : undefined])).toEqual([
      [0, { inFlight: { 'p/m': 5 }, bytesPerSecond: { 'p/m': 7 } }],
      [1, { inFlight: { 'p/m': 2 }, bytesPerSecond: {} }],
      [0, { inFlight: {}, bytesPerSecond: {} }],
      [1, { inFlight: { 'p/m': 2 }, bytesPerSecond: {} }],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
