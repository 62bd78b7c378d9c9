import type { MemberRow, PoolRow } from '$contract/api.ts';
import type { AdminState } from '$contract/model.ts';

/** Points (0 to 1) beyond which a member is off its share, and how many standard deviations of its count it must be off. */
const toleratedShare = 0.03;
const toleratedDeviations = 2;

/** How a member's measured share stands to the share that its weight asks for. */
export type Balance = 'even' | 'over' | 'under' | 'unjudged' | 'out';

/**
 * Over or under only when it is off by more than 3 points and by more than two standard deviations of its count (binomial: a member
 * that should get `p` of `n` requests gets `n p` of them, give or take the square root of `n p (1 - p)`); fewer samples are not judged.
 */
export function balanceOf(member: MemberRow, total: number | undefined): Balance {
  const { askedShare: asked, measuredShare: measured } = member;
  if (!member.isInRotation) return 'out';
  if (asked === undefined || measured === undefined) return 'unjudged';
  const difference = measured - asked;
  if (Math.abs(difference) <= toleratedShare) return 'even';
  if (total === undefined || total <= 0) return 'unjudged';
  const deviation = Math.sqrt((asked * (1 - asked)) / total);
  if (Math.abs(difference) <= toleratedDeviations * deviation) return 'unjudged';
  return difference > 0 ? 'over' : 'under';
}

/** Everything counted in the pool over the last minute; undefined where the rows do not say. */
export function countedTotal(members: readonly MemberRow[]): number | undefined {
  const counts = members.flatMap(({ measuredCount }) => (measuredCount === undefined ? [] : [measuredCount]));
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

/** Right end of the beams of one table: 1.3 times the largest share in it, measured, asked or predicted; 0.1 at least. */
export function beamScale(members: readonly MemberRow[], predicted: ReadonlyMap<string, number>): number {
  const shares = members.flatMap((member) => [
    member.measuredShare ?? 0,
    member.askedShare ?? 0,
    predicted.get(member.name) ?? 0,
  ]);
  return Math.max(0.1, ...shares) * 1.3;
}

/** What is staged for a member of the pool at hand. */
export interface StagedMember {
  readonly weight?: number | undefined;
  readonly adminState?: AdminState | undefined;
  readonly isRemoved: boolean;
}

/**
 * The share each member will be asked for once the staged edits are pushed, by name. Only members in rotation have one: enabled, not
 * removed, and not known to be down. Empty where no weight is in play or nothing staged touches one.
 */
export function predictedShares(
  row: PoolRow,
  stagedOf: (member: string) => StagedMember,
  addedWeights: readonly { readonly name: string; readonly weight: number }[] = [],
): ReadonlyMap<string, number> {
  if (row.comparedBy === 'none') return new Map();
  const weights = new Map<string, number>();
  let isTouched = addedWeights.length > 0;
  for (const member of row.members) {
    const staged = stagedOf(member.name);
    isTouched ||= staged.isRemoved || staged.weight !== undefined || staged.adminState !== undefined;
    if (staged.isRemoved || (staged.adminState ?? member.adminState) !== 'enabled') continue;
    if (member.health === 'down') continue;
    const canServe = member.isInRotation || member.adminState !== 'enabled' || (member.weight ?? 1) === 0;
    if (canServe) weights.set(member.name, staged.weight ?? member.weight ?? 1);
  }
  for (const { name, weight } of addedWeights) weights.set(name, weight);
  const sum = [...weights.values()].reduce((total, weight) => total + weight, 0);
  if (!isTouched || sum === 0) return new Map();
  return new Map([...weights].map(([name, weight]) => [name, weight / sum]));
}
