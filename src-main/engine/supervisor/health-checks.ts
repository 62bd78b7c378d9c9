import type { Health } from '../../contract/model.ts';
import type { EngineSettings, MemberSettings, MonitorSettings, PoolSettings } from '../config/settings.ts';
import { memberKey, type MemberHealth } from '../messages.ts';
import { conclude, firstTrack, nextTrack, type MemberVerdict, type Track } from '../monitors/member-health.ts';
import type { Verdict } from '../monitors/monitor.ts';
import { monitors } from '../monitors/registry.ts';

/** The last check of a member by any of its monitors. */
export interface LastCheck {
  readonly at: string;
  readonly durationMs: number;
  readonly isPassing: boolean;
  readonly result: string;
  readonly monitor: string;
}

/** What checks know about a member. */
export interface MemberCheck extends Omit<MemberVerdict, 'health'> {
  readonly health: MemberVerdict['health'] | 'unmonitored';
  readonly lastCheck: LastCheck | undefined;
  readonly downSince: string | undefined;
}

const unmonitored: MemberCheck = {
  health: 'unmonitored',
  isDrainAsked: false,
  isStopAsked: false,
  weightPercent: undefined,
  lastCheck: undefined,
  downSince: undefined,
};

interface Watch {
  readonly key: string;
  readonly pool: string;
  readonly member: string;
  /** Its pool asks in HTTP/2. */
  readonly isHttp2: boolean;
  readonly identity: string;
  /** How many of the runs must not fail; 0 = all. */
  readonly required: number;
  readonly runs: Run[];
  check: MemberCheck;
}

interface Run {
  readonly settings: MonitorSettings;
  track: Track;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Probes every monitored member, once for the whole engine. All monitors of a member must pass, or as many as its pool's
 * `monitorsRequired` says. A reload keeps what is known about members whose address and monitors have not changed.
 */
export class HealthChecks {
  readonly #watches = new Map<string, Watch>();
  readonly #stop = new AbortController();
  readonly #onChange: (change: MemberHealth & { readonly health: Health; readonly result: string }) => void;
  readonly #chance: () => number;

  constructor(
    onChange: (change: MemberHealth & { readonly health: Health; readonly result: string }) => void,
    chance: () => number,
  ) {
    this.#onChange = onChange;
    this.#chance = chance;
  }

  configure(settings: EngineSettings): void {
    const byName = new Map(settings.monitors.map((monitor) => [monitor.name, monitor]));
    const wanted = new Set<string>();
    for (const pool of settings.pools) {
      for (const member of pool.members) {
        const used = (member.monitors ?? pool.monitors).flatMap((name) => byName.get(name) ?? []);
        if (used.length === 0) continue;
        const key = memberKey(pool.name, member.name);
        wanted.add(key);
        this.#watch(key, pool, member, used);
      }
    }
    for (const watch of this.#watches.values()) if (!wanted.has(watch.key)) this.#forget(watch);
  }

  of(pool: string, member: string): MemberCheck {
    return this.#watches.get(memberKey(pool, member))?.check ?? unmonitored;
  }

  /** What a worker that starts must know. */
  states(): MemberHealth[] {
    return [...this.#watches.values()].map((watch) => stateOf(watch));
  }

  close(): void {
    this.#stop.abort();
    for (const watch of this.#watches.values()) this.#forget(watch);
  }

  #watch(key: string, pool: PoolSettings, member: MemberSettings, used: readonly MonitorSettings[]): void {
    const identity = JSON.stringify([member.address, member.port, pool.monitorsRequired, pool.http2, used]);
    const before = this.#watches.get(key);
    if (before?.identity === identity) return;
    if (before !== undefined) this.#forget(before);
    const runs = used.map((settings): Run => ({ settings, track: firstTrack, timer: undefined }));
    const check: MemberCheck = { ...unmonitored, health: 'checking' };
    const watch: Watch = {
      key,
      pool: pool.name,
      member: member.name,
      isHttp2: pool.http2,
      identity,
      required: pool.monitorsRequired,
      runs,
      check,
    };
    this.#watches.set(key, watch);
    for (const run of runs) this.#schedule(watch, run, member, this.#chance() * Math.min(50, run.settings.intervalMs));
  }

  #schedule(watch: Watch, run: Run, member: MemberSettings, delayMs: number): void {
    run.timer = setTimeout(() => {
      void this.#probe(watch, run, member);
    }, delayMs);
  }

  async #probe(watch: Watch, run: Run, member: MemberSettings): Promise<void> {
    const { settings } = run;
    const startedAt = performance.now();
    const target = {
      address: settings.address ?? member.address,
      port: settings.port ?? member.port,
      pool: watch.pool,
      member: watch.member,
      // Another address or port is another service.
      isHttp2: watch.isHttp2 && settings.address === undefined && settings.port === undefined,
    };
    const kind = monitors.get(settings.type);
    const verdict: Verdict =
      kind === undefined
        ? { isPassing: false, result: `no monitor of type ${settings.type}` }
        : await kind.probe(settings, target, this.#stop.signal).catch((error: unknown) => ({
            isPassing: false,
            result: error instanceof Error ? error.message : String(error),
          }));
    if (this.#watches.get(watch.key) !== watch) return;
    const lastCheck = {
      at: new Date().toISOString(),
      durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
      isPassing: verdict.isPassing,
      result: verdict.result,
      monitor: settings.name,
    };
    run.track = nextTrack(run.track, verdict, settings);
    this.#conclude(watch, lastCheck);
    // Between two states the next check comes soon: a change is confirmed or dismissed quickly. Jitter of a tenth
    // keeps the checks of many members apart.
    const intervalMs = run.track.streak > 0 ? Math.max(100, settings.intervalMs / 2) : settings.intervalMs;
    this.#schedule(watch, run, member, Math.min(intervalMs, settings.intervalMs) * (0.9 + 0.1 * this.#chance()));
  }

  #conclude(watch: Watch, lastCheck: LastCheck): void {
    const before = watch.check;
    const verdict = conclude(
      watch.runs.map((run) => run.track),
      watch.required,
    );
    const downSince = verdict.health === 'down' ? (before.downSince ?? lastCheck.at) : undefined;
    watch.check = { ...verdict, lastCheck, downSince };
    if (wishes.every((key) => verdict[key] === before[key])) return;
    this.#onChange({ ...stateOf(watch), health: verdict.health, result: lastCheck.result });
  }

  #forget(watch: Watch): void {
    this.#watches.delete(watch.key);
    for (const run of watch.runs) clearTimeout(run.timer);
  }
}

/** What the workers must hear of when it changes. */
const wishes = ['health', 'isDrainAsked', 'isStopAsked', 'weightPercent'] as const;

function stateOf(watch: Watch): MemberHealth {
  const { health, isDrainAsked, isStopAsked, weightPercent = 100 } = watch.check;
  return {
    pool: watch.pool,
    member: watch.member,
    isDown: health === 'down' || isStopAsked,
    isDrainAsked,
    weightPercent,
  };
}
