import { type Outcome, toProblem } from '../contract/errors.ts';
import { type ApplianceOrder, holdAppliance, type StartedAppliance } from './appliance.ts';

/** The process that holds one simulated appliance of the lab. Its life is the channel to its parent: where that ends, so does it. */
let held: ReturnType<typeof holdAppliance> | undefined;

process.on('message', (message) => {
  // the one sender is `openChild` of appliances.ts, in this form
  const { id, order } = message as { id: number; order: ApplianceOrder };
  held ??= holdAppliance(order);
  held
    .then(({ started }): Outcome<StartedAppliance> => ({ ok: true, value: started }))
    .catch((error: unknown): Outcome<StartedAppliance> => ({ ok: false, problem: toProblem(error) }))
    .then((outcome) => {
      if (process.connected) process.send?.({ id, outcome });
    })
    .catch(() => process.exit(1)); // the channel broke under the answer: the parent is gone
});

/** Its files are gone with it. */
async function end(): Promise<void> {
  const appliance = await held?.catch(() => undefined); // its start failed: there is nothing to close
  appliance?.traffic.stop();
  await appliance?.device.close();
  process.exit(0);
}
process.on('disconnect', () => void end());
process.on('SIGTERM', () => void end());
// Ctrl-C in a terminal reaches the whole group: the parent decides what ends, and when.
process.on('SIGINT', () => undefined);
