import { describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../../src-main/contract/errors.ts';
import { HostLink } from '../../../src-main/transports/host-link.ts';
import type { HostSession } from '../../../src-main/transports/transport.ts';

describe('opening', () => {
  test('nothing is opened before the first call', () => {
    const { opened } = rig();
    expect(opened()).toBe(0);
  });

  test('many calls at once open one connection', async () => {
    const { link, opened } = rig();
    await Promise.all(Array.from({ length: 10 }, () => link.exec('true')));
    expect(opened()).toBe(1);
  });

  test('a lost connection is opened again by the next call', async () => {
    const { link, opened, clock, lose } = rig();
    await link.exec('true');
    clock.now += 60_000;
    lose();
    expect(link.isOpen()).toBe(false);
    await link.exec('true');
    expect(opened()).toBe(2);
  });

  test('a connection that is lost soon is opened again only after a wait', async () => {
    const { link, opened, clock, lose } = rig();
    await link.exec('true');
    lose();
    await expectCode(link.exec('true'), 'SESSION_CLOSED');
    clock.now += 1_000;
    await link.exec('true');
    expect(opened()).toBe(2);
  });
});

describe('waiting after failures', () => {
  test('waits double from 1 s to 60 s, and a call within a wait fails without a try', async () => {
    const { link, opened, clock, fail } = rig();
    fail('UNREACHABLE');
    await expectCode(link.exec('true'), 'UNREACHABLE');
    let tries = 1;
    for (const delayMs of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
      clock.now += delayMs - 1;
      await expectCode(link.exec('true'), 'UNREACHABLE');
      expect(opened()).toBe(tries);
      clock.now += 1;
      await expectCode(link.exec('true'), 'UNREACHABLE');
      tries += 1;
      expect(opened()).toBe(tries);
    }
  });

  test('chance shortens a wait to no less than half', async () => {
    const { link, opened, clock, fail } = rig(() => 0.999_999);
    fail('TIMED_OUT');
    await expectCode(link.exec('true'), 'TIMED_OUT');
    clock.now += 499;
    await expectCode(link.exec('true'), 'TIMED_OUT');
    expect(opened()).toBe(1);
    clock.now += 2;
    await expectCode(link.exec('true'), 'TIMED_OUT');
    expect(opened()).toBe(2);
  });

  test('a session that held makes the waits start anew', async () => {
    const { link, opened, clock, fail, lose } = rig();
    fail('UNREACHABLE');
    for (const delayMs of [0, 1_000, 2_000]) {
      clock.now += delayMs;
      await expectCode(link.exec('true'), 'UNREACHABLE');
    }
    fail(undefined);
    clock.now += 4_000;
    await link.exec('true');
    clock.now += 10_000;
    lose();
    fail('UNREACHABLE');
    await expectCode(link.exec('true'), 'UNREACHABLE');
    const before = opened();
    clock.now += 1_000;
    await expectCode(link.exec('true'), 'UNREACHABLE');
    expect(opened()).toBe(before + 1);
  });

  test.each(['AUTH_FAILED', 'HOST_KEY_UNKNOWN', 'HOST_KEY_CHANGED'] as const)(
    '%s is not tried again until told',
    async (code) => {
      const { link, opened, clock, fail } = rig();
      fail(code);
      await expectCode(link.exec('true'), code);
      clock.now += 1e9;
      await expectCode(link.exec('true'), code);
      expect(opened()).toBe(1);
      fail(undefined);
      link.retryNow();
      await link.exec('true');
      expect(opened()).toBe(2);
    },
  );
});

describe('giving up', () => {
  test('a call that is called off while the connection opens ends, and the opening goes on for the others', async () => {
    const { link, opened, hold } = rig();
    const release = hold();
    const aborter = new AbortController();
    const given = expectCode(link.exec('a', { signal: aborter.signal }), 'CANCELLED');
    const kept = link.exec('b');
    aborter.abort();
    await given;
    release();
    expect((await kept).stdout.toString()).toBe('b');
    expect(opened()).toBe(1);
  });

  test('a call waits for the connection no longer than its own time', async () => {
    const { link, hold } = rig();
    const release = hold();
    await expectCode(link.exec('a', { timeoutMs: 5 }), 'TIMED_OUT');
    release();
  });

  test('the time that the connection took is taken off the time of the call', async () => {
    const { link, hold, clock, timeouts } = rig();
    const release = hold();
    const call = link.exec('a', { timeoutMs: 10_000 });
    clock.now += 4_000;
    release();
    await call;
    expect(timeouts).toEqual([6_000]);
  });

  test('a closed link fails all calls, and a connection that opens too late is closed', async () => {
    const { link, hold, isSessionOpen } = rig();
    const release = hold();
    const waiting = expectCode(link.exec('a'), 'SESSION_CLOSED');
    link.close();
    await waiting;
    release();
    await Promise.resolve();
    await expectCode(link.exec('b'), 'SESSION_CLOSED');
    expect(isSessionOpen()).toBe(false);
  });

  test('a failing call is not sent a second time', async () => {
    const { link, sent, breakCalls } = rig();
    breakCalls();
    await expectCode(link.exec('reload'), 'SESSION_CLOSED');
    expect(sent).toEqual(['reload']);
  });
});

interface Rig {
  readonly link: HostLink;
  readonly clock: { now: number };
  readonly opened: () => number;
  readonly sent: string[];
  readonly timeouts: (number | undefined)[];
  readonly fail: (code: ErrorCode | undefined) => void;
  readonly lose: () => void;
  readonly breakCalls: () => void;
  readonly isSessionOpen: () => boolean;
  /** Holds the next opening until what it gives back is called. */
  readonly hold: () => () => void;
}

function rig(chance: () => number = () => 0): Rig {
  const clock = { now: 0 };
  const sent: string[] = [];
  const timeouts: (number | undefined)[] = [];
  const state = { opened: 0, isOpen: false, isBroken: false, code: undefined as ErrorCode | undefined };
  let gate = Promise.resolve();
  const session: HostSession = {
    exec: (command, options) => {
      sent.push(command);
      timeouts.push(options?.timeoutMs);
      if (state.isBroken) return Promise.reject(new AppError('SESSION_CLOSED', 'lost'));
      return Promise.resolve({ code: 0, signal: null, stdout: Buffer.from(command), stderr: Buffer.alloc(0) });
    },
    readFile: () => Promise.resolve(Buffer.alloc(0)),
    request: () => Promise.resolve(Buffer.alloc(0)),
    isOpen: () => state.isOpen,
    close: () => {
      state.isOpen = false;
    },
  };
  const link = new HostLink({
    now: () => clock.now,
    chance,
    open: async () => {
      state.opened += 1;
      await gate;
      if (state.code !== undefined) throw new AppError(state.code, 'no');
      state.isOpen = true;
      return session;
    },
  });
  return {
    link,
    clock,
    sent,
    timeouts,
    opened: () => state.opened,
    fail: (code) => {
      state.code = code;
    },
    lose: () => {
      state.isOpen = false;
    },
    breakCalls: () => {
      state.isBroken = true;
    },
    isSessionOpen: () => state.isOpen,
    hold: () => {
      let release: (() => void) | undefined;
      gate = new Promise((resolve) => {
        release = resolve;
      });
      return () => {
        release?.();
      };
    },
  };
}

async function expectCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await expect(promise).rejects.toMatchObject({ code });
}
