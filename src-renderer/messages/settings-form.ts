import type { SettingField } from '../state/form.ts';

/** What a form over settings says. */
export interface FormWords {
  readonly cancel: string;
  readonly submit: string;
  /** Behind the label of what cannot be left empty. */
  readonly needed?: string;
  readonly none: string;
  /** What the first choice says by its field, where it is not `none`. */
  readonly nones: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly hints?: Readonly<Record<string, string>>;
  readonly hint?: (field: SettingField) => string | undefined;
  readonly wrong: (field: SettingField) => string;
}

/** Words of the forms over settings of pools, members and virtual servers. */
export const settingsFormText = {
  cancel: 'Leave as it is',
  submit: 'Stage this change',
  change: 'Change…',
  listen: (server: string) => `Where ${server} listens`,
  limits: (member: string) => `Limits of ${member}`,
  server: (server: string) => `State of ${server}`,
  persistence: (server: string) => `Persistence of ${server}`,
  service: (pool: string) => `When members of ${pool} serve`,
  monitors: (pool: string) => `Monitors of ${pool}`,
  queue: (pool: string) => `Queue of ${pool}`,
  bandwidth: (server: string) => `Bandwidth of ${server}`,
  clientTls: (server: string) => `TLS of ${server}`,
  certificatesStay: (names: string) => `Certificates stay as they are: ${names}`,
  tls: (pool: string) => `TLS to the members of ${pool}`,
  changeOf: (what: string) => `Change… ${what}`,
  none: 'the device’s default',
  nones: { profile: 'none of them', monitor: 'none', pool: 'none' } as Readonly<Record<string, string>>,
  labels: {
    listen: 'Addresses, one a line',
    maxConnections: 'Connections at most',
    maxQueue: 'Requests that wait for this member at most',
    priority: 'Priority: the highest serve first',
    minActiveMembers: 'Members of a priority that are enough',
    slowStartMs: 'A new member gets its share slowly, over seconds',
    monitor: 'Monitor',
    adminState: 'State',
    pool: 'Pool',
    connectionLimit: 'Connections at most',
    limit: 'Requests that wait at most',
    perConnectionBytesPerSecond: 'Each connection gets at most, kB a second',
    perClientBytesPerSecond: 'Each client gets at most, kB a second',
    bytesPerSecond: 'All together get at most, kB a second',
    afterBytes: 'The limit of a connection begins after so many kB of an answer',
    timeoutMs: 'Wait at most, in seconds',
    isOn: 'Speak TLS to the members',
    verify: 'Verify their certificates',
    caFile: 'File of the authority, on the device',
    serverName: 'Name that their certificates must hold',
    sendSni: 'Send that name (SNI)',
    minVersion: 'Oldest version',
    maxVersion: 'Newest version',
    profile: 'Mozilla’s profile',
    cipherSuites: 'Suites of TLS 1.3, with colons between',
    groups: 'Groups (curves), with colons between',
    alpn: 'Protocols offered (ALPN), with commas between',
    clientAuth: 'Certificates of clients',
    crlFile: 'File of revoked certificates, on the device',
    ciphers: 'Cipher suites, with colons between',
  } as Readonly<Record<string, string>>,
  hints: {
    perConnectionBytesPerSecond: 'no limit when left empty',
    perClientBytesPerSecond: 'by address; no limit when left empty',
    bytesPerSecond: 'no limit when left empty',
    afterBytes: 'at once when left empty',
    listen: 'host:port, *:port, [v6]:port or unix:/path',
    maxConnections: 'no limit when left empty',
    maxQueue: 'no limit when left empty',
    connectionLimit: 'no limit when left empty',
    priority: 'the device’s default when left empty',
    minActiveMembers: 'while fewer serve, those of the next priority do too; empty: priorities are not looked at',
    slowStartMs: 'the device’s default when left empty; 0: at once',
    limit: 'the device’s default when left empty',
    timeoutMs: 'the device’s default when left empty',
    profile: 'fills in versions and suites; groups stay as they are',
  } as Readonly<Record<string, string>>,
  wrong: ({ key, kind }: SettingField) =>
    key === 'listen'
      ? 'Each line is host:port, *:port, [v6]:port or unix:/path; one at least is needed.'
      : key === 'caFile'
        ? 'The file of the authority is needed, without spaces.'
        : key === 'maxVersion'
          ? 'This is older than the oldest version.'
          : kind === 'number'
            ? 'This number cannot be used.'
            : 'A value without spaces is needed.',
} as const;
