import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineConfig, EnginePool } from '../../../src-main/contract/engine-config.ts';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import { HeldTables } from '../../../src-main/engine/persistence/held-tables.ts';
import { Beat } from '../../../src-main/engine/runtime/beat.ts';
import { WorkerContext } from '../../../src-main/engine/runtime/context.ts';
import { Leases } from '../../../src-main/engine/runtime/leases.ts';
import { Tables } from '../../../src-main/engine/runtime/tables.ts';
import { seeded } from './candidates.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** The tables of one of two workers. */
function tables() {
  const leases = new Leases(() => undefined, 2, { usedOf: () => 0, isWanted: () => false });
  const held = new HeldTables(() => undefined, false);
  const tested = new Tables(seeded(1), { index: 0, count: 2 }, held, new WorkerContext(), leases);
  function configure(config: Omit<EngineConfig, 'version'>): Tables {
    tested.configure({
      generation: 1,
      settings: resolveSettings({ version: 1, ...config }, '/'),
      fallbackBodies: {},
      tls: { servers: {}, poolAuthorities: {} },
      ticketKeys: {},
      ocsp: {},
      acmeAnswers: {},
      health: [],
      listeners: [],
    });
    return tested;
  }
  return {
    configure,
    withPool: (pool: Partial<EnginePool>) =>
      configure({ pools: [{ name: 'p', members: [{ name: 'm', address: '10.0.0.1', port: 80 }], ...pool }] }),
  };
}

describe('a beat', () => {
  it('counts no wake-up before it is needed nor after, and says what is left when it ends', () => {
    let count = 0;
    const beat = new Beat(10, () => count++);
    beat.set(false);
    vi.advanceTimersByTime(1000);
    expect([count, vi.getTimerCount()]).toEqual([0, 0]);
    beat.set(true);
    beat.set(true);
    vi.advanceTimersByTime(100);
    expect(count).toBe(10);
    beat.set(false);
    beat.set(false);
    vi.advanceTimersByTime(1000);
    expect([count, vi.getTimerCount()]).toEqual([11, 0]);
  });
});

describe("a worker's tables", () => {
  it('tell their load only where an algorithm looks at it or a queue may fill', () => {
    const { withPool } = tables();
    expect(withPool({ algorithm: 'round-robin' }).tellsLoad).toBe(false);
    expect(withPool({ algorithm: 'source-ip-hash' }).tellsLoad).toBe(false);
    expect(withPool({ algorithm: 'least-connections' }).tellsLoad).toBe(true);
    expect(withPool({ algorithm: { name: 'uri-hash', boundedLoad: 125 } }).tellsLoad).toBe(true);
    expect(withPool({ algorithm: 'round-robin', queue: { limit: 5 } }).tellsLoad).toBe(true);
  });

  it('go on telling while somebody waits in a pool that has lost its queue', () => {
    const { withPool } = tables();
    withPool({ queue: { limit: 5 } })
      .pool('p')
      ?.waiting.push({ onRoom: () => undefined });
    const full = { members: [{ name: 'm', address: '10.0.0.1', port: 80, adminState: 'disabled' as const }] };
    expect(withPool(full).tellsLoad).toBe(true);
  });

  it('count bytes by the second for least bandwidth alone', () => {
    const { withPool } = tables();
    expect(withPool({ algorithm: 'least-connections' }).hasWindows).toBe(false);
    expect(withPool({ algorithm: 'least-bandwidth' }).hasWindows).toBe(true);
  });

  it('have shares of rates to ask for only where there are rates', () => {
    const { configure } = tables();
    const server = { name: 'web', listen: ['127.0.0.1:0'] };
    expect(configure({ virtualServers: [server] }).limits.isOn).toBe(false);
    expect(configure({ virtualServers: [{ ...server, requestRate: { perClientPerSecond: 5 } }] }).limits.isOn).toBe(
      true,
    );
    expect(configure({ virtualServers: [server] }).limits.isOn).toBe(false);
    expect(configure({ bandwidth: { bytesPerSecond: 1000 } }).limits.isOn).toBe(true);
  });
});
