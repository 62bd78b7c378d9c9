import { connect, type Socket } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { startRawMember, type RawMember } from '../../rigs/raw-http.ts';

const patience = { timeout: 40_000, interval: 20 };
let engine: TestEngine | undefined;
let member: RawMember | undefined;
const clients: Socket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await engine?.stop();
  await member?.close();
  engine = member = undefined;
});

/** A connection that stays, and asks when it is told to. */
function open(port: number) {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  const state = { answers: 0, isEnded: false };
  socket.on('data', (bytes: Buffer) => {
    state.answers += bytes.toString('latin1').split('200 OK').length - 1;
  });
  socket.on('error', () => undefined);
  socket.on('close', () => {
    state.isEnded = true;
  });
  return { state, ask: () => socket.write('GET / HTTP/1.1\r\nHost: l\r\n\r\n') };
}

it('a worker that hangs is killed and replaced: its clients end, the others go on', async () => {
  member = await startRawMember((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  engine = await openEngine(
    {
      version: 1,
      workerTimeoutMs: 3000,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { clientTimeoutMs: 120_000 } }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    },
    2,
  );
  const { events, ready, stats } = engine;
  const port = engine.port('web');
  const all = Array.from({ length: 12 }, () => open(port));
  for (const { ask } of all) ask();
  await vi.waitFor(() => { expect(all.map(({ state }) => state.answers)).toEqual(all.map(() => 1)); }, patience); // prettier-ignore
  const [stopped = 0, running = 0] = ready.workers;
  process.kill(stopped, 'SIGSTOP');
  for (const { ask } of all) ask();
  await vi.waitFor(() => {
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'worker', worker: 0, pid: stopped, change: 'hung', silentMs: 3000 }),
    );
    expect(events.filter(({ event, change }) => event === 'worker' && change === 'started')).toHaveLength(1);
  }, patience);
  // Each of them has either been answered by the worker that runs, or has ended with the one that hung.
  await vi.waitFor(() => {
    expect(all.map(({ state }) => (state.isEnded ? 1 : 0) + state.answers)).toEqual(all.map(() => 2));
  }, patience);
  const ended = all.filter(({ state }) => state.isEnded).length;
  expect(ended).toBeGreaterThan(0);
  expect(ended).toBeLessThan(all.length);
  const { workers } = await stats();
  expect(workers.map(({ ended: ends, hung }) => ({ ends, hung }))).toEqual([{ ends: 1, hung: 1 }, { ends: 0, hung: 0 }]); // prettier-ignore
  expect(workers[1]?.pid).toBe(running);
  expect(workers[0]?.pid).not.toBe(stopped);
  const metrics = String((await engine.admin('GET', '/metrics')).body);
  expect(metrics).toContain('steelyard_worker_ends_total{worker="0",cause="hung"} 1');
  const later = Array.from({ length: 6 }, () => open(port));
  for (const { ask } of later) ask();
  await vi.waitFor(() => { expect(later.every(({ state }) => state.answers === 1)).toBe(true); }, patience); // prettier-ignore
}, 120_000);
