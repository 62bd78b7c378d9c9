import { AppError } from '../../contract/errors.ts';
import { type Sample, sampleSchema } from '../../contract/metrics.ts';
import { fieldsList, isFields } from './config.ts';

type Fields = Readonly<Record<string, unknown>>;

const counters = new Set(['totalConnections', 'requests', 'bytesIn', 'bytesOut']);
const counterMaps = new Set(['responses', 'errors', 'responseTimeCounts']);

/** The answer of `GET /v1/stats` as a sample taken at `now`. Throws OUTPUT_UNPARSED that names the first value at fault. */
export function readSample(stats: unknown, now: Date): Sample {
  if (!isFields(stats)) throw unparsed('it is no object', stats);
  const { version, epoch } = stats;
  const sample = sampleSchema.safeParse({
    at: now.toISOString(),
    device: {
      vendor: 'engine',
      product: 'Steelyard engine',
      ...(typeof version === 'string' ? { version } : {}),
    },
    epoch,
    virtualServers: fieldsList(stats['virtualServers']).map(readVirtualServer),
    pools: fieldsList(stats['pools']).map(readPool),
    errors: [],
  });
  if (sample.success) return sample.data;
  const [issue] = sample.error.issues;
  throw unparsed(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not valid'}`, stats);
}

function readVirtualServer(server: Fields): Fields {
  const keys = ['name', 'protocol', 'health', 'adminState', ...counted, 'responses'];
  return { ...pick(server, keys), ...firstAddress(server['listen']) };
}

/** Of several addresses the first; a Unix socket has neither address nor port. */
function firstAddress(listen: unknown): Fields {
  const first: unknown = Array.isArray(listen) ? listen[0] : undefined;
  const match = /^\[?([^\]]*?)\]?:(\d+)$/.exec(typeof first === 'string' ? first : '');
  return match && match[1] !== 'unix' ? { address: match[1], port: Number(match[2]) } : {};
}

function readPool(pool: Fields): Fields {
  const keys = ['name', 'algorithm', 'health', 'adminState', 'currentConnections', 'queuedRequests'];
  return { ...pick(pool, keys), members: fieldsList(pool['members']).map(readMember) };
}

const counted = ['currentConnections', 'totalConnections', 'requests', 'bytesIn', 'bytesOut'];

function readMember(member: Fields): Fields {
  const keys = ['name', 'address', 'port', 'weight', 'health', 'adminState', 'queuedRequests', ...counted];
  return {
    ...pick(member, [...keys, 'responses', 'errors', 'responseTimeCounts', 'downSince']),
    ...pickInner(member, 'responseTimeMs', ['average', 'p50', 'p95', 'p99']),
    ...pickInner(member, 'lastCheck', ['at', 'durationMs', 'result']),
  };
}

function pickInner(object: Fields, key: string, keys: readonly string[]): Fields {
  const inner = object[key];
  return isFields(inner) ? { [key]: pick(inner, keys) } : {};
}

/** The keys that a sample has a place for; what the engine does not tell stays absent. */
function pick(object: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(
    keys.flatMap((key) => {
      const value = object[key];
      if (value === undefined || value === null) return [];
      if (counters.has(key)) return [[key, decimal(value)]];
      if (counterMaps.has(key) && isFields(value)) return [[key, mapValues(value, decimal)]];
      return [[key, value]];
    }),
  );
}

function mapValues(object: Fields, change: (value: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** A counter as decimal digits; what is none is left for the schema to refuse. */
function decimal(value: unknown): unknown {
  return typeof value === 'number' && Number.isInteger(value) ? String(BigInt(value)) : value;
}

function unparsed(why: string, stats: unknown): AppError {
  const raw = JSON.stringify(stats).slice(0, 4096);
  return new AppError('OUTPUT_UNPARSED', `The answer to GET /v1/stats is not as it should be: ${why}.`, { raw });
}
