import { readFileSync, writeFileSync } from 'node:fs';
import { planSchema } from '../../../src-main/contract/plan.ts';
import { openCalledConsole } from '../console-calls.ts';
import { walkInto } from './walk-into.ts';

/**
 * A console in a process of its own, whose clock is set as a step begins: `clocked.entry.ts DATADIR PLANFILE STEP CONFIG JUMPFILE JUMP` walks and
 * prints the walk as JSON.
 */
const [dataDir = '', planFile = '', stepId = '', configFile = '', jumpFile = '', jump = ''] = process.argv.slice(2);
const plan = planSchema.parse(JSON.parse(readFileSync(planFile, 'utf8')));
const called = await openCalledConsole(dataDir);
const before = Date.now();
const walk = await walkInto(called, plan, stepId, {
  strike: () => {
    writeFileSync(jumpFile, jump);
    if (Math.abs(Date.now() - before) < 3_600_000) throw new Error('the clock of this process was not set');
  },
  readConfig: () => readFileSync(configFile, 'utf8'),
  endsByItself: false,
});
await called.console.close();
process.stdout.write(`${JSON.stringify(walk)}\n`);
