import { readFileSync } from 'node:fs';
import { planSchema } from '../../src-main/contract/plan.ts';
import { openCalledConsole } from './console-calls.ts';

/**
 * A console in a process of its own, to be killed: `push.entry.ts DATADIR PLANFILE [MILLISECONDS]` pushes the plan and prints, for each state, the step
 * that runs (or the phase) as a line.
 */
const [dataDir = '', planFile = '', confirmWithin = '60000'] = process.argv.slice(2);
const plan = planSchema.parse(JSON.parse(readFileSync(planFile, 'utf8')));
const called = await openCalledConsole(dataDir);
called.onPush = (state) => {
  const running = state.steps.find((step) => step.state === 'running');
  process.stdout.write(`${running?.id ?? state.phase}\n`);
};
await called.call('push.start', { plan, confirmWithinMs: Number(confirmWithin), typed: plan.device });
