import type { DeviceFacts } from '$contract/api.ts';
import type { DeviceModel, DevicePool, Monitor } from '$contract/model.ts';
import { type FieldKinds, fieldsOf, type FieldValues, type SettingField } from './form.ts';
import { stepsOf, stepsText } from './monitor-steps.ts';

/** How the members of a pool are watched: by a check, by an agent of their own, by both or by nothing. */
export interface PoolChecks {
  readonly check: Monitor | undefined;
  readonly agent: Monitor | undefined;
}

const seconds = ['intervalMs', 'fastIntervalMs', 'downIntervalMs', 'timeoutMs'];
const kinds: FieldKinds = {
  method: { kind: 'text' },
  path: { kind: 'text' },
  host: { kind: 'text' },
  httpVersion: { kind: 'text' },
  expectStatus: { kind: 'text' },
  expectBody: { kind: 'text' },
  drainStatus: { kind: 'text' },
  send: { kind: 'text' },
  expect: { kind: 'text' },
  steps: { kind: 'lines' },
  user: { kind: 'text' },
  script: { kind: 'text' },
  serverName: { kind: 'text' },
  intervalMs: { kind: 'number' },
  fastIntervalMs: { kind: 'number' },
  downIntervalMs: { kind: 'number' },
  timeoutMs: { kind: 'number' },
  rise: { kind: 'number' },
  fall: { kind: 'number' },
  port: { kind: 'number' },
  address: { kind: 'text' },
};

/** What a pool is watched by now. */
export function checksOf(pool: DevicePool | undefined, monitors: DeviceModel['monitors']): PoolChecks {
  const found = (pool?.monitors ?? []).flatMap((name) => monitors.find((monitor) => monitor.name === name) ?? []);
  return {
    check: found.find(({ type }) => type !== 'agent'),
    agent: found.find(({ type }) => type === 'agent'),
  };
}

/** Kinds of checks that can be chosen, and the one that is set. */
export function checkTypes(facts: DeviceFacts, current: Monitor | undefined): readonly string[] {
  const offered = (facts.monitors?.offered ?? []).map(({ name }) => name).filter((name) => name !== 'agent');
  return [...new Set([...(current === undefined ? [] : [current.type]), ...offered])];
}

/** The settings that a device lets be chosen for a kind of check. */
export function monitorFields(facts: DeviceFacts, type: string): readonly SettingField[] {
  return fieldsOf(
    facts.monitors?.offered.find(({ name }) => name === type),
    [],
    kinds,
  );
}

/** The fields as they are for what a device has now; times in seconds, lists with commas, steps a line each. */
export function monitorValues(fields: readonly SettingField[], current: Monitor | undefined): FieldValues {
  const held: Readonly<Record<string, unknown>> = { ...current, serverName: current?.tls?.serverName };
  return Object.fromEntries(fields.map(({ key }) => [key, fieldText(key, held[key], current)]));
}

function fieldText(key: string, value: unknown, current: Monitor | undefined): string {
  if (key === 'steps') return stepsText(current?.steps ?? []);
  if (typeof value === 'number') return String(seconds.includes(key) ? value / 1000 : value);
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' ? value : '';
}

/**
 * A monitor from a form, or the key of the first field that cannot be used. What the form does not ask for stays while the kind of
 * check does.
 */
export function monitorOf(
  name: string,
  type: Monitor['type'],
  fields: readonly SettingField[],
  values: FieldValues,
  current: Monitor | undefined,
): { readonly monitor: Monitor } | { readonly wrong: string } {
  const settings: Record<string, unknown> = current?.type === type ? { ...current } : {};
  for (const key of ['native', ...fields.map((field) => field.key)]) Reflect.deleteProperty(settings, key);
  for (const { key, kind, isNeeded } of fields) {
    const value = values[key];
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '') {
      if (isNeeded) return { wrong: key };
      if (key === 'serverName') Reflect.deleteProperty(settings, 'tls');
      continue;
    }
    const read = readField(key, kind, text);
    if (read === undefined) return { wrong: key };
    if (key === 'serverName') settings['tls'] = { serverName: text, sendSni: true };
    else settings[key] = read;
  }
  // The kinds are names that the device's driver told; the keys are those of the model.
  return { monitor: { ...settings, name, type } };
}

function readField(key: string, kind: SettingField['kind'], text: string): unknown {
  if (key === 'steps') return stepsOf(text);
  if (key === 'expectStatus' || key === 'drainStatus') {
    const statuses = text.split(',').map((status) => status.trim());
    return statuses.every((status) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(status)) ? statuses : undefined;
  }
  if (kind !== 'number') return text;
  const number = Number(text);
  const value = seconds.includes(key) ? Math.round(number * 1000) : number;
  const highest = key === 'port' ? 65_535 : 2_147_483_647;
  return Number.isInteger(value) && value > 0 && value <= highest ? value : undefined;
}

/** What a wish says so that a monitor becomes another one: every key of the new one, and an empty value for each that goes. */
export function monitorWish(prior: Monitor | undefined, value: Monitor): Monitor {
  const gone = Object.entries(prior ?? {}).filter(([key]) => !(key in value) && key !== 'native' && key !== 'tls');
  return { ...Object.fromEntries(gone.map(([key, had]) => [key, emptied(had)])), ...value };
}

function emptied(value: unknown): unknown {
  if (Array.isArray(value)) return [];
  if (typeof value === 'number') return 0;
  if (typeof value === 'boolean') return false;
  return typeof value === 'object' ? {} : '';
}
