import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../../src-main/engine/config/settings.ts';
import { Bucket } from '../../../../src-main/engine/limits/bucket.ts';
import { Limits } from '../../../../src-main/engine/limits/limits.ts';
import { Meter } from '../../../../src-main/engine/limits/meter.ts';
import { TimerWheel } from '../../../../src-main/engine/sockets/timer-wheel.ts';

/** A clock of the test's own and a wheel that turns by it. */
function clock() {
  let nowMs = 0;
  const wheel = new TimerWheel(() => nowMs);
  return {
    wheel,
    advance: (ms: number, stepMs = 10) => {
      for (const end = nowMs + ms; nowMs < end;) {
        nowMs = Math.min(end, nowMs + stepMs);
        wheel.turn();
      }
    },
  };
}

/** A connection that always has something to send. */
class Eager {
  sent = 0;
  longestAtOnce = 0;
  readonly meter: Meter;
  readonly #sliceBytes: number;

  constructor(buckets: { own?: Bucket; shared: readonly Bucket[]; afterBytes?: number }, sliceBytes?: number) {
    this.meter = new Meter({ own: buckets.own, shared: buckets.shared, afterBytes: buckets.afterBytes ?? 0 }, () => {
      this.#pass();
      this.start();
    });
    this.#sliceBytes = sliceBytes ?? this.meter.sliceBytes;
  }

  start(): void {
    let atOnce = 0;
    while (this.meter.take(this.#sliceBytes)) {
      this.#pass();
      atOnce += this.#sliceBytes;
    }
    this.longestAtOnce = Math.max(this.longestAtOnce, atOnce);
  }

  #pass(): void {
    this.sent += this.#sliceBytes;
  }
}

describe('a bandwidth limit', () => {
  it('lets pass the rate, the burst and one slice, and no more', () => {
    const { wheel, advance } = clock();
    const bucket = new Bucket(wheel, 1_000_000);
    const only = new Eager({ shared: [bucket] });
    only.start();
    expect(only.sent).toBeLessThanOrEqual(250_000 + only.meter.sliceBytes);
    for (let second = 1; second <= 10; second++) {
      advance(1000);
      expect(only.sent).toBeLessThanOrEqual(second * 1_000_000 + 250_000 + only.meter.sliceBytes);
      expect(only.sent).toBeGreaterThanOrEqual(second * 1_000_000 - 64_000);
    }
  });

  it('is smooth: every tenth of a second gets about its part', () => {
    const { wheel, advance } = clock();
    const only = new Eager({ shared: [new Bucket(wheel, 1_000_000)] });
    only.start();
    advance(1000);
    for (let turn = 0; turn < 50; turn++) {
      const before = only.sent;
      advance(128);
      expect(Math.abs(only.sent - before - 128_000)).toBeLessThanOrEqual(64_000 + only.meter.sliceBytes);
    }
  });

  it('is fair between connections, those that came later included', () => {
    const { wheel, advance } = clock();
    const bucket = new Bucket(wheel, 1_000_000);
    const connections = Array.from({ length: 10 }, () => new Eager({ shared: [bucket] }));
    for (const each of connections) each.start();
    advance(10_000);
    const late = Array.from({ length: 10 }, () => new Eager({ shared: [bucket] }));
    const before = connections.map((each) => each.sent);
    for (const each of late) each.start();
    advance(20_000);
    const sent = [
      ...connections.map((each, index) => each.sent - (before[index] ?? 0)),
      ...late.map((each) => each.sent),
    ];
    const slice = 16_384;
    for (const each of sent) expect(Math.abs(each - 1_000_000)).toBeLessThanOrEqual(2 * slice);
  });

  it('of a connection, a client and a server hold at once', () => {
    const { wheel, advance } = clock();
    const server = new Bucket(wheel, 1_000_000);
    const slow = new Eager({ own: new Bucket(wheel, 50_000), shared: [server] });
    const client = new Bucket(wheel, 200_000);
    const pair = [0, 1].map(() => new Eager({ shared: [client, server] }));
    const free = new Eager({ shared: [server] });
    for (const each of [slow, ...pair, free]) each.start();
    advance(20_000);
    expect(slow.sent).toBeLessThanOrEqual(20 * 50_000 + 12_500 + 2 * 3125);
    expect(slow.sent).toBeGreaterThanOrEqual(20 * 50_000 - 10_000);
    const both = pair.reduce((sum, each) => sum + each.sent, 0);
    expect(both).toBeLessThanOrEqual(20 * 200_000 + 50_000 + 12_500);
    expect(both).toBeGreaterThanOrEqual(20 * 200_000 - 50_000);
    // What the others may not use is the free one's.
    const total = slow.sent + both + free.sent;
    expect(total).toBeLessThanOrEqual(20 * 1_000_000 + 250_000 + 16_384);
    expect(total).toBeGreaterThanOrEqual(20 * 1_000_000 - 100_000);
  });

  it('begins after `afterBytes` of each response', () => {
    const { wheel, advance } = clock();
    const own = new Bucket(wheel, 10_000);
    const only = new Eager({ own, shared: [], afterBytes: 100_000 });
    only.start();
    expect(only.sent).toBeGreaterThanOrEqual(100_000);
    expect(only.sent).toBeLessThanOrEqual(100_000 + 2500 + 2 * 1024);
    advance(10_000);
    expect(only.sent).toBeLessThanOrEqual(200_000 + 2500 + 2 * 1024);
  });

  it('forgets a connection that ended while it waited', () => {
    const { wheel, advance } = clock();
    const bucket = new Bucket(wheel, 10_000);
    const [gone, other] = [new Eager({ shared: [bucket] }), new Eager({ shared: [bucket] })];
    gone.start();
    other.start();
    const { sent } = gone;
    gone.meter.close();
    advance(10_000);
    expect(gone.sent).toBe(sent);
    expect(gone.sent + other.sent).toBeGreaterThanOrEqual(98_000);
  });

  it('changes its rate with a reload while connections wait', () => {
    const { wheel, advance } = clock();
    const limits = new Limits(wheel, 1);
    function configure(bytesPerSecond: number): void {
      limits.configure(
        resolveSettings(
          { version: 1, virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], bandwidth: { bytesPerSecond } }] },
          '/',
        ),
      );
    }
    configure(10_000);
    let sent = 0;
    const meter = limits.of('web')?.openMeter('10.0.0.1', () => {
      sent += 1000;
      while (meter?.take(1000) === true) sent += 1000;
    });
    while (meter?.take(1000) === true) sent += 1000;
    advance(10_000);
    expect(Math.abs(sent - 100_000)).toBeLessThanOrEqual(5000);
    configure(100_000);
    const before = sent;
    advance(10_000);
    expect(Math.abs(sent - before - 1_000_000)).toBeLessThanOrEqual(30_000);
    configure(0);
    expect(limits.of('web')).toBeUndefined();
  });
});
