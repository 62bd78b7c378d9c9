import type { AcmeAnswers } from './acme/messages.ts';
import type { CacheSnapshot } from './cache/statistics.ts';
import type { Acceptance } from './sockets/accept.ts';
import type { EngineSettings } from './config/settings.ts';
import type { TlsMaterial } from './config/tls.ts';
import type { LogBatch } from './log/access-log.ts';
import type { LeaseNews, LeaseTotals } from './runtime/leases.ts';
import type { HeldNews, HeldReplies } from './persistence/messages.ts';

/** What supervisor and workers say to each other. Handles travel beside `listen`. */

export interface MemberHealth {
  readonly pool: string;
  readonly member: string;
  /** By its monitors, or because it asks for no traffic at all. */
  readonly isDown: boolean;
  readonly isDrainAsked: boolean;
  /** Percent of its weight that its agent says; 100 where none said any. */
  readonly weightPercent: number;
}

/** One listening address and the virtual server behind it. `key` stays the same over reloads. */
export interface ListenerPlan {
  readonly key: string;
  readonly address: string;
  readonly server: string;
  readonly transport: 'tcp' | 'udp';
}

/** Everything that a worker needs to run one generation of the configuration. */
export interface Configuration {
  readonly generation: number;
  readonly settings: EngineSettings;
  /** Texts of the pools' fallback files by pool. */
  readonly fallbackBodies: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Of session tickets by virtual server, the same for all workers. */
  readonly ticketKeys: TicketKeys;
  readonly ocsp: OcspAnswers;
  readonly acmeAnswers: AcmeAnswers;
  readonly health: readonly MemberHealth[];
  readonly listeners: readonly ListenerPlan[];
}

export type ToWorker =
  | {
      readonly type: 'configure';
      readonly id: number;
      readonly configuration: Configuration;
      readonly workerIndex: number;
      readonly workerCount: number;
      /** It takes the place of one that has ended: held clients may be known elsewhere. */
      readonly isReplacement: boolean;
      /** Where the workers' caches find each other; empty = there is nobody else. */
      readonly peerDirectory: string;
      /** Every limit that workers share, and this worker's part of those that it does not have yet. */
      readonly leases: { readonly totals: LeaseTotals; readonly grants: LeaseTotals };
    }
  | { readonly type: 'listen'; readonly id: number; readonly key: string }
  | { readonly type: 'unlisten'; readonly id: number; readonly key: string }
  | { readonly type: 'ticket-keys'; readonly keys: TicketKeys }
  | { readonly type: 'ocsp'; readonly answers: OcspAnswers }
  | { readonly type: 'acme-answers'; readonly id: number; readonly answers: AcmeAnswers }
  | { readonly type: 'health'; readonly changes: readonly MemberHealth[] }
  | { readonly type: 'remote-in-flight'; readonly load: Load }
  | { readonly type: 'log-written'; readonly bytes: number }
  | { readonly type: 'sessions'; readonly counts: InFlight }
  | { readonly type: 'shares'; readonly id: number; readonly shares: Readonly<Record<string, number>> }
  | {
      readonly type: 'lease';
      readonly grants?: LeaseTotals;
      /** Of a borrowing: the lease that was granted once, empty = none. */
      readonly answer?: { readonly id: number; readonly key: string };
      /** Wants back what is not used of these. */
      readonly recall?: { readonly id: number; readonly keys: readonly string[] };
      /** Others wait for these. */
      readonly owed?: readonly string[];
    }
  | { readonly type: 'stats'; readonly id: number }
  | { readonly type: 'held-replies'; readonly replies: HeldReplies }
  /** Tells its news, takes these changes. */
  | { readonly type: 'settle-held'; readonly id: number; readonly replies: HeldReplies }
  | { readonly type: 'purge'; readonly id: number; readonly what: PurgeTarget; readonly atUs: number }
  /** Open connections of each worker, as many as it tells. */
  | { readonly type: 'open-counts'; readonly counts: readonly number[] }
  /** A connection that another worker has accepted, beside the message. */
  | { readonly type: 'take'; readonly id: number; readonly key: string }
  | { readonly type: 'cache-forget'; readonly server: string; readonly key: string; readonly atUs: number }
  | { readonly type: 'cut'; readonly id: number; readonly pool: string; readonly member: string }
  | { readonly type: 'finish'; readonly id: number };

export type ToSupervisor =
  | { readonly type: 'started'; readonly acceptance: Acceptance }
  | { readonly type: 'done'; readonly id: number; readonly error?: string }
  | { readonly type: 'stats'; readonly id: number; readonly snapshot: WorkerSnapshot }
  | { readonly type: 'log'; readonly batch: LogBatch }
  | { readonly type: 'held-news'; readonly news: HeldNews }
  | { readonly type: 'lease-news'; readonly news: LeaseNews }
  /** Its queues wait for these leases. */
  | { readonly type: 'hungry'; readonly keys: readonly string[] }
  | {
      readonly type: 'member-failed';
      readonly pool: string;
      readonly member: string;
      readonly change: MemberFailure;
      readonly reason: string;
    }
  | { readonly type: 'purged'; readonly id: number; readonly count: number }
  /** An unsafe request has made a cached response invalid. */
  | { readonly type: 'cache-forget'; readonly server: string; readonly key: string; readonly atUs: number }
  | { readonly type: 'open-count'; readonly count: number }
  /** The connection beside the message is for another worker. */
  | { readonly type: 'hand-over'; readonly to: number; readonly key: string }
  /** It has the connection that was given to it, or does not listen there (any more). */
  | { readonly type: 'taken'; readonly id: number; readonly isTaken: boolean }
  | { readonly type: 'demand'; readonly demand: Readonly<Record<string, number>> }
  | { readonly type: 'in-flight'; readonly load: Load };

/** What does not come about with a member, as the event's `change` names it. */
export type MemberFailure = 'tls-failed' | 'http2-failed';

/** What is removed from the caches: responses of one URL, or those that carry a tag. */
export interface PurgeTarget {
  readonly url?: string;
  readonly tag?: string;
}

/** A client that is held, as the admin interface tells it. */
export interface HeldInPool {
  readonly pool: string;
  /** Whose persistence it is, where the pool has none of its own. */
  readonly virtualServer?: string;
  readonly method: string;
  /** The key that it is held by: `10.0.0.0/24`, the value of a header ... */
  readonly client: string;
  readonly member: string;
  readonly idleMs: number;
  readonly expiresInMs: number;
}

/** OCSP responses (DER) by the fingerprint of their certificate. */
export type OcspAnswers = Readonly<Record<string, Uint8Array>>;

/** 48 random bytes by virtual server, as Node's `ticketKeys`. */
export type TicketKeys = Readonly<Record<string, Uint8Array>>;

/** What runs on members, as workers tell each other. */
export interface Load {
  readonly inFlight: InFlight;
  /** Bytes towards clients in the last second, of pools whose algorithm asks. */
  readonly bytesPerSecond: InFlight;
}

/** A number by `memberKey`. */
export type InFlight = Readonly<Record<string, number>>;

/** What a worker counted since it started, by name; of response times the last minute's. */
export interface WorkerSnapshot {
  readonly members: Readonly<
    Record<
      string,
      {
        readonly counters: Float64Array;
        readonly histogram: Float64Array;
        readonly sumMs: number;
        /** Response times by bucket since the worker started. */
        readonly counts: Float64Array;
        readonly inFlight: number;
        /** Put aside for failures in live traffic. */
        readonly isEjected?: boolean;
      }
    >
  >;
  readonly pools: Readonly<Record<string, { readonly counters: Float64Array; readonly queued: number }>>;
  readonly servers: Readonly<Record<string, { readonly counters: Float64Array; readonly connections: number }>>;
  /** By virtual server that has a cache. */
  readonly caches: Readonly<Record<string, CacheSnapshot>>;
}

/** Names a member in the whole engine. */
export function memberKey(pool: string, member: string): string {
  return `${pool}\n${member}`;
}
