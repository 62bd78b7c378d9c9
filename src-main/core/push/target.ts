import type { Command, Plan, Stage } from '../../contract/plan.ts';

/** Where a device stands against a plan: its file by hash, its running state by its own words. */
export interface Standing {
  /** `foreign`: the file is neither the old nor the new one, so another hand was there. */
  readonly file: 'old' | 'new' | 'foreign';
  /** With `foreign`: the new file was never put in place, so the push has changed nothing. */
  readonly isUnplaced?: boolean;
  /** What keeps the device from being wholly as wanted; empty when it is. */
  readonly differences: readonly string[];
}

/** What a push needs of a device. Each call opens the link again where it was lost, and throws an `AppError`. */
export interface PushTarget {
  /** Reads the configuration and fingerprints it. */
  readonly fingerprint: (signal: AbortSignal) => Promise<string>;
  /** Sends one command and answers with what the device said. Throws COMMAND_REJECTED with the device's own words. */
  readonly send: (command: Command, signal: AbortSignal) => Promise<string>;
  readonly standing: (plan: Plan, wanted: 'old' | 'new', signal: AbortSignal) => Promise<Standing>;
  /** How the members of each pool stand by their health checks now; absent where the device does not tell. */
  readonly health?: (signal: AbortSignal) => Promise<readonly PoolHealth[]>;
}

/** The members of a pool that are in rotation as their admin state goes. */
export interface PoolHealth {
  readonly pool: string;
  /** How many of them serve: up, at their limit, or watched by nothing. */
  readonly serving: number;
  /** Those that fail their checks, each with what is known of why. */
  readonly failing: readonly string[];
}

/** What is written down, durably, before it is done. */
export type JournalEntry =
  | { readonly kind: 'step'; readonly list: 'push' | 'revert' | 'keep'; readonly step: string; readonly stage: Stage }
  | { readonly kind: 'waiting'; readonly until: string }
  | { readonly kind: 'keep' }
  | { readonly kind: 'revert'; readonly why: string }
  /** The device was found to have taken the change back by itself; what it said. */
  | { readonly kind: 'device-reverted'; readonly said: string };

export interface PushRecord {
  readonly id: string;
  readonly device: string;
  readonly startedAt: string;
  readonly plan: Plan;
  readonly entries: readonly JournalEntry[];
}

/** A call has ended on disk when its promise is fulfilled. */
export interface PushJournal {
  readonly begin: (push: Omit<PushRecord, 'entries'>) => Promise<void>;
  readonly note: (pushId: string, entry: JournalEntry) => Promise<void>;
  readonly end: (pushId: string, outcome: 'kept' | 'reverted' | 'refused') => Promise<void>;
}
