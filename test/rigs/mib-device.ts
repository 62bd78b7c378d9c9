import { createHash } from 'node:crypto';
import { parseAddress, type VendorId } from '../../src-main/contract/address.ts';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import type { OpenDevice } from '../../src-main/vendors/vendor.ts';
import { type AgentRow, startSnmpAgent, type SnmpAgent } from './snmp-agent.ts';

export interface MibDevice {
  readonly device: OpenDevice;
  readonly agent: SnmpAgent;
  readonly stop: () => Promise<void>;
}

/** A device of a vendor over UDP: the driver, the transport, and an agent that holds the given values. */
export async function startMibDevice(
  vendor: VendorId,
  rows: readonly AgentRow[],
  now = () => new Date(),
): Promise<MibDevice> {
  const agent = await startSnmpAgent({ rows, maxBytes: 8000 });
  const session = openSnmp({ host: '127.0.0.1', port: agent.port, security: { version: 2, community: 'orchard' } });
  const driver = drivers.find(({ id }) => id === vendor);
  if (driver === undefined) throw new Error(`No driver of ${vendor}`);
  const address = parseAddress(`${vendor}+snmp://orchard@127.0.0.1:${agent.port}`);
  const device = driver.open({ kind: 'snmp', snmp: session }, address, {
    now,
    sleep: () => Promise.resolve(),
    sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
    certificate: () => undefined,
  });
  return {
    device,
    agent,
    stop: () => {
      session.close();
      return agent.stop();
    },
  };
}
