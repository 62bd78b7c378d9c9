import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuthority } from '../rigs/certificates.ts';
import { openEngine } from '../rigs/engine-process.ts';
import { MixedLoad, startMixedBackend } from '../rigs/mixed-load.ts';
import { isMissing } from '../rigs/need.ts';
import { startRawMember } from '../rigs/raw-http.ts';
import { seededChance } from '../../src-main/engine/runtime/chance.ts';

/**
 * Mixed API calls over 20 minutes while members join, drain, leave and fail and the certificate turns: no failed call, since
 * every fault is one that the engine must stand in for (a member that refuses, or closes before it answers), and no
 * descriptor left open once all is quiet. Whole, also that there were 5 million calls, that the p99 of the last quarter (the
 * median of its minutes) is within 10 % of the first's, and memory's floor within 5 % of the second's. A busy machine moves
 * single minutes by more than that: each one is printed.
 */
const scale = Number(process.env['STEELYARD_SCALE'] ?? 1);
const durationMs = 1_200_000 * scale;
const partMs = durationMs / 20;
const isWhole = scale >= 1;
const leastCalls = 5_000_000;
/** Idle connections to members are closed after 5 s. */
const quietWithinMs = 30_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 4_294_967_296);
const chance = seededChance(seed, 0);
/** Nobody listens there. A port that was free a moment ago may be another program's over twenty minutes. */
const refusingPort = 1;

if (isMissing('openssl')) process.stdout.write('openssl is not installed: nothing was run\n');
else await main();

async function main(): Promise<void> {
  const authority = openAuthority();
  const certificates = [0, 1].map(() => authority.issue({ names: ['127.0.0.1'] }));
  const backends = [await startMixedBackend(), await startMixedBackend(), await startMixedBackend()];
  const closing = await startRawMember((socket) => socket.destroy());
  const [certificate] = certificates;
  if (certificate === undefined) throw new Error('no certificate');
  const members = backends.map((backend, index) => ({ name: `m${index}`, address: '127.0.0.1', port: backend.port }));
  const engine = await openEngine({
    version: 1,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app' },
      { name: 'safe', listen: ['127.0.0.1:0'], pool: 'app', tls: { certificates: [{ name: 'web', ...certificate }] } },
    ],
    pools: [
      {
        name: 'app',
        members,
        retry: { attempts: 5 },
        passive: { maxFails: 1000 },
        keepAlive: { idleTimeoutMs: 5000 },
      },
    ],
  });
  const [worker = 0] = engine.ready.workers;
  const target = {
    port: engine.port('web'),
    tls: { port: engine.port('safe'), ca: authority.ca },
    bigDigest: '',
  };
  const problems: string[] = [];
  let isOver = false;
  let changes = 0;
  const idle = descriptors(worker);
  const load = new MixedLoad(target);
  load.start('small', 'small', 'small', 'small', 'small', 'small', 'close', 'tls', 'tls', 'tls-close');
  const changing = change();
  const percentiles: number[] = [];
  const resident: number[] = [];
  for (let part = 0; part < 20; part++) {
    resident.push(await lowestResidentKib(worker, partMs));
    percentiles.push(percentile(load.takeTimes(), 99));
  }
  isOver = true;
  await changing;
  await load.stop();
  problems.push(...load.failures);
  // Between two full collections memory rises by an eighth: what counts is the floor, of the last quarter and of the second.
  const growth = Math.min(...resident.slice(15)) / Math.min(...resident.slice(5, 10));
  const left = await untilClosed(worker, idle);
  if (left > 0) problems.push(`${left} descriptors more than before`);
  const [first, last] = [median(percentiles.slice(0, 5)), median(percentiles.slice(15))];
  if (isWhole && load.total < leastCalls) problems.push(`${load.total} calls, ${leastCalls} were to be made`);
  if (isWhole && last > first * 1.1) problems.push(`p99 went from ${first.toFixed(1)} to ${last.toFixed(1)} ms`);
  if (isWhole && growth > 1.05) problems.push(`memory grew by ${((growth - 1) * 100).toFixed(1)} %`);
  if (changes < 4) problems.push(`only ${changes} changes were made`);
  process.stdout.write(
    `${isWhole ? `${load.total} of ${leastCalls}` : load.total} calls, ${changes} changes, seed ${seed}; p99 ${first.toFixed(1)} -> ${last.toFixed(1)} ms, memory x ${growth.toFixed(3)}, descriptors ${left >= 0 ? '+' : ''}${left}
p99 by parts: ${percentiles.map((each) => each.toFixed(1)).join(' ')}\nMiB by parts: ${resident.map((kib) => (kib / 1024).toFixed(0)).join(' ')}\n`,
  );
  if (load.failures.length > 0) {
    const { virtualServers, pools } = await engine.stats();
    const errors = pools.flatMap((pool) => pool.members.map((member) => [member.name, member.errors]));
    problems.unshift(
      `${load.failures.length} failed: ${JSON.stringify([virtualServers.map(({ drops }) => drops), errors])}`,
    );
  }
  await engine.stop();
  await Promise.all([...backends, closing].map((each) => each.close()));
  authority.close();
  for (const problem of problems.slice(0, 20)) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;

  /** One change after another, drawn by the seed. */
  async function change(): Promise<void> {
    while (!isOver) {
      const kind = Math.floor(chance() * 4);
      try {
        if (kind === 0) await drainOne();
        else if (kind === 1) await joinFaulty(refusingPort);
        else if (kind === 2) await joinFaulty(closing.port);
        else await turnCertificate();
        changes++;
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
      await sleep(50);
    }
  }

  async function drainOne(): Promise<void> {
    const path = `/v1/pools/app/members/m${Math.floor(chance() * members.length)}`;
    await call('PATCH', path, { adminState: chance() < 0.5 ? 'draining' : 'disabled' });
    await sleep(100);
    await call('PATCH', path, { adminState: 'enabled', weight: 1 + Math.floor(chance() * 5) });
  }

  /** A member that fails every request joins for a while. */
  async function joinFaulty(port: number): Promise<void> {
    await call('POST', '/v1/pools/app/members', { name: 'faulty', address: '127.0.0.1', port });
    await sleep(100);
    await call('DELETE', '/v1/pools/app/members/faulty?force', undefined, { adminState: 'draining' });
  }

  async function turnCertificate(): Promise<void> {
    const next = certificates[Math.floor(chance() * certificates.length)];
    if (next === undefined) return;
    const body = { cert: readFileSync(next.certFile, 'utf8'), key: readFileSync(next.keyFile, 'utf8') };
    await call('PUT', '/v1/certificates/web', body);
  }

  /** `before`: drains first and waits for the member to be free, so that leaving cuts nobody. */
  async function call(method: string, path: string, body?: unknown, before?: unknown): Promise<void> {
    if (before !== undefined) {
      await call('PATCH', path.replace('?force', ''), before);
      await untilFree();
    }
    const { status, body: answer } = await engine.admin(method, path, body);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(answer)}`);
  }

  async function untilFree(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const { pools } = await engine.stats();
      const faulty = pools[0]?.members.find((member) => member.name === 'faulty');
      if ((faulty?.currentConnections ?? 0) === 0) return;
      await sleep(10);
    }
  }
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length * percent) / 100)] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** Waits until no more descriptors are open than before; answers how many are. */
async function untilClosed(pid: number, before: number): Promise<number> {
  for (const until = performance.now() + quietWithinMs; performance.now() < until;) {
    if (descriptors(pid) <= before) break;
    await sleep(100);
  }
  return descriptors(pid) - before;
}

function residentKib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

async function lowestResidentKib(pid: number, forMs: number): Promise<number> {
  let lowest = Number.POSITIVE_INFINITY;
  for (const until = performance.now() + forMs; performance.now() < until;) {
    await sleep(Math.min(1000, forMs));
    lowest = Math.min(lowest, residentKib(pid));
  }
  return lowest;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
