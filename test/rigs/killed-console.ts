import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from '../../src-main/contract/plan.ts';

/** Pushes from a process of its own and kills it (SIGKILL) as soon as it says that the step runs, or that phase has come. */
export async function killAt(dataDir: string, plan: Plan, stepId: string, confirmWithinMs = 60_000): Promise<void> {
  const planFile = join(dataDir, 'plan.json');
  writeFileSync(planFile, JSON.stringify(plan));
  const entry = fileURLToPath(new URL('push.entry.ts', import.meta.url));
  const words = [entry, dataDir, planFile, String(confirmWithinMs)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.split('\n').includes(stepId)) resolve();
    });
    child.on('exit', () => {
      reject(new Error(`the console ended before ${stepId}; it said ${said}`));
    });
  });
  child.removeAllListeners('exit');
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
