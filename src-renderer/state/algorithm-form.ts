import type { DeviceFacts, Offered } from '$contract/api.ts';
import type { Algorithm, AlgorithmSettings } from '$contract/model.ts';

/** The long form of an algorithm. (The contract's own function stands beside its schemas, which a window does not load.) */
export function longForm(algorithm: Algorithm): AlgorithmSettings {
  return typeof algorithm === 'string' ? { name: algorithm } : algorithm;
}

/** How a setting of an algorithm is asked for. */
export interface SettingField {
  readonly key: string;
  readonly kind: 'text' | 'number' | 'yes-no' | 'choice';
  readonly choices?: readonly string[];
  readonly isNeeded: boolean;
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
  weighted: { kind: 'yes-no' },
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

export type FieldKinds = Readonly<Record<string, Pick<SettingField, 'kind' | 'choices'>>>;

/** The fields of what is offered, with those that are set now besides. */
export function fieldsOf(
  offered: Offered | undefined,
  held: readonly string[],
  kinds: FieldKinds,
): readonly SettingField[] {
  const needs = offered?.needs ?? [];
  return [...new Set([...needs, ...(offered?.settings ?? []), ...held])].flatMap((key) => {
    const kind = kinds[key];
    const choices = offered?.choices?.[key];
    const narrowed = choices === undefined ? {} : { choices };
    return kind === undefined ? [] : [{ key, ...kind, ...narrowed, isNeeded: needs.includes(key) }];
  });
}

/** What stands in the fields of the form, as text or a tick. */
export type FieldValues = Readonly<Record<string, string | boolean>>;

/** The fields as they are for settings that a device has now. */
export function valuesOf(fields: readonly SettingField[], settings: AlgorithmSettings | undefined): FieldValues {
  const held: Readonly<Record<string, unknown>> = { ...settings };
  return Object.fromEntries(
    fields.map(({ key, kind }): [string, string | boolean] => {
      const value = held[key];
      if (kind === 'yes-no') return [key, value === true];
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
      settings[key] = text;
    }
  }
  return { settings: { ...settings, name } };
}
