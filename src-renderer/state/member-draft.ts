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

/** Where a device names members after nodes: how, and which nodes there are. */
export interface NodeNames {
  readonly newNode: string;
  /** What comes before the pool's own name, as `/Common/`; empty where there is none. */
  readonly folder: string;
  readonly nodes: readonly { readonly name: string; readonly address: string }[];
}

/** What comes before the last part of a name, as `/Common/`. */
export function folderOf(name: string): string {
  return name.startsWith('/') ? name.slice(0, name.lastIndexOf('/') + 1) : '';
}

/** The member that the fields describe, or the first field that cannot be used. The name defaults to `address:port`. */
export function memberOf(
  draft: MemberDraft,
  taken: readonly string[],
  weights: { readonly lowest: number; readonly highest: number },
  names?: NodeNames,
): { readonly member: Member } | { readonly wrong: MemberField } {
  const address = draft.address.trim();
  const port = wholeNumber(draft.port);
  const weight = draft.weight.trim() === '' ? undefined : wholeNumber(draft.weight);
  const name = nameOf(draft.name.trim(), address, draft.port.trim(), names);
  if (address === '' || /\s/.test(address)) return { wrong: 'address' };
  if (port === undefined || port < 1 || port > 65_535) return { wrong: 'port' };
  if (name === undefined || taken.includes(name) || /\s/.test(name)) return { wrong: 'name' };
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

/** Undefined where the address is known by another name than the one that was given. */
function nameOf(given: string, address: string, port: string, names: NodeNames | undefined): string | undefined {
  if (names === undefined) return given === '' ? `${address}:${port}` : given;
  const { folder, newNode, nodes } = names;
  const known = nodes.find((node) => node.address === address)?.name;
  const bare = given.replace(new RegExp(`[:.]${port}$`), '');
  const whole = bare === '' || bare.startsWith('/') ? bare : `${folder}${bare}`;
  if (known !== undefined && whole !== '' && whole !== known) return undefined;
  const made = newNode.replace('{folder}', () => folder).replace('{address}', () => address);
  const node = known ?? (whole === '' ? made : whole);
  // An address of IPv6 is full of colons: BIG-IP puts a point behind it.
  return `${node}${/:.*:/.test(node) ? '.' : ':'}${port}`;
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : undefined;
}
