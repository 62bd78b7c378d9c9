import { isIP } from 'node:net';
import type { Candidate } from '../algorithms/algorithm.ts';
import type { MemberSettings } from '../config/settings.ts';
import type { Keeper } from '../persistence/keeper.ts';
import type { UpstreamConnection } from '../http1/upstream.ts';
import type { MemberConnections } from '../http2/member-connections.ts';
import { add, M, memberCounterNames } from './counters.ts';
import type { MemberTls } from '../tls/member.ts';
import { noLease, type Lease, type Leases } from './leases.ts';
import { RateWindow } from './rate-window.ts';
import { RecentTimes } from './recent-times.ts';

/** What a member counted; survives reloads under the name `pool/member`. */
export interface MemberStats {
  readonly counters: Float64Array;
  readonly times: RecentTimes;
}

export function newMemberStats(): MemberStats {
  return { counters: new Float64Array(memberCounterNames.length), times: new RecentTimes() };
}

/** A peak of exchanges is remembered for this long to twice this long. */
const peakWindowMs = 10_000;

/** Weight of the newest response time in the moving average. */
const averageShare = 0.1;

/** A member in a worker: what it may take now, what runs on it, its idle connections, what it counted. */
export class MemberRuntime implements Candidate {
  readonly name: string;
  readonly address: string;
  readonly family: 0 | 4 | 6;
  readonly port: number;
  readonly stats: MemberStats;
  settings: MemberSettings;
  index = 0;
  weight = 1;
  /** Percent of the weight that the member's agent says. */
  weightPercent = 100;
  /** Exchanges in flight here and in the other workers. */
  inFlight = 0;
  localInFlight = 0;
  /** This worker's part of `maxConnections`. */
  lease: Lease = noLease;
  leases: Leases | undefined = undefined;
  responseTimeMs = 0;
  state = 0;
  isDown = false;
  /** Failures in live traffic have put it aside until `ejectedUntilMs`. */
  isEjected = false;
  ejectedUntilMs = 0;
  /** When it last came up, on the clock of `performance.now`; 0 = no slow start. */
  upSinceMs = 0;
  /** A monitor asks to drain it. */
  isDrainAsked = false;
  /** Undefined = clear text. */
  tls: MemberTls | undefined = undefined;
  /** The newest TLS session, to be resumed by the next connection. */
  tlsSession: Buffer | undefined = undefined;
  #peak = 0;
  #earlierPeak = 0;
  #peakUntilMs = 0;
  #fails = 0;
  #failsSinceMs = 0;
  /** Set where the algorithm looks at bandwidth. */
  window: RateWindow | undefined = undefined;
  #remoteBytesPerSecond = 0;
  /** Tables of held clients that this worker has for the member's pool. */
  keepers: readonly Keeper[] = [];
  #remoteSessions = 0;
  /** Idle keep-alive connections, the last used on top. */
  readonly idle: UpstreamConnection[] = [];
  /** Undefined = it is asked in HTTP/1.1. */
  http2: MemberConnections | undefined = undefined;

  constructor(settings: MemberSettings, stats: MemberStats) {
    this.settings = settings;
    this.name = settings.name;
    this.address = settings.address;
    this.family = isIP(settings.address) as 0 | 4 | 6; // what isIP answers, its type says number
    this.port = settings.port;
    this.stats = stats;
  }

  get measuredWeight(): number {
    return this.weight * Math.max(1, this.weightPercent);
  }

  /** May it get new clients (limits aside)? */
  get isInRotation(): boolean {
    return this.isServing && !this.isEjected;
  }

  /** In rotation as far as settings and monitors say. */
  get isServing(): boolean {
    return this.settings.adminState === 'enabled' && !this.isDown && !this.isDrainAsked && this.settings.weight > 0;
  }

  /** May clients that it holds come? A drain, of whatever kind, lets them. */
  get servesHeld(): boolean {
    return this.settings.adminState !== 'disabled' && !this.isDown && !this.isEjected;
  }

  get isFull(): boolean {
    return this.localInFlight >= this.lease.limit;
  }

  begin(): void {
    this.inFlight++;
    this.localInFlight++;
    if (this.localInFlight > this.#peak) this.#peak = this.localInFlight;
  }

  end(): void {
    this.inFlight--;
    this.localInFlight--;
    if (this.lease.isOwed) this.leases?.giveBack(this.lease);
  }

  /** The most exchanges that ran here at once in the last 10 to 20 s; `nowMs` on any one clock. */
  recentPeak(nowMs: number): number {
    if (nowMs >= this.#peakUntilMs) {
      this.#earlierPeak = nowMs < this.#peakUntilMs + peakWindowMs ? this.#peak : this.localInFlight;
      this.#peak = this.localInFlight;
      this.#peakUntilMs = nowMs + peakWindowMs;
    }
    return Math.max(this.#peak, this.#earlierPeak);
  }

  setRemoteInFlight(count: number): void {
    this.inFlight = this.localInFlight + count;
  }

  /** Bytes towards clients in the last second, here and in the other workers. */
  get bytesPerSecond(): number {
    return this.localBytesPerSecond + this.#remoteBytesPerSecond;
  }

  get localBytesPerSecond(): number {
    return this.window?.gained(this.#bytesOut) ?? 0;
  }

  /** From now on its bytes of the last second are known. */
  openWindow(): void {
    this.window ??= new RateWindow(this.#bytesOut);
  }

  /** To be called each `tickMs`. */
  tickWindow(): void {
    this.window?.tick(this.#bytesOut);
  }

  get #bytesOut(): number {
    return this.stats.counters[M.bytesOut] ?? 0;
  }

  setRemoteRate(bytesPerSecond: number): void {
    this.#remoteBytesPerSecond = bytesPerSecond;
  }

  /** Clients that persistence holds on it, whichever worker met them. */
  get sessions(): number {
    return this.#localSessions + this.#remoteSessions;
  }

  /** What the supervisor knows; what this worker gains or loses from now on is added. */
  setSessions(total: number): void {
    this.#remoteSessions = total - this.#localSessions;
  }

  get #localSessions(): number {
    let sum = 0;
    for (const keeper of this.keepers) sum += keeper.counts.get(this.name) ?? 0;
    return sum;
  }

  recordResponse(status: number, durationMs: number, nowMs: number): void {
    add(this.stats.counters, M.response + Math.floor(status / 100), 1);
    this.recordTime(durationMs, nowMs);
  }

  /** How long the member took: to a response's head, or to take a connection where nothing more is known. */
  recordTime(durationMs: number, nowMs: number): void {
    this.stats.times.record(durationMs, nowMs);
    // Peak-sensitive: a slower answer counts at once, a faster one by and by.
    this.responseTimeMs =
      durationMs > this.responseTimeMs
        ? durationMs
        : this.responseTimeMs + (durationMs - this.responseTimeMs) * averageShare;
  }

  /** Counts a failure in live traffic; true = `maxFails` within `failTimeoutMs` are reached. */
  recordFailure(passive: { readonly maxFails: number; readonly failTimeoutMs: number }, nowMs: number): boolean {
    if (nowMs - this.#failsSinceMs > passive.failTimeoutMs) {
      this.#fails = 0;
      this.#failsSinceMs = nowMs;
    }
    this.#fails++;
    return this.#fails >= passive.maxFails;
  }

  eject(untilMs: number): void {
    this.isEjected = true;
    this.ejectedUntilMs = untilMs;
    this.#fails = 0;
  }

  /** Takes it back, slowly as one that came up, if its time is over. */
  readmit(nowMs: number): void {
    if (!this.isEjected || nowMs < this.ejectedUntilMs) return;
    this.isEjected = false;
    this.upSinceMs = nowMs;
  }

  closeIdle(): void {
    for (const connection of this.idle.splice(0)) connection.destroy();
    this.http2?.closeIdle();
  }
}
