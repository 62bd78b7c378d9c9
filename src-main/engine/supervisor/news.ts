import type { EngineSettings } from '../config/settings.ts';
import { memberKey, type WorkerSnapshot } from '../messages.ts';
import { S, serverCounterNames } from '../runtime/counters.ts';
import type { EventBus } from './events.ts';
import type { HealthChecks } from './health-checks.ts';

/** Drops that mean that a limit was reached. */
const limits = [S.connectionLimit, S.queueFull, S.requestRate] as const;

/** What the workers' counters tell that is worth an event: limits reached, members put aside and back, members drained. */
export class News {
  readonly #events: EventBus;
  #drops: ReadonlyMap<string, number> = new Map();
  #ejected: ReadonlySet<string> = new Set();
  /** Members that are to be drained, and those of them that have been told to be empty. */
  #drained: ReadonlySet<string> = new Set();

  constructor(events: EventBus) {
    this.#events = events;
  }

  /** Compares with what was there when it last looked. */
  look(snapshots: readonly WorkerSnapshot[], settings: EngineSettings, checks: HealthChecks): void {
    this.#tellLimits(snapshots, settings);
    const ejected = new Set<string>();
    const drained = new Set<string>();
    for (const pool of settings.pools) {
      for (const member of pool.members) {
        const key = memberKey(pool.name, member.name);
        const counted = snapshots.flatMap((snapshot) => snapshot.members[key] ?? []);
        const about = { pool: pool.name, member: member.name };
        if (counted.some((each) => each.isEjected === true)) ejected.add(key);
        if (ejected.has(key) !== this.#ejected.has(key)) {
          this.#events.emit('member', { ...about, change: ejected.has(key) ? 'ejected' : 'returned' });
        }
        const check = checks.of(pool.name, member.name);
        const isLeaving = member.adminState !== 'enabled' || check.isDrainAsked || check.isStopAsked;
        if (!isLeaving || counted.some((each) => each.inFlight > 0)) continue;
        drained.add(key);
        if (!this.#drained.has(key)) this.#events.emit('member', { ...about, change: 'drained' });
      }
    }
    this.#ejected = ejected;
    this.#drained = drained;
  }

  #tellLimits(snapshots: readonly WorkerSnapshot[], settings: EngineSettings): void {
    const drops = new Map<string, number>();
    for (const { name } of settings.virtualServers) {
      for (const place of limits) {
        const limit = serverCounterNames[place];
        const count = snapshots.reduce((sum, { servers }) => sum + (servers[name]?.counters[place] ?? 0), 0);
        drops.set(`${limit} ${name}`, count);
        // A worker that has ended takes its counts along: then there is nothing to tell.
        const more = count - (this.#drops.get(`${limit} ${name}`) ?? 0);
        if (more > 0) this.#events.emit('limit', { virtualServer: name, limit, count: more });
      }
    }
    this.#drops = drops;
  }
}
