import type { DeviceAddress } from '../../contract/address.ts';
import type { DeviceFacts, TestStep } from '../../contract/api.ts';
import { AppError, toProblem } from '../../contract/errors.ts';
import { type DeviceModel, deviceModelSchema } from '../../contract/model.ts';
import type { Plan } from '../../contract/plan.ts';
import type { HttpSession, Session } from '../../transports/transport.ts';
import type { DeviceReading, DriverTools, OpenDevice, PlanDraft, SourceFile, VendorDriver } from '../vendor.ts';
import { askJson } from './ask.ts';
import { findDifferences, fingerprintText } from './compare.ts';
import { type Config, engineMethods, isFields, offeredAlgorithms, offeredMethods } from './config.ts';
import { editFiles } from './edit.ts';
import { parseFiles, secretPatterns } from './parse.ts';
import { configPath, configText, draftPlan, planEdit, replaceConfig } from './plan.ts';
import { readSample } from './sample.ts';

const statsPath = '/v1/stats';

/** The bundled engine, by its admin interface. Its configuration is the model written down, so nothing is lost either way. */
export const engine: VendorDriver = {
  id: 'engine',
  label: 'Steelyard engine',
  transports: ['unix', 'http'],
  secrets: secretPatterns,
  parse: parseFiles,
  edit: editFiles,
  open: openEngine,
};

function openEngine(session: Session, address: DeviceAddress, tools: DriverTools): OpenDevice {
  if (session.kind !== 'http') {
    throw new AppError(
      'CAPABILITY_MISSING',
      'The engine is reached by its admin interface (unix or http), not by SSH.',
    );
  }
  const { http } = session;
  return {
    test: (report, signal) => testEngine(http, tools, report, signal),
    read: (signal) => readEngine(http, tools, signal),
    poll: async (signal) => readSample(await askJson(http, statsPath, signal), tools.now()),
    plan: (reading, edit) =>
      settled(() => draftPlan(address, planEdit(address, configOf(reading.files), edit), tools.sha256)),
    planFiles: (reading, files) =>
      settled(() =>
        draftPlan(address, replaceConfig(address, configOf(reading.files), configOf(files), []), tools.sha256),
      ),
    standing: (plan, wanted, signal) => findStanding(http, tools, plan, wanted, signal),
  };
}

function settled(work: () => PlanDraft): Promise<PlanDraft> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

async function readConfig(http: HttpSession, signal: AbortSignal): Promise<Config> {
  return isConfig(await askJson(http, configPath, signal), configPath);
}

async function readEngine(http: HttpSession, tools: DriverTools, signal: AbortSignal): Promise<DeviceReading> {
  const config = await readConfig(http, signal);
  const sample = readSample(await askJson(http, statsPath, signal), tools.now());
  const files = [{ path: configPath, bytes: Buffer.from(configText(config)) }];
  return {
    files,
    fingerprint: fingerprintOf(config, tools),
    facts: describeEngine(sample.device.version),
    model: effectiveModel(checkedModel(files)),
  };
}

function checkedModel(files: readonly SourceFile[]): DeviceModel {
  const model = deviceModelSchema.safeParse(parseFiles(files));
  if (model.success) return model.data;
  throw new AppError('OUTPUT_UNPARSED', `The answer to GET ${configPath} is no model: ${model.error.message}`);
}

/** With the engine's defaults where the configuration leaves what can be changed at run time unwritten. */
function effectiveModel(model: DeviceModel): DeviceModel {
  return {
    ...model,
    pools: model.pools.map((pool) => ({
      algorithm: 'round-robin',
      ...pool,
      members: pool.members.map((member) => ({ weight: 1, adminState: 'enabled', ...member })),
    })),
  };
}

const bandwidthKeys = [
  'bytesPerSecond',
  'perConnectionBytesPerSecond',
  'perClientBytesPerSecond',
  'afterBytes',
] as const;

function describeEngine(version: string | undefined): DeviceFacts {
  return {
    vendor: engine.id,
    label: engine.label,
    product: 'Steelyard engine',
    ...(version === undefined ? {} : { version }),
    capabilities: [{ id: 'persistence', isPresent: true, why: `By ${engineMethods.join(', ')}.` }],
    weightRange: { lowest: 0, highest: 256 },
    algorithms: offeredAlgorithms(),
    persistence: offeredMethods(),
    writes: [
      'virtualServer.listen',
      ...bandwidthKeys.map((key) => `virtualServer.bandwidth.${key}` as const),
      'pool.tls',
      'pool.queue.limit',
      'pool.queue.timeoutMs',
      'member.maxConnections',
    ],
  };
}

function configOf(files: readonly SourceFile[]): Config {
  const [file] = files;
  if (!file || files.length > 1) {
    throw new AppError('PLAN_INVALID', `A configuration of the engine is one file, but ${files.length} were given.`);
  }
  try {
    return isConfig(JSON.parse(file.bytes.toString('utf8')), file.path);
  } catch (error) {
    throw new AppError('PLAN_INVALID', `${file.path} cannot be read as JSON: ${toProblem(error).detail}`, {
      cause: error,
    });
  }
}

function isConfig(value: unknown, path: string): Config {
  if (isFields(value)) return value;
  throw new AppError('OUTPUT_UNPARSED', `${path} is no map of sections.`, {
    raw: JSON.stringify(value).slice(0, 4096),
  });
}

function fingerprintOf(config: Config, tools: DriverTools): string {
  return tools.sha256(Buffer.from(fingerprintText(config)));
}

async function findStanding(
  http: HttpSession,
  tools: DriverTools,
  plan: Plan,
  wanted: 'old' | 'new',
  signal: AbortSignal,
): Promise<{ readonly file: 'old' | 'new' | 'foreign'; readonly differences: readonly string[] }> {
  const found = await readConfig(http, signal);
  const fingerprint = fingerprintOf(found, tools);
  const should = isConfig(plan.driver[wanted === 'old' ? 'before' : 'after'], 'The plan');
  const differences = findDifferences(should, found);
  const [same, other] = wanted === 'old' ? [plan.basedOn, plan.resultsIn] : [plan.resultsIn, plan.basedOn];
  if (fingerprint === same) return { file: wanted, differences };
  return { file: fingerprint === other ? (wanted === 'old' ? 'new' : 'old') : 'foreign', differences };
}

/** Whoever may open the admin interface may do everything, so that the first answer settles the rights as well. */
async function testEngine(
  http: HttpSession,
  tools: DriverTools,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): Promise<{ facts: DeviceFacts; discovered: Record<string, string> }> {
  async function step<T>(
    id: TestStep['id'],
    title: string,
    work: () => Promise<{ value: T; detail: string }>,
  ): Promise<T> {
    report({ id, title, state: 'running' });
    const startedAt = tools.now().getTime();
    try {
      const { value, detail } = await work();
      report({ id, title, state: 'done', durationMs: tools.now().getTime() - startedAt, detail });
      return value;
    } catch (error) {
      const problem = toProblem(error);
      const durationMs = tools.now().getTime() - startedAt;
      report({ id, title, state: 'failed', durationMs, detail: problem.detail, problem });
      throw error;
    }
  }
  const stats = await step('privilege', 'Rights', async () => ({
    value: await askJson(http, statsPath, signal),
    detail: 'The admin interface answers.',
  }));
  const version = await step('version', 'Version', () => {
    const { device } = readSample(stats, tools.now());
    return Promise.resolve({ value: device.version, detail: `${device.product ?? ''} ${device.version ?? ''}`.trim() });
  });
  return { facts: describeEngine(version), discovered: {} };
}
