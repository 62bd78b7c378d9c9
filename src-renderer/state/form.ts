import type { Offered } from '$contract/api.ts';

/** How a setting is asked for; `lines` is text of several lines. */
export interface SettingField {
  readonly key: string;
  readonly kind: 'text' | 'number' | 'yes-no' | 'choice' | 'lines';
  readonly choices?: readonly string[];
  readonly isNeeded: boolean;
  /** A number is a multiple of this, in the model's own unit. */
  readonly multipleOf?: number;
}

export type FieldKinds = Readonly<Record<string, Pick<SettingField, 'kind' | 'choices'>>>;

/** What stands in the fields of a form, as text or a tick. */
export type FieldValues = Readonly<Record<string, string | boolean>>;

/** The fields of what is offered, those it needs first, with those that are set now besides; keys without a kind are left out. */
export function fieldsOf(
  offered: Offered | undefined,
  held: readonly string[],
  kinds: FieldKinds,
): readonly SettingField[] {
  const needs = offered?.needs ?? [];
  return [...new Set([...needs, ...(offered?.settings ?? []), ...held])].flatMap((key) => {
    const kind = kinds[key];
    const choices = offered?.choices?.[key];
    const multipleOf = offered?.multipleOf?.[key];
    const narrowed = {
      ...(choices === undefined ? {} : { choices }),
      ...(multipleOf === undefined ? {} : { multipleOf }),
    };
    return kind === undefined ? [] : [{ key, ...kind, ...narrowed, isNeeded: needs.includes(key) }];
  });
}
