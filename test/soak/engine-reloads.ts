import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openAuthority, type IssuedCertificate } from '../rigs/certificates.ts';
import { openEngine } from '../rigs/engine-process.ts';
import { MixedLoad, startMixedBackend } from '../rigs/mixed-load.ts';
import { isMissing } from '../rigs/need.ts';

/**
 * 200 reloads and 50 changes of the certificate under HTTP, TLS, WebSockets (clear and TLS) and 10 MiB downloads: not one
 * failed request, every body right, no WebSocket closed, and (whole) at least 80 % of the rate undisturbed. Then a worker is
 * killed: only connections of its own end, and it is back within a second.
 */
const scale = Number(process.env['STEELYARD_SCALE'] ?? 1);
const reloads = Math.max(4, Math.round(200 * scale));
const isWhole = scale >= 1;

if (isMissing('openssl')) process.stdout.write('openssl is not installed: nothing was run\n');
else await main();

async function main(): Promise<void> {
  const authority = openAuthority();
  const backends = [await startMixedBackend(), await startMixedBackend()] as const;
  const certificates = [0, 1].map(() => authority.issue({ names: ['127.0.0.1'] }));
  // Each back end has a big body of its own: downloads come from the first alone.
  const [first, second] = backends;
  function config(turn: number) {
    const { certFile, keyFile } = pick(certificates, turn);
    const members = [
      { name: 'a', address: '127.0.0.1', port: first.port, weight: 1 + (turn % 5) },
      { name: 'b', address: '127.0.0.1', port: second.port, weight: 1 + ((turn * 3) % 4) },
    ];
    const server = { pool: 'app', routes: [{ pathPrefix: '/big', pool: 'big' }] };
    return {
      version: 1 as const,
      virtualServers: [
        { ...server, name: 'web', listen: ['127.0.0.1:0'] },
        {
          ...server,
          name: 'safe',
          listen: ['127.0.0.1:0'],
          tls: { certificates: [{ name: 'web', certFile, keyFile }] },
        },
      ],
      pools: [
        { name: 'app', members },
        { name: 'big', members: members.slice(0, 1) },
      ],
    };
  }
  const engine = await openEngine(config(0), 2);
  const tls = { port: engine.port('safe'), ca: authority.ca };
  const target = { port: engine.port('web'), tls, bigDigest: first.bigDigest };
  const problems: string[] = [];
  try {
    const load = new MixedLoad(target);
    load.start('small', 'small', 'post', 'close', 'big', 'tls', 'tls', 'tls-close', 'socket', 'tls-socket');
    await until(() => load.counts.size === 8);
    const quiet = await rateOf(load, () => sleep(Math.max(2000, 20_000 * scale)));
    const disturbed = await rateOf(load, async () => {
      for (let turn = 1; turn <= reloads; turn++) {
        if (turn % 4 === 0) await putCertificate(pick(certificates, turn / 4));
        engine.write(config(turn));
        await engine.reload();
        await sleep(100);
      }
    });
    await load.stop();
    problems.push(...load.failures);
    const share = disturbed / quiet;
    if (isWhole && share < 0.8) problems.push(`only ${(100 * share).toFixed(0)} % of the undisturbed rate`);
    const [cut, backMs] = await killWorker();
    const kinds = [...load.counts].map(([kind, count]) => `${kind} ${count}`).join(', ');
    process.stdout.write(
      `${reloads} reloads, ${load.total} answers (${kinds}), ${(100 * share).toFixed(0)} % of the undisturbed rate; a killed worker cut ${cut} connections and was back after ${backMs} ms\n`,
    );
  } finally {
    await engine.stop();
    await Promise.all(backends.map((backend) => backend.close()));
    authority.close();
  }
  for (const problem of problems.slice(0, 20)) process.stdout.write(`${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;

  async function putCertificate({ certFile, keyFile }: IssuedCertificate): Promise<void> {
    const body = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
    const { status } = await engine.admin('PUT', '/v1/certificates/web', body);
    if (status !== 200) problems.push(`PUT of a certificate answered ${status}`);
  }

  /** The workers' WebSockets tell whose connections ended: 16 of them are spread over both. */
  async function killWorker(): Promise<readonly [cut: number, backMs: number]> {
    const load = new MixedLoad(target);
    load.start(...Array.from({ length: 16 }, () => 'socket' as const));
    await until(() => (load.counts.get('socket') ?? 0) > 100);
    const killedAt = performance.now();
    process.kill(engine.ready.workers[0] ?? 0, 'SIGKILL');
    await until(() => engine.events.some((event) => event['event'] === 'worker' && event['change'] === 'started'));
    const backMs = Math.round(performance.now() - killedAt);
    await load.stop();
    const cut = load.failures.length;
    if (cut === 0 || cut >= 16) problems.push(`${cut} of 16 WebSockets ended with one of two workers`);
    if (isWhole && backMs > 1000) problems.push(`the worker was back after ${backMs} ms only`);
    return [cut, backMs];
  }
}

/** Answers a second while `during` runs. */
async function rateOf(load: MixedLoad, during: () => Promise<unknown>): Promise<number> {
  const [before, startedAt] = [load.total, performance.now()];
  await during();
  return (load.total - before) / ((performance.now() - startedAt) / 1000);
}

async function until(isSo: () => boolean): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`waited in vain for ${isSo.toString()}`);
    await sleep(10);
  }
}

function pick<T>(list: readonly T[], turn: number): T {
  const one = list[turn % list.length];
  if (one === undefined) throw new RangeError('an empty list');
  return one;
}
