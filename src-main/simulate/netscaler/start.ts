import { FaultRefused, loginTo } from '../login.ts';
import { withScp } from '../scp.ts';
import { openSnmp } from '../snmp.ts';
import { openSshDevice, type SshDevice, type SshDeviceOptions } from '../ssh-device.ts';
import { carriedTraffic, type Carrier, makeCarrier } from '../carrier.ts';
import { carriedLogin } from '../carrier-login.ts';
import { startTraffic } from '../traffic.ts';
import { type Answer, type Appliance, type ApplianceOptions, makeAppliance } from './appliance.ts';
import { flowsOf } from './bindings.ts';
import { carriedServersOf } from './carried.ts';
import { parseConfiguration } from './configuration.ts';
import { type HealthOf, unprobed } from './health.ts';
import { type Leaving, makeLeaving } from './leaving.ts';
import { mibOf } from './mib.ts';

/** A simulated NetScaler ADC behind SSH on loopback; `run` is another hand at its command line. */
export interface SimulatedNetscaler extends Omit<Appliance, 'reboot'>, SshDevice {
  /** Every command that came by SSH, in order. */
  readonly commands: () => readonly string[];
  /** The port of SNMP; undefined where it was not asked for. */
  readonly snmpPort: number | undefined;
  /** Running goes back to saved, and every connection ends. */
  readonly reboot: () => void;
  /** Resolves when what it is configured to carry is in force, and its counters are of now; at once where it carries nothing. */
  readonly settle: () => Promise<void>;
}

export interface NetscalerOptions extends Omit<ApplianceOptions, 'health'>, SshDeviceOptions {
  /** Answers SNMP v1 and v2c too, on this port (0: any free one). */
  readonly snmp?: { readonly community: string; readonly port?: number };
  /** What accounts may do: the `<cmdspec>` of the policies (`add system cmdPolicy NAME ALLOW <cmdspec>`) that they have; all, where none is given. */
  readonly policies?: Readonly<Record<string, readonly RegExp[]>>;
  /** Pretended connections a second to each virtual server, seen by SNMP; none unless told. */
  readonly connectionsPerSecond?: number;
  /** Serves its virtual servers on loopback addresses, by real traffic. */
  readonly carries?: boolean;
  /** Hears in words what it cannot carry. */
  readonly tell?: (fault: string) => void;
}

/** Connections that were open at a command are counted by then. */
const settlesMs = 1000;

/** Starts one from the text of an ns.conf. Throws where the port is taken. */
export async function startNetscaler(options: NetscalerOptions): Promise<SimulatedNetscaler> {
  const carrier = options.carries === true ? makeCarrier(options.tell ?? ((): void => undefined)) : undefined;
  const now = options.now ?? ((): Date => new Date());
  let startedAt = now();
  const leaving = makeLeaving(() => now().getTime(), carrier === undefined ? -1 : settlesMs);
  const health = carrier === undefined ? waitingBy(leaving) : healthBy(carrier, leaving);
  const traffic = carriedTraffic(startTraffic(options.connectionsPerSecond ?? 0, startedAt), carrier);
  const appliance = makeAppliance({ counted: traffic.of, clearCounters: traffic.reset, ...options, health });
  const commands: string[] = [];
  /** What went before a change counts by what was. */
  function runHere(line: string): ReturnType<Appliance['run']> {
    traffic.advance(flowsOf(parseConfiguration(appliance.running())), now());
    const answer = appliance.run(line);
    if (!answer.isRefused) leaving.note(line, parseConfiguration(appliance.running()));
    return answer;
  }
  const device = await openSshDevice((account, watch) => {
    const login = loginTo({
      run: (line) => {
        commands.push(line);
        return unlessRefused(() =>
          watch(line, () => (mayRun(options.policies?.[account], line) ? runHere(line) : forbidden(line))),
        );
      },
      greeting: () => (appliance.role() === 'secondary' ? 'Warning: You are connected to a secondary node\n' : ''),
      prompt: '> ',
      farewells: ['exit', 'quit', 'logout'],
      files: appliance.files,
    });
    const settled = carriedLogin(login, carrier);
    return withScp(settled, {
      files: appliance.files,
      home: '/root',
      refuses: (line) => {
        commands.push(line);
        return mayRun(options.policies?.[account], line) ? undefined : forbidden(line).text;
      },
      watch,
    });
  }, options);
  const agent =
    options.snmp === undefined
      ? undefined
      : await openSnmp(() => {
          const config = parseConfiguration(appliance.running());
          traffic.advance(flowsOf(config), now());
          return mibOf({
            config,
            role: appliance.role(),
            traffic,
            upMs: now().getTime() - startedAt.getTime(),
            health,
          });
        }, options.snmp);
  await carrier
    ?.start(() => carriedBy(appliance, carrier, leaving))
    .catch(async (error: unknown) => {
      agent?.close();
      await device.close();
      throw error;
    });
  return {
    ...appliance,
    ...device,
    run: runHere,
    snmpPort: agent?.port,
    close: async () => {
      agent?.close();
      await device.close();
      await carrier?.close();
    },
    commands: () => [...commands],
    reboot: () => {
      appliance.reboot();
      leaving.forget();
      traffic.reset();
      startedAt = now();
      carrier?.restart();
      device.cut();
    },
    settle: async () => {
      await carrier?.settle();
      await carrier?.refresh();
    },
  };
}

/** A secondary takes no connections. */
function carriedBy(appliance: Appliance, { counters }: Carrier, leaving: Leaving): ReturnType<typeof carriedServersOf> {
  if (appliance.role() === 'secondary') return [];
  return carriedServersOf({
    config: parseConfiguration(appliance.running()),
    tls: appliance.tls,
    isWaiting: (name) => leaving.isWaiting(name, counters(name)?.current ?? 0),
  });
}

function unlessRefused(act: () => Answer): Answer {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof FaultRefused)) throw error;
    return { text: `${error.message}\n`, isRefused: true };
  }
}

/** Nothing is probed, and there is no connection to wait for: delays alone are waited for. */
function waitingBy(leaving: Leaving): HealthOf {
  return (name, isEnabled) =>
    isEnabled || !leaving.isWaiting(name, 0) ? unprobed(name, isEnabled) : 'GOING OUT OF SERVICE';
}

function healthBy({ counters, failedSince }: Carrier, leaving: Leaving): HealthOf {
  return (name, isEnabled) => {
    if (isEnabled) return failedSince(name) === undefined ? 'UP' : 'DOWN';
    return leaving.isWaiting(name, counters(name)?.current ?? 0) ? 'GOING OUT OF SERVICE' : 'OUT OF SERVICE';
  };
}

/** Expressions of policies know no case (Administration Guide, command policies). */
function mayRun(policies: readonly RegExp[] | undefined, line: string): boolean {
  return policies === undefined || policies.some(({ source }) => new RegExp(source, 'i').test(line));
}

/** NITRO's error 2138, as public issues of its clients quote it (slauger/check_netscaler 83). */
function forbidden(line: string): ReturnType<Appliance['run']> {
  return { text: `ERROR: Not authorized to execute this command [${line}]\n`, isRefused: true };
}
