import { z } from 'zod';
import type { VendorId } from './address.ts';
import { certificateFilesSchema, type DeviceCertificate } from './certificates.ts';
import type { OptionState } from './desktop.ts';
import type { Outcome, Problem } from './errors.ts';
import { type DeviceEvent, trapSettingsSchema, type TrapState } from './events.ts';
import { type FindAnswer, findSchema } from './find.ts';
import type { LogPage } from './log.ts';
import { metricSchema, type Sample, type Series, type Sleep } from './metrics.ts';
import {
  type AdminState,
  type ClientTls,
  desiredSchema,
  type DeviceModel,
  type Health,
  type VirtualServer,
} from './model.ts';
import type { Place } from './place.ts';
import { type Plan, planSchema, type PushState } from './plan.ts';

/**
 * Every call and every event that crosses from a window, a browser or the command line into the console. One table: handlers,
 * IPC, web bridge and renderer derive their types from it, so that a forgotten name does not compile.
 */

const deviceName = z.string().min(1).max(200);
const nothing = z.strictObject({});

export const environments = ['production', 'staging', 'lab', 'other'] as const;
export const environmentSchema = z.enum(environments);
export type Environment = z.infer<typeof environmentSchema>;

/** A device of the inventory. `address` as `parseAddress` reads it; secrets are stored apart and never come back out. */
export const deviceSpecSchema = z.strictObject({
  name: deviceName,
  address: z.string().min(1).max(2000),
  environment: environmentSchema,
  site: z.string().max(200).optional(),
  tags: z.array(z.string().max(100)).optional(),
  pollIntervalMs: z.number().int().min(100).max(3_600_000).optional(),
  /** Another way in that is polled beside it: SNMP of the machine (`host+snmp://...`), whose figures are drawn with its pools. */
  poll: z.string().max(2000).optional(),
});
export type DeviceSpec = z.infer<typeof deviceSpecSchema>;

/** Secrets on their way in: main seals them, no call returns them. */
export const credentialsSchema = z.strictObject({
  password: z.string().max(4096).optional(),
  keyPassphrase: z.string().max(4096).optional(),
  /** Of SNMPv3; `password` is the one of its authentication, or a community that stands in no address. */
  privacyPassword: z.string().max(4096).optional(),
  /** Of sudo on the host (`sudo=password`); absent, the account's password is taken. */
  sudoPassword: z.string().max(4096).optional(),
  /** Of the way that is polled beside the first: its community, or the passwords of SNMPv3. */
  pollPassword: z.string().max(4096).optional(),
  pollPrivacyPassword: z.string().max(4096).optional(),
});
export type Credentials = z.infer<typeof credentialsSchema>;

/**
 * What a device of this vendor and version can do; a missing one says why and what would help. `certificates` says that they are listed;
 * where it is there and `certificate-renewal` is missing, none is given to the device from here.
 */
export interface Capability {
  readonly id: string;
  readonly isPresent: boolean;
  readonly why?: string;
}

export interface DeviceFacts {
  readonly vendor: string;
  readonly label: string;
  readonly product?: string;
  readonly version?: string;
  readonly host?: string;
  readonly capabilities: readonly Capability[];
  /** Range and scale of member weights on this device. */
  readonly weightRange: { readonly lowest: number; readonly highest: number };
  /**
   * Members are named after a node (a name for an address) and their port here: `{address}` and `{folder}` (of the pool) stand for what a
   * node is called that is made for a new member. Absent = members are named as one likes.
   */
  readonly memberNames?: { readonly newNode: string };
  /** Algorithms that the device offers, each with its native keyword. */
  readonly algorithms: readonly Offered[];
  /**
   * Ways to hold clients that can be written here, by their names in the model; absent = none. They are a virtual server's where
   * `writes` has `virtualServer.persistence`, else a pool's.
   */
  readonly persistence?: readonly Offered[];
  /** What else of the model can be written here; absent = nothing. What a plan then finds unwritable it names. */
  readonly writes?: readonly WritablePath[];
  /** Objects that do not take what `writes` says. */
  readonly unwritable?: readonly Unwritable[];
  /** Health checks that can be written here; absent = none. */
  readonly monitors?: {
    /** Kinds of checks by their types in the model (`agent` among them), with the keys that each takes; `serverName` is that of `tls`. */
    readonly offered: readonly Offered[];
    /** What the monitors of a pool are called here, `{pool}` standing for its name. */
    readonly names: { readonly check: string; readonly agent?: string };
    /** So many of the device's own monitors a pool may name: they are chosen by name, not made for it. Absent = it has its own. */
    readonly named?: number;
  };
}

/** A key of the model that a form writes: of which object, its name, and one inside it where not all of it can be written. */
export type WritablePath =
  | 'virtualServer.listen'
  | 'virtualServer.adminState'
  | 'virtualServer.pool'
  | 'virtualServer.connectionLimit'
  | `virtualServer.bandwidth.${keyof NonNullable<VirtualServer['bandwidth']>}`
  | 'virtualServer.persistence'
  | `virtualServer.tls.${Exclude<keyof ClientTls, 'certificates'>}`
  | 'pool.tls'
  | 'pool.queue.limit'
  | 'pool.queue.timeoutMs'
  | 'pool.minActiveMembers'
  | 'pool.slowStartMs'
  | 'member.maxConnections'
  | 'member.maxQueue'
  | 'member.priority';

/** Something that `writes` names and that one object does not take: told before a form is filled in. */
export interface Unwritable {
  readonly path: WritablePath | 'pool.algorithm' | 'pool.monitors';
  /** One of the two. */
  readonly pool?: string;
  readonly virtualServer?: string;
  readonly why: string;
}

/** One thing that a device lets be chosen by name. */
export interface Offered {
  readonly name: string;
  readonly native: string;
  /** Keys of its settings (`AlgorithmSettings`, `Persistence`, `Monitor`) that it cannot do without. */
  readonly needs?: readonly string[];
  /** Keys of its settings that this device lets be chosen. */
  readonly settings?: readonly string[];
  /** Values that this device takes for a setting, where it does not take all that the model knows. */
  readonly choices?: Readonly<Record<string, readonly string[]>>;
  /** Numbers of which a setting is a multiple here: 60000 where a time is a whole number of minutes. */
  readonly multipleOf?: Readonly<Record<string, number>>;
}

/** A configuration as read: the model, where it was read from, and its fingerprint. */
export interface Reading {
  readonly at: string;
  readonly fingerprint: string;
  readonly facts: DeviceFacts;
  readonly model: DeviceModel;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
}

/** `fresh`: the last poll answered; `stale`: it did not, older values stand; `waiting`: none yet. */
export interface DeviceState {
  readonly spec: DeviceSpec;
  readonly freshness: 'waiting' | 'fresh' | 'stale';
  readonly lastSampleAt?: string;
  readonly nextPollAt?: string;
  /** Why it is not asked as often as was wished: its agent counts no faster, or its management is busy. */
  readonly pace?: string;
  readonly problem?: Problem;
  readonly reading?: Reading;
  readonly readProblem?: Problem;
  readonly lock: { readonly isLocked: boolean; readonly unlockedUntil?: string; readonly reason?: string };
  /** This way into this kind of device was never tried on a real one: whoever looks at it or changes it is told. */
  readonly isUntried?: true;
}

/** A member as a row: state, what its weight asks for, what it got over the last minute. Shares are 0 to 1. */
export interface MemberRow {
  readonly name: string;
  readonly address?: string;
  readonly port?: number;
  readonly weight?: number;
  readonly adminState: AdminState;
  readonly health: Health;
  readonly isInRotation: boolean;
  readonly askedShare?: number;
  readonly measuredShare?: number;
  /** Requests (or what `comparedBy` says) counted over the last minute: small numbers are not judged. */
  readonly measuredCount?: number;
  readonly requestsPerSecond?: number;
  readonly bytesOutPerSecond?: number;
  readonly bytesInPerSecond?: number;
  readonly currentConnections?: number;
  readonly queuedRequests?: number;
  readonly responseTimeMs?: Sample['pools'][number]['members'][number]['responseTimeMs'];
  readonly failuresPerSecond?: number;
  /** Answers of class 5xx per second. */
  readonly serverErrorsPerSecond?: number;
  readonly errorShare?: number;
  readonly lastCheck?: string;
  readonly downSince?: string;
}
export interface PoolRow {
  readonly device: string;
  readonly name: string;
  readonly at: string;
  readonly algorithm?: string;
  readonly native?: string;
  /** What the beam compares for this algorithm; `none` = no mark is drawn. `reference` = the mark is dashed. */
  readonly comparedBy: 'requests' | 'connections' | 'bytes' | 'none';
  readonly isReference: boolean;
  /** Half the sum of |measured - asked| over members in rotation, 0 to 1. */
  readonly offBalance?: number;
  readonly worst?: { readonly member: string; readonly sentence: string };
  readonly health: 'up' | 'degraded' | 'down' | 'off' | 'unknown';
  /** The unit of a device group that serves it now: this one has no figures of it. */
  readonly activeOn?: string;
  readonly members: readonly MemberRow[];
}

/** Sums of a device for lists; members appear only in rows of watched pools. */
export interface DeviceTick {
  readonly device: string;
  readonly freshness: DeviceState['freshness'];
  readonly at?: string;
  readonly health: PoolRow['health'];
  readonly members: {
    readonly up: number;
    readonly down: number;
    readonly draining: number;
    readonly disabled: number;
    readonly total: number;
  };
  readonly requestsPerSecond?: number;
  readonly bytesOutPerSecond?: number;
  readonly bytesInPerSecond?: number;
  readonly failuresPerSecond?: number;
  readonly currentConnections?: number;
  /** The machine or box by itself, where an agent tells of it. Bytes as its network sees them, loopback left out. */
  readonly machine?: {
    readonly cpuPercent?: number;
    readonly memoryPercent?: number;
    readonly diskPercent?: number;
    readonly bytesInPerSecond?: number;
    readonly bytesOutPerSecond?: number;
  };
  /** Highest p95 of its members, where the device tells percentiles. */
  readonly highestP95Ms?: number;
  readonly pools: readonly {
    readonly name: string;
    readonly health: PoolRow['health'];
    readonly up: number;
    readonly total: number;
    readonly offBalance?: number;
    readonly requestsPerSecond?: number;
  }[];
}

export interface Attention {
  readonly severity: 'down' | 'degraded' | 'stale';
  readonly device: string;
  readonly pool?: string;
  readonly member?: string;
  readonly sentence: string;
  readonly since?: string;
}

export interface Tick {
  readonly at: string;
  readonly devices: readonly DeviceTick[];
  /** The pools that this client watches. */
  readonly pools: readonly PoolRow[];
  readonly attention: readonly Attention[];
  /** How late polls start and how long they take, over the last minute. */
  readonly polling: { readonly p95Ms: number; readonly late: number };
}

export interface TestStep {
  readonly id: 'name' | 'tcp' | 'host-key' | 'authentication' | 'prompt' | 'privilege' | 'version' | 'read';
  readonly title: string;
  readonly state: 'pending' | 'running' | 'done' | 'failed' | 'question';
  readonly durationMs?: number;
  readonly detail?: string;
  readonly problem?: Problem;
}
export interface TestReport {
  readonly testId: string;
  readonly steps: readonly TestStep[];
  /** A host key seen for the first time, to be accepted by hand. */
  readonly newHostKey?: { readonly algorithm: string; readonly fingerprint: string };
  readonly facts?: DeviceFacts;
  /** What was found where the address did not say (`config`, `socket`, `sudo`). */
  readonly discovered?: Readonly<Record<string, string>>;
}

/** What a server asks of a person while a session signs in (one-time codes and the like), in its own words. */
export interface SignInQuestion {
  readonly id: string;
  /** Who asks: `user@host`. */
  readonly where: string;
  readonly title: string;
  readonly instructions: string;
  readonly prompts: readonly { readonly text: string; readonly isHidden: boolean }[];
}

export interface Version {
  readonly id: number;
  readonly at: string;
  readonly fingerprint: string;
  readonly why: string;
  /** Absent where another hand made it, of which nobody knows whose. */
  readonly who?: string;
  readonly pushId?: string;
  readonly isCurrent: boolean;
}

/** What differs between two versions. No secret stands in it: texts are masked before they are compared. */
export interface VersionDiff {
  readonly version: Version;
  /** Absent where there is none before. */
  readonly against?: Version;
  /** What differs in the model, a sentence each: `weight of a in pool p 1 -> 3`. */
  readonly changes: readonly string[];
  /** Unified hunks by file, those that differ. */
  readonly files: readonly { readonly path: string; readonly hunks: readonly string[] }[];
}

export interface LabState {
  readonly isRunning: boolean;
  readonly device?: string;
  readonly listen?: string;
  readonly backends: readonly {
    readonly name: string;
    readonly address: string;
    readonly latencyMs: number;
    readonly requests: number;
  }[];
  readonly requestsPerSecond?: number;
  readonly problem?: Problem;
  /** Simulated appliances that can be switched on while the lab runs; each serves the back ends at an address of its own. */
  readonly appliances?: readonly LabAppliance[];
}

export const labApplianceKinds = ['f5', 'netscaler', 'a10'] as const;

export interface LabAppliance {
  readonly kind: (typeof labApplianceKinds)[number];
  readonly label: string;
  readonly phase: 'off' | 'starting' | 'on' | 'failed';
  /** Its name in the estate, while it is on, as is all below but `problem`. */
  readonly device?: string;
  readonly account?: string;
  /** Where it serves, and where its command line and its agent are: `host:port`. */
  readonly listen?: string;
  readonly ssh?: string;
  readonly snmp?: string;
  /** What it cannot serve, in words. */
  readonly faults?: readonly string[];
  readonly problem?: Problem;
}

/** What is asked of a kind of device that is reached over SSH. */
export interface SshKind {
  /** Where its configuration and sockets are, and whether sudo is used, may be told. */
  readonly hasParts?: true;
  /** Its command line has a second password, that of `enable`. */
  readonly asksEnable?: true;
  /** The kind whose SNMP agent may be polled beside it: its own, or that of the machine. */
  readonly polledBy?: VendorId;
}

export interface AppInfo {
  readonly version: string;
  readonly shell: 'electron' | 'web' | 'cli';
  readonly node: string;
  /** Kinds of device that can be added, as the drivers name themselves, each with the transports it is reached by. */
  readonly vendors: readonly {
    readonly id: VendorId;
    readonly label: string;
    readonly transports: readonly string[];
    /** Those of them that were never tried on a real device. */
    readonly untried?: readonly string[];
    readonly ssh?: SshKind;
  }[];
  /** `memory`: secrets are kept until the console ends; `passphrase`, `key-file`, `key-chain`: sealed on disk that way. */
  readonly secrets: {
    readonly protection: 'memory' | 'passphrase' | 'key-file' | 'key-chain';
    readonly isLocked: boolean;
    /** Why the desktop's key chain does not seal them. */
    readonly why?: string;
  };
  /** The options of the desktop window; a console without one has none of them. */
  readonly desktop?: readonly OptionState[];
}

/** A file of a recording, scrubbed; `path` is relative and goes nowhere above. */
export interface RecordedFile {
  readonly path: string;
  readonly text: string;
}

/** `Out` is carried by type alone: what a handler answers is ours, what it is given is checked at run time. */
interface Call<In extends z.ZodType, Out> {
  readonly input: In;
  readonly output?: Out;
}
/** Connections on a member in each process of a balancer that still runs. */
export interface MemberLoad {
  readonly processes: readonly { readonly id: string; readonly connections: number }[];
  /** Sentences on processes that could not be asked; while there is one, nobody knows whether the member is empty. */
  readonly unknown: readonly string[];
}

function call<Out>() {
  return <In extends z.ZodType>(input: In): Call<In, Out> => ({ input });
}

const poolPath = { device: deviceName, pool: z.string() };

export const calls = {
  'app.info': call<AppInfo>()(nothing),
  'secrets.unlock': call<null>()(z.strictObject({ passphrase: z.string().max(4096) })),
  'secrets.protect': call<null>()(z.strictObject({ passphrase: z.string().min(8).max(4096) })),

  'devices.list': call<readonly DeviceState[]>()(nothing),
  'devices.add': call<DeviceState>()(
    z.strictObject({ spec: deviceSpecSchema, credentials: credentialsSchema.optional() }),
  ),
  'devices.remove': call<null>()(z.strictObject({ device: deviceName })),
  'devices.test': call<TestReport>()(
    z.strictObject({
      testId: z.string().max(64),
      address: z.string().max(2000),
      credentials: credentialsSchema.optional(),
      /** Fingerprint of a new host key that a person has accepted; it is then written to known_hosts. */
      acceptHostKey: z.string().max(200).optional(),
    }),
  ),
  'devices.read': call<Reading>()(
    z.strictObject({ device: z.string(), timeoutMs: z.number().int().min(1).optional() }),
  ),
  'devices.poll': call<Sample>()(z.strictObject({ device: z.string(), timeoutMs: z.number().int().min(1).optional() })),
  /** Reads the device once more and gives back all that it answered, scrubbed of what says whose it is. */
  'devices.record': call<readonly RecordedFile[]>()(z.strictObject({ device: z.string() })),
  'devices.unlock': call<null>()(
    z.strictObject({
      devices: z.array(deviceName).min(1),
      reason: z.string().min(1).max(500),
      minutes: z.number().int().min(1).max(60),
    }),
  ),
  'devices.lock': call<null>()(z.strictObject({ devices: z.array(deviceName).min(1) })),

  /** Which pools the tick of this client carries rows of. */
  'watch.set': call<null>()(z.strictObject({ pools: z.array(z.strictObject(poolPath)).max(50) })),
  /** Of a pool's members, or of the device as a whole (`wholeDevice` of `metrics.ts`). */
  'series.get': call<Series>()(
    z.strictObject({
      ...poolPath,
      metric: metricSchema,
      members: z.array(z.string()).max(50).optional(),
      fromMs: z.number(),
      toMs: z.number(),
      maxPixels: z.number().int().min(10).max(8000),
      /** What a roll-up shows of each of its buckets; `extremes` unless told. By the second there is no difference. */
      shape: z.enum(['extremes', 'mean']).optional(),
    }),
  ),

  /** Anything, by name, address or any text, on every device of the inventory. */
  'find.objects': call<FindAnswer>()(findSchema),

  'members.load': call<MemberLoad>()(z.strictObject({ device: z.string(), pool: z.string(), member: z.string() })),

  /** What a device has logged since the page that gave the cursor, or of late. */
  'log.read': call<LogPage>()(z.strictObject({ device: z.string(), after: z.string().max(2000).optional() })),

  'plan.make': call<Plan>()(
    z.strictObject({
      device: z.string(),
      desired: desiredSchema,
      exact: z.boolean().optional(),
      why: z.string().max(500).optional(),
    }),
  ),
  'certificates.list': call<readonly DeviceCertificate[]>()(z.strictObject({ device: z.string() })),
  /** A plan that renews or adds a certificate; without files one that puts the certificate from before the last renewal back. */
  'certificates.plan': call<Plan>()(
    z.strictObject({
      device: z.string(),
      /** As the device calls it. */
      name: z.string().max(1000),
      files: certificateFilesSchema.min(1).optional(),
      /** One that the device does not have yet: a file of a directory of certificates, or of this list. */
      add: z.strictObject({ list: z.string().max(1000).optional() }).optional(),
      /** Of a PKCS#12 file or an encrypted key. */
      passphrase: z.string().max(4096).optional(),
      /** The chain may end before any root that is known. */
      isShortChainGood: z.boolean().optional(),
      why: z.string().max(500).optional(),
    }),
  ),
  'push.start': call<PushState>()(
    z.strictObject({
      plan: planSchema,
      confirmWithinMs: z.number().int().min(1000).max(3_600_000),
      /** The device's name, typed by a person, or `--yes`: unlocks this device for this plan alone. */
      typed: z.string().max(200).optional(),
    }),
  ),
  'push.keep': call<PushState>()(z.strictObject({ device: deviceName })),
  'push.revert': call<PushState>()(z.strictObject({ device: deviceName })),
  'push.list': call<readonly PushState[]>()(nothing),

  'history.list': call<readonly Version[]>()(z.strictObject({ device: z.string() })),
  'history.show': call<readonly { path: string; text: string }[]>()(
    z.strictObject({ device: z.string(), version: z.number().int() }),
  ),
  /** What a version changed against another; without one against the version before it. */
  'history.diff': call<VersionDiff>()(
    z.strictObject({ device: z.string(), version: z.number().int(), against: z.number().int().optional() }),
  ),
  /** Reads the device anew: what differs from the version of this fingerprint. Null where nothing does, or no version has it. */
  'history.since': call<VersionDiff | null>()(z.strictObject({ device: z.string(), fingerprint: z.string() })),
  /** Changes of a device's configuration in some time, as its charts show them. */
  'history.markers': call<Series['markers']>()(
    z.strictObject({ device: z.string(), fromMs: z.number(), toMs: z.number() }),
  ),
  /** A plan that brings a version back: a change like any other. */
  'history.plan': call<Plan>()(z.strictObject({ device: z.string(), version: z.number().int().optional() })),

  /** When the computer slept, newest first: no data came from any device meanwhile. */
  'history.sleeps': call<readonly Sleep[]>()(nothing),

  'questions.list': call<readonly SignInQuestion[]>()(nothing),
  /** One answer for each prompt. */
  'questions.answer': call<null>()(
    z.strictObject({ id: z.string().max(64), answers: z.array(z.string().max(4096)).max(50) }),
  ),

  /** What devices told by themselves, newest first. */
  'events.list': call<readonly DeviceEvent[]>()(
    z.strictObject({ device: deviceName.optional(), limit: z.number().int().min(1).max(1000).optional() }),
  ),
  'traps.get': call<TrapState>()(nothing),
  /** Where traps are taken, and from whom; secrets are sealed and never come back out. */
  'traps.set': call<TrapState>()(trapSettingsSchema),

  'lab.get': call<LabState>()(nothing),
  'lab.start': call<LabState>()(nothing),
  'lab.stop': call<LabState>()(nothing),
  'lab.appliance': call<LabState>()(z.strictObject({ kind: z.enum(labApplianceKinds), isOn: z.boolean() })),

  'settings.get': call<Readonly<Record<string, string>>>()(nothing),
  'settings.set': call<null>()(z.strictObject({ key: z.string().max(100), value: z.string().max(10_000) })),
} as const;

export type CallName = keyof typeof calls;
export type CallInput<K extends CallName> = z.infer<(typeof calls)[K]['input']>;
export type CallOutput<K extends CallName> =
  NonNullable<(typeof calls)[K]['output']> | Extract<(typeof calls)[K]['output'], null>;

/** Who calls: `client` is stable for one window or browser connection and ends with it. */
export interface CallContext {
  readonly client: string;
  readonly shell: AppInfo['shell'];
}
export type Handlers = {
  readonly [K in CallName]: (input: CallInput<K>, context: CallContext) => Promise<CallOutput<K>>;
};

export type Shown = { readonly place: Place } | { readonly problem: Problem } | { readonly dialog: 'palette' | 'keys' };

/** What the console says unasked; whole snapshots, so that a lost one does no harm. */
export interface Events {
  /** Inventory, readings and locks changed. */
  readonly devices: readonly DeviceState[];
  /** Once a second: numbers. */
  readonly tick: Tick;
  readonly push: PushState;
  readonly test: TestReport;
  readonly lab: LabState;
  /** All settings, after one was set. */
  readonly settings: Readonly<Record<string, string>>;
  /** The computer has slept. */
  readonly slept: Sleep;
  /** The desktop asks its window for something: to go to a place, to say why a link was refused, to open the palette. */
  readonly shown: Shown;
  /** Events have come, or counts of traps moved; at most once a second. */
  readonly events: { readonly traps: TrapState; readonly latest: readonly DeviceEvent[] };
  /** All that servers ask a person now. */
  readonly questions: readonly SignInQuestion[];
}
export type EventName = keyof Events;

/** The wire forms, the same over IPC, WebSocket and the local socket. */
export interface CallMessage {
  readonly id: number;
  readonly call: CallName;
  readonly input: unknown;
}
export interface AnswerMessage {
  readonly id: number;
  readonly outcome: Outcome<unknown>;
}
export interface EventMessage {
  readonly event: EventName;
  readonly data: unknown;
}
export const callMessageSchema = z.strictObject({
  id: z.number().int(),
  call: z.enum(Object.keys(calls) as [CallName, ...CallName[]]), // Object.keys gives string[]
  input: z.unknown(),
});

/** The bridge as the preload exposes it on `window.steelyard`; the web bridge has the same shape over a WebSocket. */
export interface Bridge {
  readonly call: (name: CallName, input: unknown) => Promise<Outcome<unknown>>;
  readonly onEvent: (listener: (name: EventName, data: unknown) => void) => () => void;
  readonly onStatus?: (listener: (status: 'open' | 'closed') => void) => () => void;
}
