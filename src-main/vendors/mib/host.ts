import type { DeviceFacts } from '../../contract/api.ts';
import { AppError } from '../../contract/errors.ts';
import type { InterfaceSample, Sample } from '../../contract/metrics.ts';
import type { CallOptions, SnmpCell, SnmpSession } from '../../transports/transport.ts';
import type { VendorDriver } from '../vendor.ts';
import { counterOf, numberOf, textOf } from './cells.ts';
import { readOnlyDevice, snmpOf } from './driver.ts';
import { CpuCounters, figuresOf } from './host-figures.ts';
import { present } from './objects.ts';
import { UpTime } from './up-time.ts';

const why = 'A machine is watched by SNMP, never changed.';

/** A machine by its agent: throughput (IF-MIB), CPU, memory and disks (HOST-RESOURCES-MIB, UCD-SNMP-MIB). */
export const host: VendorDriver = {
  id: 'host',
  label: 'Host',
  transports: ['snmp'],
  secrets: [],
  parse: () => {
    throw new AppError('CAPABILITY_MISSING', 'A host has no balancer’s configuration to read.');
  },
  edit: () => {
    throw new AppError('CAPABILITY_MISSING', why);
  },
  open: (session, _address, tools) => {
    const snmp = snmpOf(session, { label: 'A host' });
    const upTime = new UpTime();
    const cpu = new CpuCounters();
    return readOnlyDevice({
      label: 'Host',
      session: snmp,
      tools,
      facts: factsOf,
      read: () =>
        Promise.resolve({
          virtualServers: [],
          pools: [],
          monitors: [],
          profiles: [],
          certificates: [],
          unmodelled: [],
        }),
      poll: async (options) => {
        const [basics, interfaces, system] = await Promise.all([
          snmp.get([sysDescr, sysUpTime], options),
          readInterfaces(snmp, options),
          figuresOf(snmp, cpu, options),
        ]);
        const now = tools.now();
        return sampleOf(basics, interfaces, system, now, upTime);
      },
    });
  },
};

const sysDescr = '1.3.6.1.2.1.1.1.0';
const sysUpTime = '1.3.6.1.2.1.1.3.0';
const ifEntry = '1.3.6.1.2.1.2.2.1';
const ifXEntry = '1.3.6.1.2.1.31.1.1.1';
const loopback = 24;
const up = 1;

function sampleOf(
  [description, uptime]: readonly (SnmpCell | undefined)[],
  interfaces: readonly InterfaceSample[],
  system: Record<string, number>,
  now: Date,
  upTime: UpTime,
): Sample {
  const version = textOf(description);
  return {
    at: now.toISOString(),
    device: { vendor: 'host', product: 'Host', ...(version === undefined ? {} : { version }) },
    epoch: upTime.epochAt(now, numberOf(uptime)),
    system,
    interfaces: [...interfaces],
    virtualServers: [],
    pools: [],
    errors: [],
  };
}

/** RFC 2863: 64-bit octets where the agent has them, else the 32-bit ones; both start anew at ifCounterDiscontinuityTime. */
async function readInterfaces(session: SnmpSession, options: CallOptions): Promise<readonly InterfaceSample[]> {
  const [[types, states, in32, out32, descriptions], [names, in64, out64, speeds, discontinuities]] = await Promise.all(
    [
      session.walk(
        [3, 8, 10, 16, 2].map((column) => `${ifEntry}.${column}`),
        options,
      ),
      session.walk(
        [1, 6, 10, 15, 19].map((column) => `${ifXEntry}.${column}`),
        options,
      ),
    ],
  );
  const indexes = new Set([...(names?.keys() ?? []), ...(descriptions?.keys() ?? [])]);
  return [...indexes].map((index) => {
    const speed = numberOf(speeds?.get(index));
    const state = numberOf(states?.get(index));
    const type = numberOf(types?.get(index));
    const has64 = in64?.has(index) === true && out64?.has(index) === true;
    return {
      name: textOf(names?.get(index)) ?? textOf(descriptions?.get(index)) ?? index,
      ...present('epoch', textOf(discontinuities?.get(index))),
      ...(state === undefined ? {} : { isUp: state === up }),
      ...(type === undefined ? {} : { isLoopback: type === loopback }),
      ...(speed === undefined || speed === 0 ? {} : { speedBitsPerSecond: speed * 1_000_000 }),
      ...present('bytesIn', counterOf(in64?.get(index)) ?? counterOf(in32?.get(index))),
      ...present('bytesOut', counterOf(out64?.get(index)) ?? counterOf(out32?.get(index))),
      ...(has64 ? {} : { counterBits: 32 as const }),
    };
  });
}

function factsOf({ description, name }: { description: string | undefined; name: string | undefined }): DeviceFacts {
  return {
    vendor: 'host',
    label: 'Host',
    product: 'Host',
    ...(description === undefined ? {} : { version: description.slice(0, 200) }),
    ...(name === undefined ? {} : { host: name }),
    capabilities: [{ id: 'write', isPresent: false, why }],
    weightRange: { lowest: 0, highest: 0 },
    algorithms: [],
  };
}
