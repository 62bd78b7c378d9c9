import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineConfig } from '../../src-main/contract/engine-config.ts';
import { startEngine, type EngineReady } from '../../src-main/engine/start.ts';
import type { EngineStatistics } from '../../src-main/engine/supervisor/stats.ts';

/** An engine in processes of its own, with an admin socket, in a fresh directory. */
export interface TestEngine {
  readonly ready: EngineReady;
  readonly file: string;
  readonly events: readonly Readonly<Record<string, unknown>>[];
  readonly port: (virtualServer: string) => number;
  readonly admin: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;
  readonly stats: () => Promise<EngineStatistics>;
  readonly write: (config: EngineConfig) => void;
  readonly reload: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export async function openEngine(config: EngineConfig, workers = 1): Promise<TestEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-engine-'));
  const file = join(directory, 'engine.json');
  const events: Readonly<Record<string, unknown>>[] = [];
  function write(next: EngineConfig): void {
    writeFileSync(file, JSON.stringify({ admin: { socket: 'admin.sock' }, ...next }));
  }
  write(config);
  const engine = await startEngine({ file, workers, readyTimeoutMs: 60_000, onEvent: (event) => events.push(event) });
  function admin(method: string, path: string, body?: unknown) {
    return call(join(directory, 'admin.sock'), method, path, body);
  }
  return {
    ready: engine.ready,
    file,
    events,
    write,
    admin,
    port: (name) =>
      Number(/:(\d+)$/.exec(engine.ready.listen.find((each) => each.virtualServer === name)?.address ?? '')?.[1]),
    stats: async () => (await admin('GET', '/v1/stats')).body as EngineStatistics, // what the engine under test answers
    reload: async () => {
      const { status, body } = await admin('POST', '/v1/reload');
      if (status !== 200) throw new Error(JSON.stringify(body));
    },
    stop: async () => {
      await engine.stop(1000);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body: unknown,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, agent: false, timeout: 20_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const isJson = (response.headers['content-type'] ?? '').includes('json');
        resolve({ status: response.statusCode ?? 0, body: isJson ? (JSON.parse(text) as unknown) : text });
      });
    });
    outgoing.on('error', reject);
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path} was not answered`)));
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
