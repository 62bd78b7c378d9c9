import type { DeviceFacts } from '$contract/api.ts';
import type { DevicePool, Member, VirtualServer } from '$contract/model.ts';
import type { FieldValues, SettingField } from './form.ts';

/** A form over some keys of one object: what it asks, what stands in it at first, and what it makes of the answers. */
export interface SettingsForm {
  readonly fields: (values: FieldValues) => readonly SettingField[];
  readonly values: FieldValues;
  /** What stands in all fields once the one of this key was changed; absent = nothing else changes. */
  readonly follow?: (values: FieldValues, key: string) => FieldValues;
  /** Each key with its new value, or the key of the first field that cannot be used. */
  readonly read: (
    values: FieldValues,
  ) => { readonly settings: Readonly<Record<string, unknown>> } | { readonly wrong: string };
}

type Writes = DeviceFacts['writes'];

/** `host:port`, `*:port`, `[v6]:port` or `unix:/path`, one a line. */
export function listenForm(listen: readonly string[]): SettingsForm {
  return {
    fields: () => [{ key: 'listen', kind: 'lines', isNeeded: true }],
    values: { listen: listen.join('\n') },
    read: (values) => {
      const wanted = words(values['listen']);
      return wanted.length === 0 || !wanted.every(isAddress) ? { wrong: 'listen' } : { settings: { listen: wanted } };
    },
  };
}

function isAddress(text: string): boolean {
  const port = Number(/^(?:\[[0-9A-Fa-f:.]+\]|[^\s:[\],]+):(\d{1,5})$/.exec(text)?.[1]);
  return /^unix:\/\S+$/.test(text) || (port > 0 && port < 65_536);
}

/** Limits that a member may have. */
export const limitKeys = ['maxConnections', 'maxQueue', 'priority'] as const;

/** The limits of a member that this device takes, and its priority; one that is left empty is none. */
export function limitsForm(member: Member | undefined, writes: Writes): SettingsForm {
  const keys = limitKeys.filter((key) => writes?.includes(`member.${key}`) === true);
  return {
    fields: () => keys.map((key) => ({ key, kind: 'number', isNeeded: false })),
    values: Object.fromEntries(keys.map((key) => [key, countText(member?.[key])])),
    read: (values) => {
      const settings: Record<string, unknown> = {};
      for (const key of keys) {
        const count = countOf(values[key]);
        if (count === 'wrong') return { wrong: key };
        // 0 is no limit, which is also what a limit that was never written means.
        settings[key] = count ?? (member?.[key] === undefined ? undefined : 0);
      }
      return { settings };
    },
  };
}

const bandwidthKeys = [
  'perConnectionBytesPerSecond',
  'perClientBytesPerSecond',
  'bytesPerSecond',
  'afterBytes',
] as const;

/** What clients of a virtual server get at most, in kilobytes (of 1000 bytes); a limit that is left empty is none. */
export function bandwidthForm(bandwidth: VirtualServer['bandwidth'], writes: Writes): SettingsForm {
  const keys = bandwidthKeys.filter((key) => writes?.includes(`virtualServer.bandwidth.${key}`) === true);
  return {
    fields: () => keys.map((key) => ({ key, kind: 'number', isNeeded: false })),
    values: Object.fromEntries(keys.map((key) => [key, countText(bandwidth?.[key], 1000)])),
    read: (values) => {
      const settings: Record<string, unknown> = { ...bandwidth };
      for (const key of keys) {
        const bytes = thousandsOf(values[key]);
        if (bytes === 'wrong') return { wrong: key };
        if (bytes === undefined) Reflect.deleteProperty(settings, key);
        else settings[key] = bytes;
      }
      const isEmpty = Object.keys(settings).length === 0;
      // No limit in it is the wish for none.
      return { settings: { bandwidth: isEmpty && bandwidth === undefined ? undefined : settings } };
    },
  };
}

/** A pool's queue: how many may wait, and how long; seconds in the form. */
export function queueForm(queue: DevicePool['queue'], writes: Writes): SettingsForm {
  const keys = (['limit', 'timeoutMs'] as const).filter((key) => writes?.includes(`pool.queue.${key}`) === true);
  return {
    fields: () => keys.map((key) => ({ key, kind: 'number', isNeeded: false })),
    values: { limit: countText(queue?.limit), timeoutMs: countText(queue?.timeoutMs, 1000) },
    read: (values) => {
      const settings: Record<string, unknown> = { ...queue };
      for (const key of keys) {
        const number = key === 'limit' ? countOf(values[key]) : secondsOf(values[key]);
        if (number === 'wrong') return { wrong: key };
        if (number === undefined) Reflect.deleteProperty(settings, key);
        else settings[key] = number;
      }
      const isEmpty = Object.keys(settings).length === 0;
      // A queue without anything in it is the wish for none.
      return { settings: { queue: isEmpty && queue === undefined ? undefined : settings } };
    },
  };
}

const tlsFields: readonly SettingField[] = [
  { key: 'verify', kind: 'yes-no', isNeeded: false },
  { key: 'caFile', kind: 'text', isNeeded: false },
  { key: 'serverName', kind: 'text', isNeeded: false },
  { key: 'sendSni', kind: 'yes-no', isNeeded: false },
  { key: 'minVersion', kind: 'choice', choices: ['1.0', '1.1', '1.2', '1.3'], isNeeded: false },
  { key: 'ciphers', kind: 'text', isNeeded: false },
];

/** TLS towards the members of a pool. Settings that the form does not ask for stay while TLS does. */
export function serverTlsForm(tls: DevicePool['tls']): SettingsForm {
  return {
    fields: (values) => [
      { key: 'isOn', kind: 'yes-no', isNeeded: false },
      ...(values['isOn'] === true ? tlsFields : []),
    ],
    values: {
      isOn: tls !== undefined,
      verify: tls?.verify ?? false,
      sendSni: tls?.sendSni ?? false,
      caFile: tls?.caFile ?? '',
      serverName: tls?.serverName ?? '',
      minVersion: tls?.minVersion ?? '',
      ciphers: tls?.ciphers?.join(':') ?? '',
    },
    read: (values) => {
      if (values['isOn'] !== true) return { settings: { tls: undefined } };
      const settings: Record<string, unknown> = { ...tls, verify: values['verify'] === true };
      for (const { key, kind } of tlsFields) {
        if (key === 'verify') continue;
        const value = values[key];
        const text = typeof value === 'string' ? value.trim() : '';
        if (/\s/.test(text)) return { wrong: key };
        Reflect.deleteProperty(settings, key);
        if (kind === 'yes-no') {
          if (value === true) settings[key] = true;
        } else if (text !== '') settings[key] = key === 'ciphers' ? text.split(/[:,]/) : text;
      }
      return { settings: { tls: settings } };
    },
  };
}

/** What decides when members serve: how many of the most preferred are enough, and how slowly a new one begins; whole seconds in the form. */
export function serviceForm(pool: DevicePool | undefined, writes: Writes): SettingsForm {
  const keys = (['minActiveMembers', 'slowStartMs'] as const).filter((key) => writes?.includes(`pool.${key}`) === true);
  return {
    fields: () => keys.map((key) => ({ key, kind: 'number', isNeeded: false })),
    values: {
      minActiveMembers: countText(pool?.minActiveMembers),
      slowStartMs: pool?.slowStartMs === undefined ? '' : String(pool.slowStartMs / 1000),
    },
    read: (values) => {
      const settings: Record<string, unknown> = {};
      for (const key of keys) {
        const count = countOf(values[key]);
        if (count === 'wrong') return { wrong: key };
        const number = count === undefined || key !== 'slowStartMs' ? count : count * 1000;
        settings[key] = number ?? (pool?.[key] === undefined ? undefined : 0);
      }
      return { settings };
    },
  };
}

/** What members are watched by, of the monitors that the device has; `most` = so many may be chosen. */
export function namedMonitorsForm(chosen: readonly string[], known: readonly string[], most: number): SettingsForm {
  const names = [...new Set([...chosen, ...known])];
  if (most === 1) {
    return {
      fields: () => [{ key: 'monitor', kind: 'choice', choices: names, isNeeded: false }],
      values: { monitor: chosen[0] ?? '' },
      read: ({ monitor }) => ({
        settings: { monitors: typeof monitor === 'string' && monitor !== '' ? [monitor] : [] },
      }),
    };
  }
  return {
    fields: () => names.map((key) => ({ key, kind: 'yes-no', isNeeded: false })),
    values: Object.fromEntries(names.map((name) => [name, chosen.includes(name)])),
    read: (values) => {
      const wanted = names.filter((name) => values[name] === true);
      return wanted.length > most ? { wrong: wanted.at(-1) ?? '' } : { settings: { monitors: wanted } };
    },
  };
}

/** A virtual server: on or off, the pool it leads to, how many connections; of these what the device takes. */
export function serverForm(server: VirtualServer, pools: readonly string[], writes: Writes): SettingsForm {
  const all: readonly SettingField[] = [
    { key: 'adminState', kind: 'choice', choices: ['enabled', 'disabled'], isNeeded: true },
    { key: 'pool', kind: 'choice', choices: pools, isNeeded: server.pool !== undefined },
    { key: 'connectionLimit', kind: 'number', isNeeded: false },
  ];
  const fields = all.filter(({ key }) => writes?.some((path) => path === `virtualServer.${key}`) === true);
  return {
    fields: () => fields,
    values: {
      adminState: server.adminState ?? 'enabled',
      pool: server.pool ?? '',
      connectionLimit: countText(server.connectionLimit),
    },
    read: (values) => {
      const settings: Record<string, unknown> = {};
      for (const { key } of fields) {
        if (key === 'connectionLimit') {
          const count = countOf(values[key]);
          if (count === 'wrong') return { wrong: key };
          settings[key] = count ?? (server.connectionLimit === undefined ? undefined : 0);
        } else if (values[key] !== '') settings[key] = values[key];
      }
      return { settings };
    },
  };
}

function words(value: string | boolean | undefined): readonly string[] {
  return typeof value === 'string' ? value.split(/[\s,]+/).filter((word) => word !== '') : [];
}

function countText(count: number | undefined, divisor = 1): string {
  return count === undefined || count === 0 ? '' : String(count / divisor);
}

function countOf(value: string | boolean | undefined): number | 'wrong' | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') return undefined;
  return /^\d{1,9}$/.test(text) ? Number(text) : 'wrong';
}

/** Kilobytes as bytes, to the byte. */
function thousandsOf(value: string | boolean | undefined): number | 'wrong' | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') return undefined;
  return /^\d{1,9}(?:\.\d{1,3})?$/.test(text) ? Math.round(Number(text) * 1000) : 'wrong';
}

/** Seconds as milliseconds. */
function secondsOf(value: string | boolean | undefined): number | 'wrong' | undefined {
  const text = typeof value === 'string' ? value.trim() : '';
  if (text === '') return undefined;
  const ms = Math.round(Number(text) * 1000);
  return ms >= 0 && ms <= 2_147_483_647 ? ms : 'wrong';
}
