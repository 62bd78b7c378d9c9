import type { CallName, DeviceState, EventName, Events, MemberRow, PoolRow } from '../../src-main/contract/api.ts';
import type { Connection } from '../../src-renderer/api.ts';

/** A member in rotation with nothing remarkable about it. */
export function memberRow(name: string, settings: Partial<MemberRow> = {}): MemberRow {
  return { name, weight: 1, adminState: 'enabled', health: 'up', isInRotation: true, ...settings };
}

export function poolRow(members: readonly MemberRow[], settings: Partial<PoolRow> = {}): PoolRow {
  return {
    device: 'hap-1',
    name: 'web',
    at: '2026-11-22T10:00:00.000Z',
    comparedBy: 'requests',
    isReference: false,
    health: 'up',
    members,
    ...settings,
  };
}

export function deviceState(name: string, settings: Partial<DeviceState> = {}): DeviceState {
  return {
    spec: { name, address: `haproxy+ssh://${name}`, environment: 'production' },
    freshness: 'fresh',
    lock: { isLocked: true },
    ...settings,
  };
}

export interface FakeConnection extends Connection {
  /** Every call in its order. */
  readonly sent: readonly { readonly name: CallName; readonly input: unknown }[];
  readonly tell: <E extends EventName>(event: E, data: Events[E]) => void;
  readonly setStatus: (status: 'open' | 'closed') => void;
}

/** A connection whose calls are answered by `answers` (a value, or a function that may throw); other calls fail. */
export function fakeConnection(answers: Partial<Record<CallName, unknown>> = {}): FakeConnection {
  const sent: { name: CallName; input: unknown }[] = [];
  const listeners: { event: EventName; listener: (data: never) => void }[] = [];
  const statuses: ((status: 'open' | 'closed') => void)[] = [];
  return {
    sent,
    call: async (name, input) => {
      sent.push({ name, input });
      await Promise.resolve();
      if (!(name in answers)) throw new Error(`no answer for ${name}`);
      const answer = answers[name];
      return (isFunction(answer) ? answer(input) : answer) as never; // the test gives what the contract says
    },
    on: (event, listener) => {
      listeners.push({ event, listener });
      return () => undefined;
    },
    onStatus: (listener) => {
      statuses.push(listener);
      return () => undefined;
    },
    tell: (event, data) => {
      for (const each of listeners) if (each.event === event) each.listener(data as never); // the event decides the type
    },
    setStatus: (status) => {
      for (const listener of statuses) listener(status);
    },
  };
}

function isFunction(value: unknown): value is (input: unknown) => unknown {
  return typeof value === 'function';
}
