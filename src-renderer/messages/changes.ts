import type {
  AdminState,
  AlgorithmSettings,
  ClientTls,
  DevicePool,
  Persistence,
  VirtualServer,
} from '$contract/model.ts';
import { formatCompact, missing, siScale } from '../format/number.ts';
import { formatDuration } from '../format/time.ts';
import type { SettingEdit, StagedEdit } from '../state/staging.svelte.ts';
import { monitorText } from './monitor.ts';

const stateWords: Readonly<Record<AdminState, string>> = {
  enabled: 'enabled',
  draining: 'draining',
  disabled: 'disabled',
};

/** An algorithm in a few words: its name, then every setting that is there. */
function algorithmWords(settings: AlgorithmSettings | undefined): string {
  if (settings === undefined) return missing;
  const details = Object.entries(settings)
    .filter(([key]) => key !== 'name' && key !== 'native')
    .map(([key, value]) => (value === true ? key : `${key} ${String(value)}`));
  return [settings.name, ...details].join(', ');
}

/** How clients are held, in a few words. */
export function persistenceWords(persistence: Persistence | undefined): string {
  if (persistence === undefined || Object.keys(persistence).length === 0) return 'none';
  const { method, native, cookieName, key, expression } = persistence;
  const parts = [method ?? native ?? 'unknown', cookieName, key, expression];
  return parts.filter((part) => part !== undefined).join(' ');
}

/** Settings that forms write, by their key in the model. */
const settingNames: Readonly<Record<string, string>> = {
  listen: 'listens on',
  bandwidth: 'bandwidth',
  tls: 'TLS to members',
  queue: 'queue',
  maxConnections: 'connection limit',
  maxQueue: 'queue limit',
  priority: 'priority',
  monitors: 'monitors',
  minActiveMembers: 'members that are enough',
  slowStartMs: 'slow start',
  adminState: 'state',
  connectionLimit: 'connection limit',
};

/** TLS towards members in a few words. */
export function serverTlsWords(tls: DevicePool['tls']): string {
  if (tls === undefined) return 'clear text';
  const { verify, serverName, minVersion, maxVersion, ciphers, caFile } = tls;
  const parts = [
    verify === true ? 'verified' : 'not verified',
    serverName,
    minVersion === undefined ? undefined : `from ${minVersion}`,
    maxVersion === undefined ? undefined : `up to ${maxVersion}`,
    caFile,
    ciphers?.join(':'),
  ];
  return ['TLS', parts.filter((part) => part !== undefined).join(', ')].join(', ');
}

/** TLS towards clients in a few words. */
export function clientTlsWords(tls: ClientTls | undefined): string {
  if (tls === undefined) return 'clear text';
  const { minVersion, maxVersion, ciphers, cipherSuites, groups, alpn, clientAuth, caFile, crlFile } = tls;
  const parts = [
    minVersion === undefined ? undefined : `from ${minVersion}`,
    maxVersion === undefined ? undefined : `up to ${maxVersion}`,
    ciphers?.join(':'),
    cipherSuites?.join(':'),
    groups === undefined ? undefined : `groups ${groups.join(':')}`,
    alpn === undefined ? undefined : `ALPN ${alpn.join(',')}`,
    clientAuth === undefined ? undefined : `certificates of clients ${clientAuth}`,
    caFile,
    crlFile,
  ].filter((part) => part !== undefined);
  return ['TLS', parts.length === 0 ? 'as the device has it by default' : parts.join(', ')].join(' ');
}

/** The queue of a pool in a few words. */
export function queueWords(queue: DevicePool['queue']): string {
  if (queue === undefined) return 'the device’s default';
  const parts = [
    queue.limit === undefined ? undefined : `at most ${queue.limit}`,
    queue.timeoutMs === undefined ? undefined : `waits ${formatDuration(queue.timeoutMs)}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ') || 'the device’s default';
}

const bandwidthParts = {
  perConnectionBytesPerSecond: (rate: string) => `${rate} a connection`,
  perClientBytesPerSecond: (rate: string) => `${rate} a client`,
  bytesPerSecond: (rate: string) => `${rate} in all`,
} as const;

/** As the form asks for it: in steps of 1000 bytes. */
function rateWords(bytesPerSecond: number): string {
  const { divisor, prefix } = siScale(bytesPerSecond);
  return `${formatCompact(bytesPerSecond / divisor)} ${prefix}B/s`;
}

/** What clients get at most, as one line. */
export function bandwidthWords(bandwidth: VirtualServer['bandwidth']): string {
  const parts = Object.entries(bandwidthParts).flatMap(([key, words]) => {
    const bytes = bandwidth?.[key as keyof typeof bandwidthParts]; // its own keys
    return bytes === undefined || bytes === 0 ? [] : [words(rateWords(bytes))];
  });
  return parts.join(' · ') || 'no limit';
}

function settingValue({ of, key }: SettingEdit, value: unknown): string {
  // Each key holds what its form makes of the model.
  if (key === 'tls' && of === 'virtualServer') return clientTlsWords(value as ClientTls | undefined);
  if (key === 'tls') return serverTlsWords(value as DevicePool['tls']);
  if (key === 'persistence') return persistenceWords(value as Persistence | undefined);
  if (key === 'slowStartMs' && typeof value === 'number') return formatDuration(value);
  if (key === 'adminState') return stateWords[(value ?? 'enabled') as AdminState];
  if (key === 'bandwidth') return bandwidthWords(value as VirtualServer['bandwidth']);
  if (key === 'queue') return queueWords(value as DevicePool['queue']);
  if (value === undefined || (typeof value === 'number' && value === 0)) return 'none';
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function settingWords(edit: SettingEdit): string {
  const whose = edit.of === 'virtualServer' ? edit.virtualServer : edit.of === 'pool' ? edit.pool : edit.member;
  const { key, prior, value } = edit;
  // TLS towards clients says itself what it is.
  const name = key === 'tls' && edit.of === 'virtualServer' ? '' : ` ${settingNames[key] ?? key}`;
  return `${whose}${name} ${settingValue(edit, prior)} → ${settingValue(edit, value)}`;
}

/** Staged edits in words, for the bar at the foot and the review. */
export const changesText = {
  states: stateWords,
  algorithm: algorithmWords,
  edit(edit: StagedEdit): string {
    switch (edit.kind) {
      case 'weight':
        return `${edit.member} weight ${edit.prior ?? missing} → ${edit.value}`;
      case 'adminState':
        return `${edit.member} ${stateWords[edit.prior]} → ${stateWords[edit.value]}`;
      case 'algorithm':
        return `${edit.pool} ${algorithmWords(edit.prior)} → ${algorithmWords(edit.value)}`;
      case 'persistence':
        return `${edit.pool} persistence ${persistenceWords(edit.prior)} → ${persistenceWords(edit.value)}`;
      case 'setting':
        return settingWords(edit);
      case 'monitors':
        return `${edit.pool} health checks ${monitorText.words(edit.prior)} → ${monitorText.words(edit.value)}`;
      case 'addMember':
        return `${edit.pool} + ${edit.member}`;
      case 'removeMember':
        return `${edit.pool} − ${edit.member}`;
    }
  },
} as const;
