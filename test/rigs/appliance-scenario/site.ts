import type { SshDevice } from '../../../src-main/simulate/ssh-device.ts';
import { type CliProcesses, openCliProcesses } from '../cli-processes.ts';
import { openRelay, type Relay } from '../relay.ts';

/** Of every account of every simulated appliance. */
export const password = 'orchard';

/** A command line that knows a simulated appliance, and the link between them. */
export interface ApplianceSite {
  readonly cli: CliProcesses;
  /** All that goes to the device goes through it. */
  readonly relay: Relay;
  /** The address of the device for an account. */
  readonly address: (account: string) => string;
  /** Closes the device too. */
  readonly close: () => Promise<void>;
}

/**
 * `inventory`: names of devices with the account that each logs in with; all are the one device. Its host key is accepted by its fingerprint.
 * `snmpPort`: where figures are asked for besides.
 */
export async function openApplianceSite(
  vendor: 'f5' | 'netscaler' | 'a10',
  device: SshDevice,
  inventory: Readonly<Record<string, string>>,
  snmpPort?: number,
): Promise<ApplianceSite> {
  const [cli, relay] = await Promise.all([openCliProcesses(password), openRelay(device)]);
  function address(account: string): string {
    return `${vendor}+ssh://${account}@${relay.host}:${String(relay.port)}`;
  }
  const [first = ''] = Object.values(inventory);
  await cli.done('devices', 'test', address(first), '--accept-host-key', device.fingerprint);
  const poll = snmpPort === undefined ? [] : ['--poll', `${vendor}+snmp://public@127.0.0.1:${String(snmpPort)}`];
  for (const [name, account] of Object.entries(inventory))
    await cli.done('devices', 'add', name, address(account), ...poll);
  return {
    cli,
    relay,
    address,
    close: async () => {
      await relay.close();
      await device.close();
      await cli.close();
    },
  };
}
