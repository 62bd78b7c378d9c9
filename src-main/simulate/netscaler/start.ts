import { loginTo } from '../login.ts';
import { openSshDevice, type SshDevice, type SshDeviceOptions } from '../ssh-device.ts';
import { type Appliance, type ApplianceOptions, makeAppliance } from './appliance.ts';

/** A simulated NetScaler ADC behind SSH on loopback; `run` is another hand at its command line. */
export interface SimulatedNetscaler extends Omit<Appliance, 'reboot'>, SshDevice {
  /** Every command that came by SSH, in order. */
  readonly commands: () => readonly string[];
  /** Running goes back to saved, and every connection ends. */
  readonly reboot: () => void;
}

/** Starts one from the text of an ns.conf. Throws where the port is taken. */
export async function startNetscaler(options: ApplianceOptions & SshDeviceOptions): Promise<SimulatedNetscaler> {
  const appliance = makeAppliance(options);
  const commands: string[] = [];
  const device = await openSshDevice(
    (_account, watch) =>
      loginTo({
        run: (line) => {
          commands.push(line);
          return watch(line, () => appliance.run(line));
        },
        greeting: () => (appliance.role() === 'secondary' ? 'Warning: You are connected to a secondary node\n' : ''),
        prompt: '> ',
        farewells: ['exit', 'quit', 'logout'],
      }),
    options,
  );
  return {
    ...appliance,
    ...device,
    commands: () => [...commands],
    reboot: () => {
      appliance.reboot();
      device.cut();
    },
  };
}
