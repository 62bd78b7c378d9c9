import { afterEach, expect, it } from 'vitest';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { descendants, isAlive } from '../../rigs/processes.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

let engine: TestEngine | undefined;
let member: RawMember | undefined;

afterEach(async () => {
  await engine?.stop();
  await member?.close();
  engine = member = undefined;
});

it('a worker that is killed is replaced by a process that waited, and that one by another', async () => {
  member = await startRawMember(answering('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
  engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
  });
  const { events, ready } = engine;
  const port = engine.port('web');
  function children(): number[] {
    return descendants(ready.pid).map(({ pid }) => pid);
  }
  function started(): unknown[] {
    return events.filter(({ event, change }) => event === 'worker' && change === 'started').map(({ pid }) => pid);
  }
  await expect.poll(() => children().length, { timeout: 30_000 }).toBe(2);
  const [worker = 0] = ready.workers;
  const [spare] = children().filter((pid) => pid !== worker);
  process.kill(worker, 'SIGKILL');
  await expect.poll(() => started(), { timeout: 30_000 }).toEqual([spare]);
  expect((await speak(port, 'GET / HTTP/1.1\r\nHost: l\r\n\r\n', { until: 'ok' })).text).toContain('200 OK');
  await expect.poll(() => children().length, { timeout: 30_000 }).toBe(2);
  const all = children();
  await engine.stop();
  engine = undefined;
  await expect.poll(() => all.filter((pid) => isAlive(pid)), { timeout: 30_000 }).toEqual([]);
}, 120_000);
