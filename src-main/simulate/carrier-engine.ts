import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineConfig } from '../contract/engine-config.ts';
import { toProblem } from '../contract/errors.ts';
import { checkConfig } from '../engine/config/load.ts';
import type { EngineStatistics } from '../engine/supervisor/stats.ts';
import { Supervisor } from '../engine/supervisor/supervisor.ts';
import { makeSelfSigned } from '../engine/tls/self-signed.ts';
import type { CarriedServer } from './carried.ts';
import { engineConfigOf } from './carrier-config.ts';

/** The engine of a carrier, in processes that end with this one. */
export interface Engine {
  readonly open: () => Promise<void>;
  /** Wholly or not at all: answers what stands against it. */
  readonly apply: (servers: readonly CarriedServer[]) => Promise<string | undefined>;
  readonly statistics: () => Promise<EngineStatistics | undefined>;
  /** Resolves when its processes are gone. */
  readonly close: () => Promise<void>;
  /** Its files are gone. */
  readonly forget: () => void;
}

/** Another start needs their ports. */
const endsWithinMs = 5000;

/** One worker: the shares that it gives are the exact sequence of the weights. */
export function openEngine(): Engine {
  let folder = '';
  let made: ReturnType<typeof makeSelfSigned> | undefined;
  let supervisor: Supervisor | undefined;
  let cut: ReadonlySet<string> = new Set();

  function keep(text: string): string {
    const path = join(folder, `${createHash('sha256').update(text).digest('hex').slice(0, 24)}.pem`);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }
  /** Once for each member that is newly to be cut: it goes, with what runs on it, and comes back as disabled as it was. */
  async function cutOff(config: EngineConfig, servers: readonly CarriedServer[]): Promise<void> {
    const all = servers.flatMap(({ pool }) =>
      pool.members.filter(({ state }) => state === 'cut').map(({ key }) => [pool.name, key] as const),
    );
    const fresh = all.filter(([pool, member]) => !cut.has(`${pool}\n${member}`));
    cut = new Set(all.map(([pool, member]) => `${pool}\n${member}`));
    for (const [pool, member] of fresh) await supervisor?.removeMember(pool, member, true);
    if (fresh.length > 0) await supervisor?.apply(config, 'reload');
  }
  function withCertificate(server: CarriedServer): CarriedServer {
    const { tls } = server;
    if (tls === undefined || tls.certificates.length > 0) return server;
    made ??= makeSelfSigned(['localhost.localdomain'], Date.now());
    const own = { name: 'made-up', chain: [made.cert], key: made.key, isForName: false };
    return { ...server, tls: { ...tls, certificates: [own] } };
  }
  return {
    open: async () => {
      if (folder === '') folder = mkdtempSync(join(tmpdir(), 'steelyard-carrier-')); // mode 0700
      supervisor = new Supervisor({ workers: 1, version: 'simulated', baseDirectory: folder, hasSpare: false });
      await supervisor.start({ version: 1 });
    },
    apply: async (servers) => {
      const checked = checkConfig(engineConfigOf(servers.map(withCertificate), keep), folder);
      const [problem] = checked.config === undefined ? checked.problems : [];
      if (checked.config === undefined) return `${problem?.what ?? 'it cannot be'}, ${problem?.why ?? ''}`;
      try {
        await supervisor?.apply(checked.config, 'reload');
        await cutOff(checked.config, servers);
        return undefined;
      } catch (error) {
        return toProblem(error).detail;
      }
    },
    statistics: async () => supervisor?.statistics(),
    close: async () => {
      const pids = supervisor?.pids ?? [];
      supervisor?.kill();
      supervisor = undefined;
      await untilGone(pids);
    },
    forget: () => {
      if (folder !== '') rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Their ports are free then. */
async function untilGone(pids: readonly number[]): Promise<void> {
  const end = Date.now() + endsWithinMs;
  while (pids.some(isAlive) && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 10));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}
