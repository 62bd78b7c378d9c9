import type { DeviceFacts } from '$contract/api.ts';
import type { Persistence } from '$contract/model.ts';
import type { SettingsForm } from './settings-form.ts';
import { type FieldKinds, fieldsOf, type FieldValues, type SettingField } from './form.ts';

export type Method = NonNullable<Persistence['method']>;

const kinds: FieldKinds = {
  cookieName: { kind: 'text' },
  key: { kind: 'text' },
  expression: { kind: 'text' },
  timeoutMs: { kind: 'number' },
  maxEntries: { kind: 'number' },
  ipv4Prefix: { kind: 'number' },
  ipv6Prefix: { kind: 'number' },
};

const highest: Readonly<Record<string, number>> = { ipv4Prefix: 32, ipv6Prefix: 128, timeoutMs: 2_147_483 };

/** How clients are held, in one form: the method, and what this device lets be chosen for it. */
export function persistenceForm(facts: DeviceFacts, shown: Persistence | undefined): SettingsForm {
  const choice: SettingField = { key: 'method', kind: 'choice', choices: methodsOf(facts, shown), isNeeded: false };
  function fieldsFor(values: FieldValues): readonly SettingField[] {
    return persistenceFields(facts, methodIn(values));
  }
  const method = shown?.method ?? '';
  return {
    fields: (values) => [choice, ...fieldsFor(values)],
    values: { method, ...persistenceValues(persistenceFields(facts, method), shown) },
    read: (values) => {
      const wanted = methodIn(values);
      const isWritable = wanted === '' || facts.persistence?.some(({ name }) => name === wanted) === true;
      if (!isWritable) return { wrong: 'method' };
      const result = persistenceOf(wanted, fieldsFor(values), values, shown);
      return 'wrong' in result ? result : { settings: { persistence: result.persistence } };
    },
  };
}

function methodIn({ method }: FieldValues): string {
  return typeof method === 'string' ? method : '';
}

/** Ways to hold clients that can be chosen on a device: those that its driver told, and the one that is set. */
export function methodsOf(facts: DeviceFacts, current: Persistence | undefined): readonly string[] {
  const offered = (facts.persistence ?? []).map(({ name }) => name);
  return [...new Set([...(current?.method === undefined ? [] : [current.method]), ...offered])];
}

/** The settings that a device lets be chosen for a method, those it needs first. */
export function persistenceFields(facts: DeviceFacts, method: string): readonly SettingField[] {
  return fieldsOf(
    facts.persistence?.find(({ name }) => name === method),
    [],
    kinds,
  );
}

/** The fields as they are for what a device has now; times in seconds. */
export function persistenceValues(fields: readonly SettingField[], current: Persistence | undefined): FieldValues {
  const held: Readonly<Record<string, unknown>> = { ...current };
  return Object.fromEntries(
    fields.map(({ key }) => {
      const value = held[key];
      if (typeof value === 'number') return [key, String(key === 'timeoutMs' ? value / 1000 : value)];
      return [key, typeof value === 'string' ? value : ''];
    }),
  );
}

/**
 * Persistence from a form (empty = none), or the key of the first field that cannot be used. What the form does not ask for stays
 * while the method does; the device's own words for it do not.
 */
export function persistenceOf(
  method: string,
  fields: readonly SettingField[],
  values: FieldValues,
  current: Persistence | undefined,
): { readonly persistence: Persistence } | { readonly wrong: string } {
  if (method === '') return { persistence: {} };
  const settings: Record<string, unknown> = current?.method === method ? { ...current } : {};
  for (const key of ['native', 'name', ...fields.map((field) => field.key)]) Reflect.deleteProperty(settings, key);
  for (const { key, kind, isNeeded, multipleOf = 1 } of fields) {
    const value = values[key];
    const text = typeof value === 'string' ? value.trim() : '';
    if (text === '') {
      if (isNeeded) return { wrong: key };
    } else if (kind === 'number') {
      const number = Number(text);
      if (!Number.isFinite(number) || number < 0 || number > (highest[key] ?? Number.MAX_SAFE_INTEGER)) {
        return { wrong: key };
      }
      if (key !== 'timeoutMs' && !Number.isInteger(number)) return { wrong: key };
      const value = key === 'timeoutMs' ? Math.round(number * 1000) : number;
      if (value % multipleOf !== 0) return { wrong: key };
      settings[key] = value;
    } else settings[key] = text;
  }
  return { persistence: { ...settings, method: method as Method } }; // the choices are names that the device's driver told
}
