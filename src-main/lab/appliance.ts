import { seededChance } from '../engine/runtime/chance.ts';
import { startA10 } from '../simulate/a10/start.ts';
import { startF5 } from '../simulate/f5/start.ts';
import { startNetscaler } from '../simulate/netscaler/start.ts';
import type { SshDevice } from '../simulate/ssh-device.ts';
import { type ApplianceKind, type ApplianceListen, type ApplianceMember, appliances } from './appliance-configs.ts';
import { startTraffic, type Traffic } from './traffic.ts';

/** What the lab asks of the process that holds one simulated appliance, once. */
export interface ApplianceOrder {
  readonly kind: ApplianceKind;
  /** Of its account; it comes over the channel, never as an argument. */
  readonly password: string;
  readonly listen: ApplianceListen;
  readonly members: readonly ApplianceMember[];
  /** Of the traffic's random source. */
  readonly seed: number;
}

export interface StartedAppliance {
  readonly sshPort: number;
  readonly snmpPort: number;
  /** As a line of known_hosts has it: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  /** What it cannot carry, in words. */
  readonly faults: readonly string[];
}

interface Held {
  readonly device: SshDevice & { readonly snmpPort: number | undefined };
  readonly traffic: Traffic;
}

/** A simulated appliance under light steady traffic, in the calling process. Throws what its start throws. */
export async function holdAppliance(order: ApplianceOrder): Promise<Held & { readonly started: StartedAppliance }> {
  const faults: string[] = [];
  const device = await startDevice(order, (fault) => faults.push(fault));
  const traffic = startTraffic({ ...order.listen, chance: seededChance(order.seed, 0) });
  const { port: sshPort, snmpPort = 0, hostKey } = device;
  return { device, traffic, started: { sshPort, snmpPort, hostKey, faults } };
}

function startDevice(order: ApplianceOrder, tell: (fault: string) => void): Promise<Held['device']> {
  const { kind, password, listen, members } = order;
  const { account, config } = appliances[kind];
  const shared = { config: config(listen, members), snmp: { community: 'public' }, carries: true, tell };
  switch (kind) {
    case 'f5':
      return startF5({ ...shared, accounts: { [account]: { password, shell: 'bash' } } });
    case 'netscaler':
      return startNetscaler({ ...shared, accounts: { [account]: password } });
    case 'a10':
      return startA10({ ...shared, accounts: { [account]: password } });
  }
}
