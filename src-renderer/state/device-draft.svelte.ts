import type { AppInfo, Credentials, DeviceSpec, Environment, TestReport } from '$contract/api.ts';
import { type Problem, toProblem } from '$contract/errors.ts';
import type { Connection } from '../api.ts';

export type Transport = 'ssh' | 'unix' | 'http' | 'snmp';
export const snmpVersions = ['2c', '1', '3'] as const;
export type SnmpVersion = (typeof snmpVersions)[number];
export const wizardSteps = ['kind', 'address', 'sign-in', 'test', 'place'] as const;
export type WizardStep = (typeof wizardSteps)[number];

/** A kind of device and the way it is reached: one choice of the first step. */
export interface Kind {
  readonly vendor: string;
  readonly label: string;
  readonly transport: Transport;
  /** No real device was ever reached this way. */
  readonly isUntried?: true;
}

const transports: readonly Transport[] = ['ssh', 'unix', 'http', 'snmp'];

/** Every kind that the console's drivers offer, one for each way in. */
export function kindsOf(info: AppInfo | undefined): readonly Kind[] {
  return (info?.vendors ?? []).flatMap(({ id, label, transports: offered, untried }) =>
    transports
      .filter((transport) => offered.includes(transport))
      .map((transport): Kind => {
        const kind = { vendor: id, label, transport };
        return untried?.includes(transport) === true ? { ...kind, isUntried: true } : kind;
      }),
  );
}

/** A device that is being described and tested; nothing of it is kept before `add`. */
export class DeviceDraft {
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
  report = $state.raw<TestReport | undefined>(undefined);
  isTesting = $state(false);
  isAdding = $state(false);
  problem = $state.raw<Problem | undefined>(undefined);
  readonly #connection: Connection;
  readonly #newId: () => string;
  #testId = '';

  constructor(connection: Connection, newId: () => string) {
    this.#connection = connection;
    this.#newId = newId;
  }

  /** The address as the console reads it: `VENDOR+ssh://user@host:port?options`. */
  get address(): string {
    if (this.kind === undefined) return '';
    const { vendor, transport } = this.kind;
    if (transport === 'unix') return `${vendor}+unix:${this.path.trim()}`;
    const host = this.host.trim();
    const shownHost = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
    const port = this.port.trim() === '' ? '' : `:${this.port.trim()}`;
    if (transport === 'http') return `${vendor}+http://${shownHost}${port}`;
    if (transport === 'snmp') return `${vendor}+${this.#snmp(`${shownHost}${port}`)}`;
    const user = this.user.trim() === '' ? '' : `${encodeURIComponent(this.user.trim())}@`;
    return `${vendor}+ssh://${user}${shownHost}${port}${this.#options()}`;
  }

  get credentials(): Credentials | undefined {
    if (this.kind?.transport === 'snmp') return this.#snmpCredentials();
    const found: Credentials = {
      ...(this.method === 'password' && this.password !== '' ? { password: this.password } : {}),
      ...(this.method === 'key' && this.keyPassphrase !== '' ? { keyPassphrase: this.keyPassphrase } : {}),
      ...(this.hasSudo && this.sudoPassword !== '' ? { sudoPassword: this.sudoPassword } : {}),
    };
    return Object.keys(found).length === 0 ? undefined : found;
  }

  get hasPassed(): boolean {
    return this.report?.steps.every(({ state }) => state === 'done') === true;
  }

  get hasFailed(): boolean {
    return this.report?.steps.some(({ state }) => state === 'failed') === true || this.problem !== undefined;
  }

  get spec(): DeviceSpec {
    const tags = this.tags.split(/[\s,]+/).filter((tag) => tag !== '');
    return {
      name: this.name.trim(),
      address: this.#discoveredAddress(),
      environment: this.environment,
      ...(this.site.trim() === '' ? {} : { site: this.site.trim() }),
      ...(tags.length === 0 ? {} : { tags }),
    };
  }

  /** Follows the reports of the running test until the returned function is called. */
  start(): () => void {
    return this.#connection.on('test', (report) => {
      if (report.testId === this.#testId) this.report = report;
    });
  }

  /** Walks the test; a host key that a person accepted is handed over by its fingerprint. */
  async test(acceptHostKey?: string): Promise<void> {
    this.#testId = this.#newId();
    const testId = this.#testId;
    this.isTesting = true;
    this.problem = undefined;
    this.report = undefined;
    const { credentials } = this;
    try {
      const report = await this.#connection.call('devices.test', {
        testId,
        address: this.address,
        ...(credentials === undefined ? {} : { credentials }),
        ...(acceptHostKey === undefined ? {} : { acceptHostKey }),
      });
      if (testId !== this.#testId) return;
      this.report = report;
      if (this.hasPassed && this.name === '') this.name = report.facts?.host ?? this.host.trim();
    } catch (error) {
      if (testId === this.#testId) this.problem = toProblem(error);
    }
    if (testId === this.#testId) this.isTesting = false;
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
      return true;
    } catch (error) {
      this.problem = toProblem(error);
      return false;
    } finally {
      this.isAdding = false;
    }
  }

  /** A community goes to the console sealed, as the password does, and stands in no address. */
  #snmp(place: string): string {
    if (this.snmpVersion !== '3') return `snmp://${place}${this.snmpVersion === '1' ? '?version=1' : ''}`;
    const options = new URLSearchParams();
    if (this.password !== '') options.set('auth', this.authProtocol);
    if (this.privacyPassword !== '') options.set('priv', this.privProtocol);
    const text = options.toString();
    return `snmpv3://${encodeURIComponent(this.user.trim())}@${place}${text === '' ? '' : `?${text}`}`;
  }

  #snmpCredentials(): Credentials | undefined {
    if (this.snmpVersion !== '3') return this.community === '' ? undefined : { password: this.community };
    if (this.password === '') return undefined;
    return {
      password: this.password,
      ...(this.privacyPassword === '' ? {} : { privacyPassword: this.privacyPassword }),
    };
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
