import type { EngineMonitor } from '../../src-main/contract/engine-config.ts';
import { resolveSettings } from '../../src-main/engine/config/settings.ts';
import type { Verdict } from '../../src-main/engine/monitors/monitor.ts';
import { monitors } from '../../src-main/engine/monitors/registry.ts';
import { startAnswering, type Answering, type Manner } from './answering.ts';

export type ProbedMonitor = Omit<EngineMonitor, 'name'>;

/** One probe as the engine makes it, with every default. */
export async function probe(
  monitor: ProbedMonitor,
  port: number,
  options: {
    readonly signal?: AbortSignal;
    readonly address?: string;
    readonly scripts?: Readonly<Record<string, string>>;
  } = {},
): Promise<Verdict> {
  const [settings] = resolveSettings(
    { version: 1, monitors: [{ name: 'm', ...monitor }], scripts: options.scripts ?? {} },
    '/',
  ).monitors;
  const kind = monitors.get(monitor.type);
  if (settings === undefined || kind === undefined) throw new Error(`There is no monitor of type ${monitor.type}`);
  const target = { address: options.address ?? '127.0.0.1', port, pool: 'app', member: 'a', isHttp2: false };
  return kind.probe(settings, target, options.signal ?? new AbortController().signal);
}

/** The verdict on a server of this manner, which has no connection left open afterwards. */
export async function probeManner(
  monitor: ProbedMonitor,
  manner: Manner,
  isClosingAtOnce = false,
): Promise<Verdict & { readonly heard: string }> {
  const server = await startAnswering(manner, isClosingAtOnce);
  try {
    const verdict = await probe({ timeoutMs: 300, ...monitor }, server.port);
    await untilIdle(server);
    return { ...verdict, heard: server.heard().toString('latin1') };
  } finally {
    await server.close();
  }
}

async function untilIdle(server: Answering): Promise<void> {
  for (let turn = 0; turn < 200 && server.open() > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  if (server.open() > 0) throw new Error(`The probe left ${server.open()} connections open`);
}
