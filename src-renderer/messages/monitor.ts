import type { SettingField } from '../state/form.ts';
import type { PoolChecks } from '../state/monitor-form.ts';

/** Words of the form of a pool's health checks. */
export const monitorText = {
  title: (pool: string) => `Health checks of ${pool}`,
  change: (pool: string) => `Change… health checks of ${pool}`,
  type: 'How members are checked',
  off: 'not at all',
  agent: 'An agent on each member is asked besides',
  cancel: 'Leave as it is',
  submit: 'Stage these checks',
  needed: 'needed',
  labels: {
    method: 'Method',
    path: 'Path',
    host: 'Host',
    httpVersion: 'Version of HTTP',
    expectStatus: 'Statuses that pass',
    expectBody: 'Text in the answer',
    drainStatus: 'Statuses that drain the member',
    send: 'Sent',
    expect: 'Awaited',
    steps: 'Steps, one a line',
    user: 'User',
    script: 'Command',
    serverName: 'Name for the handshake (SNI)',
    intervalMs: 'Every, in seconds',
    fastIntervalMs: 'While changing, in seconds',
    downIntervalMs: 'While down, in seconds',
    timeoutMs: 'Time-out, in seconds',
    rise: 'Up after',
    fall: 'Down after',
    port: 'Port',
    address: 'Address',
  } as Readonly<Record<string, string>>,
  hints: {
    expectStatus: 'as 200-299, 404',
    expectBody: 'or /a regular expression/; instead of statuses',
    expect: 'text, or /a regular expression/',
    send: 'with \\r \\n \\t \\xHH',
    steps:
      'send PING\\r\\n · expect +PONG · expect not ERR · status 200 · body ready · connect 443 tls · comment why · native, then the device’s own words',
    port: 'the member’s own when empty',
    address: 'the member’s own when empty',
  } as Readonly<Record<string, string>>,
  unwritable: (type: string) => `${type} can be read here, not written. It stays as it is.`,
  wrong: (field: SettingField | undefined) => {
    if (field?.kind === 'lines') return 'One of the lines is no step.';
    return field?.kind === 'number' ? 'This number cannot be used.' : 'This value cannot be used.';
  },
  /** How a pool is watched, in a few words. */
  words({ check, agent }: PoolChecks): string {
    const parts = [check?.type, check?.path, agent === undefined ? undefined : 'agent'];
    const found = parts.filter((part) => part !== undefined);
    return found.length === 0 ? 'none' : found.join(' ').slice(0, 200);
  },
} as const;
