import type { DeviceFacts } from '$contract/api.ts';
import type { Algorithm, AlgorithmSettings } from '$contract/model.ts';
import { type FieldKinds, fieldsOf, type FieldValues, type SettingField } from './form.ts';

/** The long form of an algorithm. (The contract's own function stands beside its schemas, which a window does not load.) */
export function longForm(algorithm: Algorithm): AlgorithmSettings {
  return typeof algorithm === 'string' ? { name: algorithm } : algorithm;
}

const kinds: FieldKinds = {
  key: { kind: 'text' },
  hash: { kind: 'choice', choices: ['ring', 'maglev', 'rendezvous', 'modulo'] },
  hashFunction: { kind: 'text' },
  avalanche: { kind: 'yes-no' },
  boundedLoad: { kind: 'number' },
  choices: { kind: 'number' },
  depth: { kind: 'number' },
  length: { kind: 'number' },
  whole: { kind: 'yes-no' },
  pathOnly: { kind: 'yes-no' },
  useDomainOnly: { kind: 'yes-no' },
  checkPost: { kind: 'yes-no' },
  netmask: { kind: 'text' },
  weighted: { kind: 'choice', choices: ['yes', 'no'] },
  per: { kind: 'choice', choices: ['node', 'member'] },
};

/** The settings that a device lets be chosen for an algorithm, those it needs first; keys without a known form are left out. */
export function settingFields(
  facts: DeviceFacts,
  name: string,
  current: AlgorithmSettings | undefined,
): readonly SettingField[] {
  const held = current?.name === name ? Object.keys(current) : [];
  return fieldsOf(
    facts.algorithms.find((algorithm) => algorithm.name === name),
    held,
    kinds,
  );
}

/** The fields as they are for settings that a device has now. */
export function valuesOf(fields: readonly SettingField[], settings: AlgorithmSettings | undefined): FieldValues {
  const held: Readonly<Record<string, unknown>> = { ...settings };
  return Object.fromEntries(
    fields.map(({ key, kind }): [string, string | boolean] => {
      const value = held[key];
      if (kind === 'yes-no') return [key, value === true];
      if (typeof value === 'boolean') return [key, value ? 'yes' : 'no'];
      return [key, typeof value === 'string' || typeof value === 'number' ? String(value) : ''];
    }),
  );
}

/** Settings from a form, or the key of the first field that cannot be used. */
export function settingsOf(
  name: AlgorithmSettings['name'],
  fields: readonly SettingField[],
  values: FieldValues,
): { readonly settings: AlgorithmSettings } | { readonly wrong: string } {
  const settings: Record<string, string | number | boolean> = {};
  for (const { key, kind, isNeeded } of fields) {
    const value = values[key];
    const text = typeof value === 'string' ? value.trim() : '';
    if (kind === 'yes-no') {
      if (value === true) settings[key] = true;
    } else if (text === '') {
      if (isNeeded) return { wrong: key };
    } else if (kind === 'number') {
      if (!Number.isFinite(Number(text)) || Number(text) < 0) return { wrong: key };
      settings[key] = Number(text);
    } else {
      settings[key] = key === 'weighted' ? text === 'yes' : text;
    }
  }
  return { settings: { ...settings, name } };
}
