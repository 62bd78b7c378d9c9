import { toProblem } from '../contract/errors.ts';
import type { Sample } from '../contract/metrics.ts';
import type { OpenDevice, VendorDriver } from '../vendors/vendor.ts';

interface Way {
  readonly driver: VendorDriver;
  readonly device: OpenDevice;
}

/**
 * One sample of a device that is polled two ways. Another way to the same kind (F5 by SSH, polled by SNMP) is the poll; a machine's
 * agent beside a balancer gives the figures of the machine (`system`, `interfaces`) to the balancer's sample. Where the agent does
 * not answer the balancer's figures stand, and the problem with them.
 */
export async function pollBoth(main: Way, beside: Way, signal: AbortSignal): Promise<Sample> {
  if (beside.driver.id === main.driver.id) return beside.device.poll(signal);
  const [sample, machine] = await Promise.all([
    main.device.poll(signal),
    beside.device.poll(signal).catch((error: unknown) => toProblem(error)),
  ]);
  if ('code' in machine) return { ...sample, errors: [...sample.errors, machine] };
  // The balancer's own word for a figure is the nearer one.
  return {
    ...sample,
    system: { ...machine.system, ...sample.system, ...machineFigures(machine) },
    ...(machine.interfaces === undefined ? {} : { interfaces: machine.interfaces }),
    errors: [...sample.errors, ...machine.errors],
  };
}

/** Figures of the machine keep their own names where the balancer means something else by the same: HAProxy's CPU is its process. */
function machineFigures({ system = {} }: Sample): Record<string, number> {
  const { cpuPercent } = system;
  return cpuPercent === undefined ? {} : { hostCpuPercent: cpuPercent };
}
