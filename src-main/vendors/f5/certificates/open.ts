import type { DeviceCertificates, DriverTools } from '../../vendor.ts';
import type { Place } from '../plan.ts';
import { planAddition } from './add.ts';
import { certificatesOfReading } from './list.ts';
import { planRenewal, textOfReading } from './plan.ts';

export interface CertificateDevice {
  readonly tools: Pick<DriverTools, 'sha256'>;
  /** Asks for the device group, and refuses a unit that must not be changed. */
  readonly placeOf: (planId: string, signal: AbortSignal) => Promise<Place>;
}

export function openCertificates({ tools, placeOf }: CertificateDevice): DeviceCertificates {
  return {
    list: (reading) => Promise.resolve(certificatesOfReading(textOfReading(reading))),
    plan: async (reading, name, material, planId, signal) =>
      planRenewal({ reading, place: await placeOf(planId, signal), sha256: tools.sha256 }, name, material),
    add: async (reading, wish, material, planId, signal) =>
      planAddition({ reading, place: await placeOf(planId, signal), sha256: tools.sha256 }, wish, material),
  };
}
