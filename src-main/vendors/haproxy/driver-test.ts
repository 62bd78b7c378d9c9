import type { DeviceAddress } from '../../contract/address.ts';
import type { TestStep } from '../../contract/api.ts';
import { AppError } from '../../contract/errors.ts';
import type { DriverTools, OpenDevice } from '../vendor.ts';
import { factsOf } from './driver-facts.ts';
import type { Host } from './driver-host.ts';
import { findRights, type Look, socketOf } from './driver-rights.ts';
import { effectiveModel } from './parse.ts';

/** What the add wizard shows after sign-in. Throws the problem of the first step that fails. */
export async function testDevice(
  find: () => Promise<Look>,
  host: Host,
  address: DeviceAddress,
  tools: DriverTools,
  report: (step: TestStep) => void,
  signal: AbortSignal,
): ReturnType<OpenDevice['test']> {
  async function step<T>(
    id: TestStep['id'],
    title: string,
    work: () => Promise<{ value: T; detail: string }>,
  ): Promise<T> {
    const startedAt = tools.now().getTime();
    report({ id, title, state: 'running' });
    try {
      const { value, detail } = await work();
      report({ id, title, state: 'done', durationMs: tools.now().getTime() - startedAt, detail });
      return value;
    } catch (error) {
      const durationMs = tools.now().getTime() - startedAt;
      const problem = error instanceof AppError ? { problem: error.toProblem() } : {};
      report({ id, title, state: 'failed', durationMs, ...problem });
      throw error;
    }
  }
  const options = { signal };
  const look = await step('privilege', 'Find HAProxy, its configuration and its socket', async () => {
    const value = await find();
    return { value, detail: `${value.site.paths.join(', ')}; socket ${socketOf(value)}` };
  });
  const rights = await step('version', 'Ask HAProxy for its version and what the account may do', async () => {
    const value = await findRights(host, look, address.host, options);
    if ('why' in value.socket) throw new AppError('CAPABILITY_MISSING', `HAProxy cannot be asked: ${value.socket.why}`);
    refuseOldVersion(value.version);
    const missing = factsOf(value)
      .capabilities.filter((one) => !one.isPresent)
      .map((one) => `${one.id}: ${one.why ?? ''}`);
    return { value, detail: [`${value.version ?? ''}, level ${value.socket.level}`, ...missing].join('; ') };
  });
  await step('read', 'Read the configuration', () => {
    const model = effectiveModel(look.files, look.surroundings);
    const members = model.pools.reduce((sum, pool) => sum + pool.members.length, 0);
    const detail = `${model.virtualServers.length} virtual servers, ${model.pools.length} pools, ${members} members`;
    return Promise.resolve({ value: model, detail });
  });
  return {
    facts: factsOf(rights),
    discovered: {
      ...(address.options['config'] === undefined && look.site.paths[0] !== undefined
        ? { config: look.site.paths[0] }
        : {}),
      ...(address.options['socket'] === undefined && look.socketPath !== undefined ? { socket: look.socketPath } : {}),
    },
  };
}

/** Older ones lack the master's socket and columns that the figures are read from. */
function refuseOldVersion(version: string | undefined): void {
  const major = Number(/^(\d+)/.exec(version ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(major) || major >= 2) return;
  throw new AppError(
    'VERSION_UNSUPPORTED',
    `HAProxy ${version ?? ''} is older than 2.0, the oldest that is supported.`,
  );
}
