import { type Carrier, makeCarrier } from '../carrier.ts';
import { carriedLogin } from '../carrier-login.ts';
import { openSnmp } from '../snmp.ts';
import { openSshDevice, type SshDevice } from '../ssh-device.ts';
import { type Appliance, type ApplianceOptions, makeAppliance } from './appliance.ts';
import { carriedServersOf } from './carried.ts';
import { mibOf } from './mib.ts';
import { type Account, openLogin } from './session.ts';
import { openTmsh } from './tmsh.ts';

/** A simulated BIG-IP behind SSH on loopback. */
export interface SimulatedF5 extends Omit<Appliance, 'config' | 'change' | 'reload' | 'reboot'>, SshDevice {
  /** Every command of tmsh that came by SSH, in order. */
  readonly commands: () => readonly string[];
  /** Another hand at its command line; answers what it says. */
  readonly run: (command: string) => string;
  /** The port of SNMP; undefined where it was not asked for. */
  readonly snmpPort: number | undefined;
  /** Running goes back to saved, and every connection ends. */
  readonly reboot: () => void;
  /** Resolves when what it is configured to carry is in force, and its counters are of now; at once where it carries nothing. */
  readonly settle: () => Promise<void>;
}

export interface F5Options extends Omit<ApplianceOptions, 'carried'> {
  readonly accounts: Readonly<Record<string, Account>>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Answers SNMP v1 and v2c too, on this port (0: any free one). */
  readonly snmp?: { readonly community: string; readonly port?: number };
  /** Serves its virtual servers on loopback addresses, by real traffic. */
  readonly carries?: boolean;
  /** Hears in words what it cannot carry. */
  readonly tell?: (fault: string) => void;
}

/** Starts one from the text of a bigip.conf. Throws where the port is taken. */
export async function startF5(options: F5Options): Promise<SimulatedF5> {
  const carrier = options.carries === true ? makeCarrier(options.tell ?? ((): void => undefined)) : undefined;
  const appliance = makeAppliance({ ...options, ...(carrier !== undefined && { carried: carrier }) });
  const commands: string[] = [];
  const passwords = Object.fromEntries(
    Object.entries(options.accounts).map(([name, { password }]) => [name, password]),
  );
  const device = await openSshDevice(
    (name, watch) => {
      const account = options.accounts[name] ?? { password: '', shell: 'tmsh', role: 'guest' };
      const login = openLogin(appliance, name, account, (command, act) => {
        commands.push(command);
        return watch(command, act);
      });
      return carriedLogin(login, carrier);
    },
    { accounts: passwords, ...(options.port !== undefined && { port: options.port }) },
  );
  const agent = options.snmp === undefined ? undefined : await openSnmp(() => mibOf(appliance), options.snmp);
  await carrier
    ?.start(() => carriedBy(appliance))
    .catch(async (error: unknown) => {
      agent?.close();
      await device.close();
      throw error;
    });
  const hand = openTmsh(appliance, { user: 'root', role: 'admin', watch: (_command, act) => act() });
  return {
    ...appliance,
    ...device,
    snmpPort: agent?.port,
    close: async () => {
      agent?.close();
      await device.close();
      await carrier?.close();
    },
    commands: () => [...commands],
    run: (command) => {
      const { text, error } = hand.run(command);
      return text + error;
    },
    reboot: () => {
      appliance.reboot();
      carrier?.restart();
      device.cut();
    },
    settle: () => settled(carrier),
  };
}

/** A unit that stands by takes no connections. */
function carriedBy(appliance: Appliance): ReturnType<typeof carriedServersOf> {
  if (!appliance.isActive()) return [];
  const { isBroken, files } = appliance;
  return carriedServersOf({ config: appliance.config(), isBroken, read: (path) => files.read(path) });
}

async function settled(carrier: Carrier | undefined): Promise<void> {
  await carrier?.settle();
  await carrier?.refresh();
}
