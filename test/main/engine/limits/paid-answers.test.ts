import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src-main/engine/config/settings.ts';
import { PaidAnswers } from '../../../../src-main/engine/l4/paid-answers.ts';
import { Limits } from '../../../../src-main/engine/limits/limits.ts';
import { TimerWheel } from '../../../../src-main/engine/sockets/timer-wheel.ts';

/** Answers of one client under this many bytes a second, on a clock of the test's own. */
function open(bytesPerSecond: number) {
  let nowMs = 0;
  const wheel = new TimerWheel(() => nowMs);
  const limits = new Limits(wheel, 1);
  const server = { name: 'u', listen: ['127.0.0.1:1'], protocol: 'udp' as const, pool: 'p' };
  limits.configure(
    resolveSettings(
      { version: 1, virtualServers: [{ ...server, bandwidth: { bytesPerSecond } }], pools: [{ name: 'p' }] },
      '/',
    ),
  );
  const [sent, lost] = [new Array<string>(), new Array<number>()];
  let idles = 0;
  const answers = new PaidAnswers(
    (bytes) => sent.push(`${bytes[0] ?? 0} at ${nowMs}`),
    (bytes) => lost.push(bytes),
    () => idles++,
  );
  return {
    answers,
    sent,
    lost,
    idles: () => idles,
    put: (count: number, size: number) => {
      for (let each = 0; each < count; each++) answers.put(Buffer.alloc(size, each), limits.of('u'), '10.0.0.1');
    },
    advance: (ms: number) => {
      for (const end = nowMs + ms; nowMs < end;) {
        nowMs += 10;
        wheel.turn();
      }
    },
  };
}

describe('answers under a bandwidth', () => {
  it('leave at once where nothing limits them', () => {
    const { put, sent, answers } = open(0);
    put(3, 60_000);
    expect(sent).toEqual(['0 at 0', '1 at 0', '2 at 0']);
    expect(answers.isIdle).toBe(true);
  });

  it('leave in their order, no faster than it, each whole', () => {
    const { put, sent, lost, advance, idles } = open(40_000);
    put(5, 10_000);
    expect(sent).toEqual(['0 at 0']);
    for (let second = 1; second <= 2; second++) {
      advance(1000);
      // The rate, a quarter of a second's bytes and one datagram.
      expect(sent.length * 10_000).toBeLessThanOrEqual(40_000 * second + 20_000);
    }
    expect(sent.map((each) => each[0])).toEqual(['0', '1', '2', '3', '4']);
    expect([lost, idles()]).toEqual([[], 1]);
  });

  it('are lost where too many wait, and nothing that waits is forgotten', () => {
    const { put, sent, lost, advance, answers } = open(40_000);
    put(20, 10_000);
    expect(lost).toHaveLength(13);
    advance(10_000);
    expect(sent).toHaveLength(7);
    expect(answers.isIdle).toBe(true);
  });

  it('wait no more when the session is over', () => {
    const { put, sent, advance, answers } = open(40_000);
    put(5, 10_000);
    answers.close();
    advance(10_000);
    expect(sent).toHaveLength(1);
  });
});
