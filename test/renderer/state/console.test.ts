import { describe, expect, test } from 'vitest';
import { AppError } from '../../../src-main/contract/errors.ts';
import { ConsoleState } from '../../../src-renderer/state/console.svelte.ts';
import { deviceState, fakeConnection } from '../makers.ts';

const answers = {
  'app.info': {
    version: '0',
    shell: 'web',
    node: 'v26',
    vendors: [],
    secrets: { protection: 'memory', isLocked: false },
  },
  'devices.list': [deviceState('hap-1')],
  'push.list': [],
  'lab.get': { isRunning: false, backends: [] },
  'watch.set': null,
} as const;

describe('what the window knows of the console', () => {
  test('the inventory is read once at the start and replaced by each event', async () => {
    const connection = fakeConnection(answers);
    const state = new ConsoleState(connection);
    state.start();
    await state.load();
    expect(state.devices.map(({ spec }) => spec.name)).toEqual(['hap-1']);
    connection.tell('devices', [deviceState('hap-2')]);
    expect(state.devices.map(({ spec }) => spec.name)).toEqual(['hap-2']);
  });

  test('a failed start is told and leaves the window empty, not pretending', async () => {
    const state = new ConsoleState(
      fakeConnection({
        ...answers,
        'devices.list': () => {
          throw new AppError('STORE_CORRUPT', 'The inventory is damaged.');
        },
      }),
    );
    await state.load();
    expect(state.isLoaded).toBe(false);
    expect(state.loadProblem?.code).toBe('STORE_CORRUPT');
  });

  test('a console that comes back is read again, watches included', async () => {
    const connection = fakeConnection(answers);
    const state = new ConsoleState(connection);
    state.start();
    await state.load();
    state.watch('pool', [{ device: 'hap-1', pool: 'web' }]);
    connection.setStatus('closed');
    expect(state.isReachable).toBe(false);
    const before = connection.sent.length;
    connection.setStatus('open');
    await state.load();
    expect(state.isReachable).toBe(true);
    expect(connection.sent.slice(before).map(({ name }) => name)).toContain('devices.list');
    expect(connection.sent.at(-1)).toEqual({ name: 'watch.set', input: { pools: [{ device: 'hap-1', pool: 'web' }] } });
  });

  test('two views that watch the same pool ask for it once, and it stays until both have gone', () => {
    const connection = fakeConnection(answers);
    const state = new ConsoleState(connection);
    const web = { device: 'hap-1', pool: 'web' };
    const stopFirst = state.watch('pool', [web]);
    const stopSecond = state.watch('push', [web]);
    expect(connection.sent.at(-1)?.input).toEqual({ pools: [web] });
    stopFirst();
    expect(connection.sent.at(-1)?.input).toEqual({ pools: [web] });
    stopSecond();
    expect(connection.sent.at(-1)?.input).toEqual({ pools: [] });
  });

  test('the age of a device comes from the newest that is known', () => {
    const connection = fakeConnection(answers);
    const state = new ConsoleState(connection);
    state.devices = [deviceState('hap-1', { lastSampleAt: '2026-11-22T10:00:00.000Z' })];
    expect(state.answeredAtMs('hap-1')).toBe(Date.parse('2026-11-22T10:00:00.000Z'));
    expect(state.answeredAtMs('nope')).toBeUndefined();
    expect(state.freshness('nope')).toBe('waiting');
  });
});
