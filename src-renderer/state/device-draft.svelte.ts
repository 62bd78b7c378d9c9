import type { AppInfo, Credentials, DeviceSpec, Environment, SshKind, TestReport } from '$contract/api.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { Connection } from '../api.ts';
import { PollDraft, snmpAddress, snmpCredentials, type SnmpSignIn, type SnmpVersion } from './snmp-draft.svelte.ts';

export type Transport = 'ssh' | 'unix' | 'http' | 'snmp';
export const wizardSteps = ['kind', 'address', 'sign-in', 'test', 'place'] as const;
export type WizardStep = (typeof wizardSteps)[number];

/** A kind of device and the way it is reached: one choice of the first step. */
export interface Kind {
  readonly vendor: string;
  readonly label: string;
  readonly transport: Transport;
  /** No real device was ever reached this way. */
  readonly isUntried?: true;
  /** What is asked where it is reached over SSH. */
  readonly ssh?: SshKind;
}

const transports: readonly Transport[] = ['ssh', 'unix', 'http', 'snmp'];

/** Every kind that the console's drivers offer, one for each way in. */
export function kindsOf(info: AppInfo | undefined): readonly Kind[] {
  return (info?.vendors ?? []).flatMap(({ id, label, transports: offered, untried, ssh }) =>
    transports
      .filter((transport) => offered.includes(transport))
      .map((transport): Kind => {
        const asked = transport === 'ssh' && ssh !== undefined ? { ssh } : {};
        const kind = { vendor: id, label, transport, ...asked };
        return untried?.includes(transport) === true ? { ...kind, isUntried: true } : kind;
      }),
  );
}

/** A device that is being described and tested; nothing of it is kept before `add`. */
export class DeviceDraft implements SnmpSignIn {
  step = $state<WizardStep>('kind');
  kind = $state.raw<Kind | undefined>(undefined);
  host = $state('');
  port = $state('');
  user = $state('');
  path = $state('');
  config = $state('');
  socket = $state('');
  hasSudo = $state(false);
  /** Empty: sudo asks for none. */
  sudoPassword = $state('');
  isLegacyAllowed = $state(false);
  keyFile = $state('');
  method = $state<'agent' | 'key' | 'password'>('agent');
  password = $state('');
  keyPassphrase = $state('');
  snmpVersion = $state<SnmpVersion>('2c');
  community = $state('');
  authProtocol = $state('SHA-256');
  privProtocol = $state('AES');
  privacyPassword = $state('');
  name = $state('');
  environment = $state<Environment>('production');
  site = $state('');
  tags = $state('');
  readonly poll = new PollDraft();
  report = $state.raw<TestReport | undefined>(undefined);
  /** Of the agent that is polled beside it. */
  pollReport = $state.raw<TestReport | undefined>(undefined);
  isTesting = $state(false);
  isAdding = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);
  readonly #connection: Connection;
  readonly #newId: () => string;
  #testId = '';
  #pollTestId = '';

  constructor(connection: Connection, newId: () => string) {
    this.#connection = connection;
    this.#newId = newId;
  }

  /** The address as the console reads it: `VENDOR+ssh://user@host:port?options`. */
  get address(): string {
    if (this.kind === undefined) return '';
    const { vendor, transport } = this.kind;
    if (transport === 'unix') return `${vendor}+unix:${this.path.trim()}`;
    const place = placeOf(this.host, this.port);
    if (transport === 'http') return `${vendor}+http://${place}`;
    if (transport === 'snmp') return `${vendor}+${snmpAddress(this, place)}`;
    const user = this.user.trim() === '' ? '' : `${encodeURIComponent(this.user.trim())}@`;
    return `${vendor}+ssh://${user}${place}${this.#options()}`;
  }

  /** Whether an agent is polled beside it. */
  get isPolled(): boolean {
    return this.kind?.ssh?.polledBy !== undefined && this.poll.isWanted;
  }

  /** The address of that agent; undefined where none is polled. */
  get pollAddress(): string | undefined {
    const polledBy = this.kind?.ssh?.polledBy;
    if (polledBy === undefined || !this.isPolled) return undefined;
    return `${polledBy}+${snmpAddress(this.poll, placeOf(this.host, this.poll.port))}`;
  }

  get credentials(): Credentials | undefined {
    if (this.kind?.transport === 'snmp') return snmpCredentials(this);
    const found: Credentials = {
      ...(this.method === 'password' && this.password !== '' ? { password: this.password } : {}),
      ...(this.method === 'key' && this.keyPassphrase !== '' ? { keyPassphrase: this.keyPassphrase } : {}),
      ...((this.hasSudo || this.kind?.ssh?.asksEnable === true) && this.sudoPassword !== ''
        ? { sudoPassword: this.sudoPassword }
        : {}),
      ...(this.isPolled ? this.poll.credentials : {}),
    };
    return Object.keys(found).length === 0 ? undefined : found;
  }

  get hasPassed(): boolean {
    const isWell = isPassed(this.report);
    return this.isPolled ? isWell && isPassed(this.pollReport) : isWell;
  }

  get hasFailed(): boolean {
    const steps = [...(this.report?.steps ?? []), ...(this.pollReport?.steps ?? [])];
    return steps.some(({ state }) => state === 'failed') || this.problem !== undefined;
  }

  get spec(): DeviceSpec {
    const tags = this.tags.split(/[\s,]+/).filter((tag) => tag !== '');
    return {
      name: this.name.trim(),
      address: this.#discoveredAddress(),
      environment: this.environment,
      ...(this.pollAddress === undefined ? {} : { poll: this.pollAddress }),
      ...(this.site.trim() === '' ? {} : { site: this.site.trim() }),
      ...(tags.length === 0 ? {} : { tags }),
    };
  }

  /** Follows the reports of the running test until the returned function is called. */
  start(): () => void {
    return this.#connection.on('test', (report) => {
      if (report.testId === this.#testId) this.report = report;
      if (report.testId === this.#pollTestId) this.pollReport = report;
    });
  }

  /** Walks the test, then that of the agent beside it; a host key that a person accepted is handed over by its fingerprint. */
  async test(acceptHostKey?: string): Promise<void> {
    const testId = this.#newId();
    this.#testId = testId;
    this.#pollTestId = '';
    this.isTesting = true;
    this.problem = undefined;
    this.report = undefined;
    this.pollReport = undefined;
    try {
      const report = await this.#ask(testId, this.address, this.credentials, acceptHostKey);
      if (testId !== this.#testId) return;
      this.report = report;
      if (isPassed(report) && this.pollAddress !== undefined) {
        this.#pollTestId = this.#newId();
        const polled = await this.#ask(this.#pollTestId, this.pollAddress, snmpCredentials(this.poll));
        if (testId !== this.#testId) return;
        this.pollReport = polled;
      }
      if (this.hasPassed && this.name === '') this.name = report.facts?.host ?? this.host.trim();
    } catch (error) {
      if (testId === this.#testId) this.problem = toProblem(error);
    }
    if (testId === this.#testId) this.isTesting = false;
  }

  #ask(testId: string, address: string, credentials?: Credentials, acceptHostKey?: string): Promise<TestReport> {
    return this.#connection.call('devices.test', {
      testId,
      address,
      ...(credentials === undefined ? {} : { credentials }),
      ...(acceptHostKey === undefined ? {} : { acceptHostKey }),
    });
  }

  /** Puts the device into the inventory; true when it is there. */
  async add(): Promise<boolean> {
    this.isAdding = true;
    this.problem = undefined;
    const { credentials } = this;
    try {
      await this.#connection.call('devices.add', {
        spec: this.spec,
        ...(credentials === undefined ? {} : { credentials }),
      });
      this.password = '';
      this.keyPassphrase = '';
      this.sudoPassword = '';
      this.privacyPassword = '';
      this.poll.forget();
      return true;
    } catch (error) {
      this.problem = toProblem(error);
      return false;
    } finally {
      this.isAdding = false;
    }
  }

  #options(): string {
    const options = new URLSearchParams();
    if (this.config.trim() !== '') options.set('config', this.config.trim());
    if (this.socket.trim() !== '') options.set('socket', this.socket.trim());
    if (this.hasSudo) options.set('sudo', this.sudoPassword === '' ? '1' : 'password');
    if (this.isLegacyAllowed) options.set('legacy', '1');
    if (this.method === 'key' && this.keyFile.trim() !== '') options.set('key', this.keyFile.trim());
    const text = options.toString().replaceAll('%2F', '/').replaceAll('+', '%20');
    return text === '' ? '' : `?${text}`;
  }

  /** The address with what the test found out, so that it need not be found again. */
  #discoveredAddress(): string {
    const found = this.report?.discovered ?? {};
    if (this.kind?.transport === 'ssh') {
      if (this.config === '') this.config = found['config'] ?? '';
      if (this.socket === '') this.socket = found['socket'] ?? '';
      if (found['sudo'] === '1') this.hasSudo = true;
    }
    return this.address;
  }
}

function isPassed(report: TestReport | undefined): boolean {
  return report?.steps.every(({ state }) => state === 'done') === true;
}

function placeOf(host: string, port: string): string {
  const name = host.trim();
  const shown = name.includes(':') && !name.startsWith('[') ? `[${name}]` : name;
  return port.trim() === '' ? shown : `${shown}:${port.trim()}`;
}
