import { z } from 'zod';
import { adminStateSchema, healthSchema } from './model.ts';

/** A counter since the device (or its process) started, as a decimal string: it may pass 2^53. */
export const counterSchema = z.string().regex(/^\d+$/);
export type Counter = z.infer<typeof counterSchema>;

const gauge = z.number();

/** What one member's counters and gauges said. What a device does not tell is absent, never 0. Bytes: `in` towards the member. */
export const memberSampleSchema = z.strictObject({
  name: z.string(),
  address: z.string().optional(),
  port: z.number().int().optional(),
  weight: z.number().int().optional(),
  health: healthSchema.optional(),
  adminState: adminStateSchema.optional(),
  currentConnections: gauge.optional(),
  totalConnections: counterSchema.optional(),
  queuedRequests: gauge.optional(),
  requests: counterSchema.optional(),
  responses: z.record(z.string(), counterSchema).optional(),
  errors: z.record(z.string(), counterSchema).optional(),
  bytesIn: counterSchema.optional(),
  bytesOut: counterSchema.optional(),
  /** `average` is never a percentile; the device's own word for it stands in `source`. */
  responseTimeMs: z
    .strictObject({
      average: gauge.optional(),
      p50: gauge.optional(),
      p95: gauge.optional(),
      p99: gauge.optional(),
      source: z.string().optional(),
    })
    .optional(),
  /** Responses since `epoch` by bucket of their time (`histogram.ts`): of them alone the percentile over any span is true. */
  responseTimeCounts: z.record(z.string().regex(/^\d{1,4}$/), counterSchema).optional(),
  lastCheck: z
    .strictObject({ at: z.string().optional(), durationMs: gauge.optional(), result: z.string().optional() })
    .optional(),
  downSince: z.string().optional(),
});
export type MemberSample = z.infer<typeof memberSampleSchema>;

/** The unit of a cluster that serves it, where that is another than the one that was asked: figures are absent then, and stand there. */
const activeOn = z.string().optional();

export const poolSampleSchema = z.strictObject({
  name: z.string(),
  activeOn,
  algorithm: z.string().optional(),
  health: healthSchema.optional(),
  adminState: adminStateSchema.optional(),
  currentConnections: gauge.optional(),
  queuedRequests: gauge.optional(),
  members: z.array(memberSampleSchema),
  /** Its figures are those of another pool here too, which sums count once. */
  isRepeated: z.literal(true).optional(),
});
export type PoolSample = z.infer<typeof poolSampleSchema>;

export const virtualServerSampleSchema = z.strictObject({
  name: z.string(),
  activeOn,
  address: z.string().optional(),
  port: z.number().int().optional(),
  protocol: z.string().optional(),
  health: healthSchema.optional(),
  adminState: adminStateSchema.optional(),
  currentConnections: gauge.optional(),
  totalConnections: counterSchema.optional(),
  requests: counterSchema.optional(),
  bytesIn: counterSchema.optional(),
  bytesOut: counterSchema.optional(),
  responses: z.record(z.string(), counterSchema).optional(),
});
export type VirtualServerSample = z.infer<typeof virtualServerSampleSchema>;

/**
 * What one network interface of the machine passed. `epoch` changes when its counters started anew without the machine
 * (ifCounterDiscontinuityTime of RFC 2863).
 */
export const interfaceSampleSchema = z.strictObject({
  name: z.string(),
  epoch: z.string().optional(),
  isUp: z.boolean().optional(),
  isLoopback: z.boolean().optional(),
  speedBitsPerSecond: gauge.optional(),
  bytesIn: counterSchema.optional(),
  bytesOut: counterSchema.optional(),
  /** Where the agent has octets of 32 bits alone: they wrap each 34 s at a full gigabit. */
  counterBits: z.literal(32).optional(),
});
export type InterfaceSample = z.infer<typeof interfaceSampleSchema>;

const problemSchema = z.object({ code: z.string(), title: z.string(), detail: z.string(), raw: z.string().optional() });

/** One poll of one device: `steelyard poll` prints it as a JSON line. `epoch` names the process or boot that counts. */
export const sampleSchema = z.strictObject({
  at: z.iso.datetime(),
  device: z.strictObject({
    vendor: z.string(),
    product: z.string().optional(),
    version: z.string().optional(),
    serial: z.string().optional(),
    failover: z.string().optional(),
  }),
  /** Changes whenever the counters start anew (process id and start time, sysUpTime reset): no rate is taken across it. */
  epoch: z.string().optional(),
  system: z.record(z.string(), gauge).optional(),
  /** Network interfaces of the machine, where an agent tells them; bytes as the machine sees them: `in` is received. */
  interfaces: z.array(interfaceSampleSchema).optional(),
  virtualServers: z.array(virtualServerSampleSchema),
  pools: z.array(poolSampleSchema),
  errors: z.array(problemSchema),
});
export type Sample = z.infer<typeof sampleSchema>;

/** Per-second rates of one object between two polls; absent where a counter was absent or restarted in between. */
export interface Rates {
  readonly name: string;
  readonly requestsPerSecond?: number;
  readonly connectionsPerSecond?: number;
  readonly bytesInPerSecond?: number;
  readonly bytesOutPerSecond?: number;
  /** Answers of class 5xx per second. */
  readonly serverErrorsPerSecond?: number;
  /** Sum of `errors` by cause per second. */
  readonly failuresPerSecond?: number;
  /** Responses between the two polls by bucket of their time; buckets that got none are left out. */
  readonly times?: Readonly<Record<string, number>>;
}
export interface SampleRates {
  /** Measured time between the two polls. */
  readonly intervalMs: number;
  /** True where the counters started anew between the polls: no rate was taken. */
  readonly isReset: boolean;
  readonly virtualServers: readonly Rates[];
  readonly pools: readonly (Rates & { readonly members: readonly Rates[] })[];
  /** Absent where the device tells of no interfaces. */
  readonly interfaces?: readonly Rates[];
}

/** What can be charted per member (and summed or averaged per pool), `machine...` per device alone. History knows a metric by its place: new ones go to the end. */
export const metricNames = [
  'requestsPerSecond',
  'connectionsPerSecond',
  'currentConnections',
  'bytesInPerSecond',
  'bytesOutPerSecond',
  'responseTimeAverageMs',
  'responseTimeP50Ms',
  'responseTimeP95Ms',
  'serverErrorsPerSecond',
  'failuresPerSecond',
  'queuedRequests',
  'weight',
  'healthUp',
  'inRotation',
  'responseTimeP99Ms',
  'machineCpuPercent',
  'machineBytesInPerSecond',
  'machineBytesOutPerSecond',
] as const;
/**
 * A device's own sums are charted as the one member of a pool without a name: the highest p95 of its members, of its machine what
 * `machine...` names, of all else the sum. No pool of a device is called so.
 */
export const wholeDevice = { pool: '', member: '' } as const;
export const metricSchema = z.enum(metricNames);
export type Metric = z.infer<typeof metricSchema>;

/** What one poll says of one member, ready for charts. A metric that the device does not tell is absent. */
export interface MetricRow {
  readonly pool: string;
  readonly member: string;
  readonly values: Readonly<Partial<Record<Metric, number>>>;
  /** Response times since the poll before, where the device counts them: how many in each bucket (`histogram.ts`). */
  readonly times?: Readonly<Record<string, number>>;
}

/** One poll of one device, ready for charts. */
export interface MetricRows {
  readonly device: string;
  /** When the device answered, ms since 1970. */
  readonly atMs: number;
  /** Measured time since the poll that the rates are taken from; 0 where there was none. */
  readonly intervalMs: number;
  /** How often the device is polled: a longer silence than 2.5 times this is a gap. */
  readonly everyMs: number;
  readonly rows: readonly MetricRow[];
}

/**
 * Chart data in columns: `times` in ms since 1970, one value array per line, `null` where there is no sample (a gap stays a gap).
 * At most `2 * maxPixels` points per line: by the second reduced by lowest and highest per pixel column; of a roll-up a lowest and a
 * highest point per `resolutionMs`, or one where a mean was asked for or the metric is a percentile that the roll-up has counts of.
 */
/** A span in which the computer slept, ms since 1970: no data, and no alarms for that. */
export interface Sleep {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Series {
  readonly metric: Metric;
  readonly resolutionMs: number;
  readonly lines: readonly {
    readonly name: string;
    readonly times: readonly number[];
    readonly values: readonly (number | null)[];
  }[];
  /** Spans without samples longer than 2.5 intervals; `sleep` where the computer slept meanwhile. */
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number; readonly sleep?: Sleep }[];
  readonly markers: readonly { readonly atMs: number; readonly label: string; readonly pushId?: string }[];
}
