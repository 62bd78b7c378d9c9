import { makeCarrier } from '../carrier.ts';
import { carriedLogin } from '../carrier-login.ts';
import { openSnmp } from '../snmp.ts';
import { openSshDevice, type SshDevice } from '../ssh-device.ts';
import { carriedServersOf } from './carried.ts';
import { type Device, type DeviceOptions, makeDevice } from './device.ts';
import { fetchBySsh } from './fetch.ts';
import { mibOf } from './mib.ts';
import { openSession } from './session.ts';

/** A simulated Thunder behind SSH on loopback. */
export interface SimulatedA10 extends Omit<Device, 'config' | 'change' | 'startup' | 'write' | 'reboot'>, SshDevice {
  /** The device itself, for another one's `configure sync`. */
  readonly device: Device;
  /** Every command that came by SSH, with the source of its form, in order. */
  readonly commands: () => readonly { readonly line: string; readonly source: string | undefined }[];
  /** The port of SNMP; undefined where it was not asked for. */
  readonly snmpPort: number | undefined;
  /** Running goes back to what was written, and every connection ends. */
  readonly reboot: () => void;
  /** Resolves when what it is configured to carry is in force, and its counters are of now; at once where it carries nothing. */
  readonly settle: () => Promise<void>;
}

export interface A10Options extends Omit<DeviceOptions, 'carried'> {
  /** Passwords by the names of accounts. */
  readonly accounts: Readonly<Record<string, string>>;
  /** Accounts with the privilege `read`; all others have `write`. */
  readonly readers?: readonly string[];
  /** Default empty: Enter is enough. */
  readonly enablePassword?: string;
  readonly peers?: Readonly<Record<string, Device>>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Answers SNMP v1 and v2c too, on this port (0: any free one). */
  readonly snmp?: { readonly community: string; readonly port?: number };
  /** Serves its virtual servers on loopback addresses, by real traffic. */
  readonly carries?: boolean;
  /** Hears in words what it cannot carry. */
  readonly tell?: (fault: string) => void;
}

/** Starts one from what `show running-config` prints. Throws where the port is taken. */
export async function startA10(options: A10Options): Promise<SimulatedA10> {
  const carrier = options.carries === true ? makeCarrier(options.tell ?? ((): void => undefined)) : undefined;
  const device = makeDevice({ ...options, ...(carrier !== undefined && { carried: carrier }) });
  const commands: { line: string; source: string | undefined }[] = [];
  const configuring = { count: 0 };
  const ssh = await openSshDevice(
    (account, watch) =>
      carriedLogin(
        {
          exec: () => Promise.resolve(1), // it takes no commands but in its shell
          shell: () =>
            openSession(device, {
              enablePassword: options.enablePassword ?? '',
              watch,
              configuring,
              peers: options.peers ?? {},
              fetch: fetchBySsh,
              mayWrite: options.readers?.includes(account) !== true,
              seen: (line, source) => {
                commands.push({ line, source });
              },
            }),
        },
        carrier,
      ),
    options,
  );
  const agent = options.snmp === undefined ? undefined : await openSnmp(() => mibOf(device), options.snmp);
  await carrier
    ?.start(() => carriedBy(device))
    .catch(async (error: unknown) => {
      agent?.close();
      await ssh.close();
      throw error;
    });
  return {
    ...device,
    ...ssh,
    device,
    snmpPort: agent?.port,
    close: async () => {
      agent?.close();
      await ssh.close();
      await carrier?.close();
    },
    commands: () => [...commands],
    reboot: () => {
      device.reboot();
      carrier?.restart();
      ssh.cut();
    },
    settle: async () => {
      await carrier?.settle();
      await carrier?.refresh();
    },
  };
}

/** One that stands by takes no connections. */
function carriedBy(device: Device): ReturnType<typeof carriedServersOf> {
  if (device.role() === 'Standby' || device.role() === 'ForcedStandby') return [];
  return device.partitions().flatMap((partition) =>
    carriedServersOf({
      partition,
      config: device.config(partition),
      tls: (virtual, port) => device.tls(partition, virtual, port),
      isBroken: device.isBroken,
    }),
  );
}
