import type { MemberRow, PoolRow } from '../../contract/api.ts';
import type { AlgorithmName } from '../../contract/model.ts';
import { type Comparison, comparisonFor } from './compare.ts';
import type { PoolMinute } from './rolling-minute.ts';

/** A deviation counts when it is both: more points than this, and more standard deviations of the count than that. */
const leastPoints = 0.03;
const leastDeviations = 2;
/** What floating point may add. */
const rounding = 1e-9;

interface Judged {
  readonly minute: PoolMinute;
  readonly members: readonly MemberRow[];
  readonly comparison: Comparison;
  readonly algorithm: AlgorithmName | undefined;
  readonly at: string;
}

/**
 * The member that is farthest from what its weight asks, with one sentence that states the evidence and what explains it. Absent where
 * chance explains it: the share of n requests that each go to a member with probability p has a standard deviation of
 * sqrt(p (1 - p) / n).
 */
export function worstMember(judged: Judged): PoolRow['worst'] {
  const count = evidenceCount(judged);
  if (count === undefined || count <= 0) return undefined;
  const [worst] = judged.members
    .map((member) => ({ member, off: (member.measuredShare ?? NaN) - (member.askedShare ?? NaN) }))
    .filter(({ member, off }) => isMoreThanChance(Math.abs(off), member.askedShare ?? 0, count))
    .toSorted((one, other) => rank(other.off) - rank(one.off))
    .map(({ member }) => member);
  return worst && { member: worst.name, sentence: [evidence(worst, judged, count), ...reasons(judged)].join(' ') };
}

function isMoreThanChance(off: number, asked: number, count: number): boolean {
  const deviation = Math.sqrt((asked * (1 - asked)) / count);
  return off > leastPoints + rounding && off > leastDeviations * deviation;
}

/** By distance; of two as far off, the one that gets too much is the one to look at. */
function rank(off: number): number {
  return off > 0 ? off + rounding : -off;
}

/** How many decisions the shares rest on: bytes come in requests, and it is requests that were spread. */
function evidenceCount({ minute, members, comparison }: Judged): number | undefined {
  if (comparison.by === 'none') return undefined;
  if (comparison.by !== 'bytes') return sum(members.map((member) => member.measuredCount));
  const counts = [...minute.counts.values()];
  return sum(counts.map((count) => count.requests)) ?? sum(counts.map((count) => count.connections));
}

function sum(numbers: readonly (number | undefined)[]): number | undefined {
  const known = numbers.filter((number) => number !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, number) => total + number, 0);
}

function evidence(member: MemberRow, { minute, comparison, algorithm }: Judged, count: number): string {
  const of = whole(rounded(count), comparison, algorithm);
  const span = `in the last ${Math.round(minute.coveredMs / 1000)} s`;
  return `${member.name} took ${percent(member.measuredShare)} of ${of} ${span}; its weight asks for ${percent(member.askedShare)}.`;
}

function whole(count: string, { by }: Comparison, algorithm: AlgorithmName | undefined): string {
  if (by === 'bytes') return `the bytes of ${count} requests`;
  if (by === 'requests') return `${count} requests`;
  const areOpen = comparisonFor(algorithm).by === 'connections';
  return areOpen ? `${count} open connections (on average)` : `${count} new connections`;
}

/** Only what was seen: a change within the window, a limit reached, a persistence or an algorithm that does not follow weights. */
function reasons({ minute, members, comparison, algorithm, at }: Judged): string[] {
  const { change, configured } = minute;
  const found: string[] = [];
  if (change) {
    const ago = `${Math.round((Date.parse(at) - change.atMs) / 1000)} s ago`;
    const what = { entered: 'came into rotation', left: 'left rotation', weighed: 'got another weight' }[change.kind];
    found.push(`${change.member} ${what} ${ago}, and the last minute still counts what was before.`);
  }
  const limited = members.find((one) => one.health === 'limited');
  if (limited) found.push(`${limited.name} is at its connection limit.`);
  const { method } = configured?.persistence ?? {};
  if (method !== undefined) found.push(`Persistence (${method}) keeps clients on their member, whatever the weights.`);
  if (comparison.isReference)
    found.push(`${algorithm ?? 'This algorithm'} does not follow weights alone: they are a reference.`);
  return found;
}

function percent(share: number | undefined): string {
  return `${((share ?? NaN) * 100).toFixed(1)} %`;
}

function rounded(count: number): string {
  return Math.round(count).toLocaleString('en');
}
