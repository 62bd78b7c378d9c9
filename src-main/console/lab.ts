import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials, DeviceSpec, LabState } from '../contract/api.ts';
import { AppError } from '../contract/errors.ts';
import { type ApplianceKind, appliances } from '../lab/appliance-configs.ts';
import { type ApplianceState, LabAppliances, type RunningAppliance } from '../lab/appliances.ts';
import { weightOf } from '../lab/estate.ts';
import { Lab, labDevice } from '../lab/lab.ts';
import type { Estate } from './estate.ts';

export interface LabInEstateOptions {
  readonly folder: string;
  readonly version: string;
  readonly seed: number;
  readonly estate: () => Estate;
  readonly onChange: (state: LabState) => void;
}

/** How the console gets in to a device of the lab: what is kept of it nowhere else. */
export interface LabAccess {
  readonly credentials: Credentials;
  readonly knownHosts: string;
}

/** The lab, its engine and the simulated appliances that are switched on as devices of the estate for as long as they run. */
export class LabInEstate {
  readonly #lab: Lab;
  readonly #appliances: LabAppliances;
  readonly #estate: () => Estate;
  readonly #folder: string;
  readonly #onChange: (state: LabState) => void;
  readonly #access = new Map<string, LabAccess>();

  constructor({ estate, onChange, ...options }: LabInEstateOptions) {
    this.#onChange = onChange;
    this.#lab = new Lab({
      ...options,
      onChange: () => {
        this.#tell();
      },
    });
    this.#appliances = new LabAppliances({
      onChange: () => {
        this.#tell();
      },
      onLost: (kind) => {
        this.#unlist(deviceOf(kind));
      },
    });
    this.#estate = estate;
    this.#folder = options.folder;
  }

  readonly get = (): LabState => ({ ...this.#lab.state(), appliances: this.#appliances.states().map(shown) });

  readonly start = async (): Promise<LabState> => {
    await this.#lab.start();
    const { address } = this.#lab;
    if (address !== undefined && !this.#isListed(labDevice)) {
      await this.#estate().add({ name: labDevice, address, environment: 'lab', site: 'Lab' });
    }
    return this.get();
  };

  readonly stop = async (): Promise<LabState> => {
    for (const { kind } of this.#appliances.states()) this.#unlist(deviceOf(kind));
    await this.#appliances.stopAll();
    this.#unlist(labDevice);
    await this.#lab.stop();
    return this.get();
  };

  /** Switches a simulated appliance on or off. Throws NOT_FOUND where the lab does not run, and what keeps it from starting. */
  readonly setAppliance = async (kind: ApplianceKind, isOn: boolean): Promise<LabState> => {
    if (!isOn) {
      this.#unlist(deviceOf(kind));
      await this.#appliances.stop(kind);
      return this.get();
    }
    const { isRunning, backends } = this.#lab.state();
    if (!isRunning)
      throw new AppError('NOT_FOUND', 'The lab is not running. Start it first: its back ends are served.');
    const name = deviceOf(kind);
    if (this.#isListed(name)) throw new AppError('ALREADY_EXISTS', `A device is named "${name}" already.`);
    const members = backends.map((one) => ({
      port: Number(one.address.split(':').at(-1)),
      weight: weightOf(one.name),
    }));
    const running = await this.#appliances.start(kind, members);
    await this.#list(name, running);
    return this.get();
  };

  /** Undefined of a device that is none of the lab's appliances. */
  readonly accessOf = (device: string): LabAccess | undefined => this.#access.get(device);

  async #list(name: string, running: RunningAppliance): Promise<void> {
    const { kind, account, password, started } = running;
    const knownHosts = join(this.#folder, `known_hosts-${kind}`);
    await writeFile(knownHosts, `[127.0.0.1]:${started.sshPort} ${started.hostKey}\n`, { mode: 0o600 });
    this.#access.set(name, { credentials: { password }, knownHosts });
    const spec: DeviceSpec = {
      name,
      address: `${kind}+ssh://${account}@127.0.0.1:${started.sshPort}?agent=0`,
      poll: `${kind}+snmp://public@127.0.0.1:${started.snmpPort}`,
      environment: 'lab',
      site: 'Lab',
    };
    await this.#estate().add(spec);
  }

  #unlist(name: string): void {
    if (this.#isListed(name)) this.#estate().remove(name);
    this.#access.delete(name);
  }

  /** A device that a person has given this name is not ours to remove. */
  #isListed(name: string): boolean {
    return this.#estate()
      .list()
      .some(({ spec }) => spec.name === name && spec.environment === 'lab');
  }

  #tell(): void {
    this.#onChange(this.get());
  }
}

function deviceOf(kind: ApplianceKind): string {
  return `lab-${kind}`;
}

/** Without what lets one in. */
function shown({ kind, label, phase, running, problem }: ApplianceState): NonNullable<LabState['appliances']>[number] {
  return {
    kind,
    label,
    phase,
    ...(running !== undefined && {
      device: deviceOf(kind),
      account: appliances[kind].account,
      listen: `${running.listen.host}:${running.listen.port}`,
      ssh: `127.0.0.1:${running.started.sshPort}`,
      snmp: `127.0.0.1:${running.started.snmpPort}`,
      faults: running.started.faults,
    }),
    ...(problem !== undefined && { problem }),
  };
}
