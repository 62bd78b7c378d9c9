import { type Outcome, toProblem } from '../contract/errors.ts';
import { createFleet, type FleetOrder, type FleetReport } from './fleet.ts';

/** The process that holds the lab's back ends and traffic. Its life is the channel to its parent: where that ends, so does it. */
const fleet = createFleet();

process.on('message', (message) => {
  // the one sender is `openChild` of lab.ts, in this form
  const { id, order } = message as { id: number; order: FleetOrder };
  fleet
    .obey(order)
    .then((value): Outcome<FleetReport> => ({ ok: true, value }))
    .catch((error: unknown): Outcome<FleetReport> => ({ ok: false, problem: toProblem(error) }))
    .then((outcome) => {
      if (process.connected) process.send?.({ id, outcome });
    })
    .catch(() => process.exit(1)); // the channel broke under the answer: the parent is gone
});
process.on('disconnect', () => process.exit(0));
// Ctrl-C in a terminal reaches the whole group: the parent decides what ends, and when.
process.on('SIGINT', () => undefined);
