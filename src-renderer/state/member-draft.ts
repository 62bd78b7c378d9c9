import type { AdminState, Member } from '$contract/model.ts';

/** What stands in the fields of the dialog for a new member. */
export interface MemberDraft {
  readonly name: string;
  readonly address: string;
  readonly port: string;
  readonly weight: string;
  readonly adminState: AdminState;
}

export type MemberField = 'name' | 'address' | 'port' | 'weight';

/** The member that the fields describe, or the first field that cannot be used. The name defaults to `address:port`. */
export function memberOf(
  draft: MemberDraft,
  taken: readonly string[],
  weights: { readonly lowest: number; readonly highest: number },
): { readonly member: Member } | { readonly wrong: MemberField } {
  const address = draft.address.trim();
  const port = wholeNumber(draft.port);
  const weight = draft.weight.trim() === '' ? undefined : wholeNumber(draft.weight);
  const name = draft.name.trim() === '' ? `${address}:${draft.port.trim()}` : draft.name.trim();
  if (address === '' || /\s/.test(address)) return { wrong: 'address' };
  if (port === undefined || port < 1 || port > 65_535) return { wrong: 'port' };
  if (taken.includes(name) || /\s/.test(name)) return { wrong: 'name' };
  if (draft.weight.trim() !== '' && (weight === undefined || weight < weights.lowest || weight > weights.highest)) {
    return { wrong: 'weight' };
  }
  return {
    member: {
      name,
      address,
      port,
      ...(weight === undefined ? {} : { weight }),
      ...(draft.adminState === 'enabled' ? {} : { adminState: draft.adminState }),
    },
  };
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : undefined;
}
