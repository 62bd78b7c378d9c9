import { loginTo } from '../login.ts';
import { openSnmp } from '../snmp.ts';
import { openSshDevice, type SshDevice, type SshDeviceOptions } from '../ssh-device.ts';
import { startTraffic } from '../traffic.ts';
import { type Appliance, type ApplianceOptions, makeAppliance } from './appliance.ts';
import { flowsOf } from './bindings.ts';
import { parseConfiguration } from './configuration.ts';
import { mibOf } from './mib.ts';

/** A simulated NetScaler ADC behind SSH on loopback; `run` is another hand at its command line. */
export interface SimulatedNetscaler extends Omit<Appliance, 'reboot'>, SshDevice {
  /** Every command that came by SSH, in order. */
  readonly commands: () => readonly string[];
  /** The port of SNMP; undefined where it was not asked for. */
  readonly snmpPort: number | undefined;
  /** Running goes back to saved, and every connection ends. */
  readonly reboot: () => void;
}

export interface NetscalerOptions extends ApplianceOptions, SshDeviceOptions {
  /** Answers SNMP v1 and v2c too, on this port (0: any free one). */
  readonly snmp?: { readonly community: string; readonly port?: number };
  /** Pretended connections a second to each virtual server, seen by SNMP; none unless told. */
  readonly connectionsPerSecond?: number;
}

/** Starts one from the text of an ns.conf. Throws where the port is taken. */
export async function startNetscaler(options: NetscalerOptions): Promise<SimulatedNetscaler> {
  const appliance = makeAppliance(options);
  const now = options.now ?? ((): Date => new Date());
  const startedAt = now();
  const traffic = startTraffic(options.connectionsPerSecond ?? 0, startedAt);
  const commands: string[] = [];
  /** What went before a change counts by what was. */
  function runHere(line: string): ReturnType<Appliance['run']> {
    traffic.advance(flowsOf(parseConfiguration(appliance.running())), now());
    return appliance.run(line);
  }
  const device = await openSshDevice(
    (_account, watch) =>
      loginTo({
        run: (line) => {
          commands.push(line);
          return watch(line, () => runHere(line));
        },
        greeting: () => (appliance.role() === 'secondary' ? 'Warning: You are connected to a secondary node\n' : ''),
        prompt: '> ',
        farewells: ['exit', 'quit', 'logout'],
        files: appliance.files,
      }),
    options,
  );
  const agent =
    options.snmp === undefined
      ? undefined
      : await openSnmp(() => {
          const config = parseConfiguration(appliance.running());
          traffic.advance(flowsOf(config), now());
          return mibOf({ config, role: appliance.role(), traffic, upMs: now().getTime() - startedAt.getTime() });
        }, options.snmp);
  return {
    ...appliance,
    ...device,
    run: runHere,
    snmpPort: agent?.port,
    close: async () => {
      agent?.close();
      await device.close();
    },
    commands: () => [...commands],
    reboot: () => {
      appliance.reboot();
      device.cut();
    },
  };
}
