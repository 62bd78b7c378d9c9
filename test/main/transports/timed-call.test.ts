import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '../../../src-main/contract/errors.ts';
import { ByteSink } from '../../../src-main/transports/byte-sink.ts';
import { Lifeline, type Settle, timedCall } from '../../../src-main/transports/timed-call.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a call', () => {
  test.each([
    [
      'resolve',
      (rig: Rig) => {
        rig.settle.resolve(1);
      },
      undefined,
    ],
    [
      'reject',
      (rig: Rig) => {
        rig.settle.reject(new AppError('NOT_FOUND', 'x'));
      },
      'NOT_FOUND',
    ],
    ['time', () => vi.advanceTimersByTime(1000), 'TIMED_OUT'],
    [
      'abort',
      (rig: Rig) => {
        rig.aborter.abort();
      },
      'CANCELLED',
    ],
    [
      'death',
      (rig: Rig) => {
        rig.lifeline.end(new AppError('SESSION_CLOSED', 'gone'));
      },
      'SESSION_CLOSED',
    ],
  ] as const)('ended by %s stops once and leaves neither timer nor listener', async (_name, act, code) => {
    const rig = start();
    const removed = vi.spyOn(rig.aborter.signal, 'removeEventListener');
    act(rig);
    rig.settle.resolve(2);
    rig.aborter.abort();
    if (code === undefined) expect(await rig.call).toBe(1);
    else await expect(rig.call).rejects.toMatchObject({ code });
    expect(rig.stops()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
    expect(rig.lifeline.waiting).toBe(0);
    expect(removed).toHaveBeenCalledOnce();
  });

  test('that settles while it starts is stopped as well', async () => {
    let stops = 0;
    const call = timedCall<number>({ what: 'x', timeoutMs: 1000 }, ({ resolve }) => {
      resolve(7);
      return () => (stops += 1);
    });
    expect(await call).toBe(7);
    expect(stops).toBe(1);
  });

  test('on what has ended, or called off before, does not start', async () => {
    const start = vi.fn(() => () => undefined);
    const lifeline = new Lifeline();
    lifeline.end(new AppError('SESSION_CLOSED', 'gone'));
    await expect(timedCall({ what: 'x', timeoutMs: 1, lifeline }, start)).rejects.toMatchObject({
      code: 'SESSION_CLOSED',
    });
    const signal = AbortSignal.abort();
    await expect(timedCall({ what: 'x', timeoutMs: 1, signal }, start)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(start).not.toHaveBeenCalled();
  });
});

describe('a byte sink', () => {
  test('takes exactly as many bytes as it may', () => {
    const sink = new ByteSink('x', 10);
    expect(sink.push(Buffer.from('12345'))).toBeUndefined();
    expect(sink.push(Buffer.from('67890'))).toBeUndefined();
    expect(sink.bytes().toString()).toBe('1234567890');
    expect(sink.push(Buffer.from('!'))?.code).toBe('OUTPUT_UNPARSED');
  });

  test('keeps all bytes in order, however they come', () => {
    const sink = new ByteSink('x', 1_000_000);
    const whole = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 256));
    for (let at = 0, size = 1; at < whole.length; at += size, size = (size * 7) % 1000 || 1) {
      size = Math.min(size, whole.length - at);
      sink.push(whole.subarray(at, at + size));
    }
    expect(sink.bytes().equals(whole)).toBe(true);
  });
});

interface Rig {
  readonly call: Promise<number>;
  readonly settle: Settle<number>;
  readonly aborter: AbortController;
  readonly lifeline: Lifeline;
  readonly stops: () => number;
}

function start(): Rig {
  const aborter = new AbortController();
  const lifeline = new Lifeline();
  let stops = 0;
  let settle: Settle<number> = { resolve: () => undefined, reject: () => undefined };
  const call = timedCall<number>({ what: 'x', timeoutMs: 1000, signal: aborter.signal, lifeline }, (given) => {
    settle = given;
    return () => (stops += 1);
  });
  call.catch(() => undefined);
  return { call, settle, aborter, lifeline, stops: () => stops };
}
