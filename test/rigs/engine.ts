import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine as startProcess } from '../../src-main/engine/start.ts';

export interface RunningEngine {
  /** Path of the admin socket. */
  readonly socket: string;
  /** Port of the first virtual server. */
  readonly port: number;
  readonly file: string;
  readonly stop: () => Promise<void>;
}

/** The real engine with one worker and this configuration, its admin socket added, in a folder of its own. */
export async function startEngine(config: Readonly<Record<string, unknown>>): Promise<RunningEngine> {
  const folder = await mkdtemp(join(tmpdir(), "steelyard it's-"));
  const [socket, file] = [join(folder, 'admin.sock'), join(folder, 'engine.json')];
  await writeFile(file, JSON.stringify({ ...config, admin: { socket } }));
  const engine = await startProcess({ file, workers: 1, version: '0.0.0-test' });
  return {
    socket,
    port: Number(engine.ready.listen[0]?.address.split(':').at(-1)),
    file,
    stop: async () => {
      await engine.stop(500);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
