import type { Plan, PushState } from '../contract/plan.ts';

/** What a device was read for: `night` = the nightly reading; `seen` = all else. */
export type ReadingOccasion = 'night' | 'seen';

export interface Origin {
  readonly why: string;
  /** Absent where it was another hand, of which nobody knows whose. */
  readonly who?: string;
  readonly pushId?: string;
}

/** Why a configuration came to be: by the push that results in it, else by another hand, which was only seen. */
export function originOf(
  pushes: readonly PushState[],
  device: string,
  fingerprint: string,
  user: string,
  found: { readonly isFirst: boolean; readonly occasion: ReadingOccasion },
): Origin {
  const push = pushes.find(({ device: of, plan, phase }) => {
    return of === device && plan.resultsIn === fingerprint && phase !== 'reverted' && phase !== 'refused';
  });
  if (push !== undefined) return { why: push.plan.why ?? summaryOf(push.plan), who: user, pushId: push.id };
  if (found.isFirst) return { why: 'First reading', who: user };
  const by = found.occasion === 'night' ? ', found by the nightly reading' : '';
  return { why: `Changed outside of Steelyard${by}` };
}

/** What a plan without a reason of its own is remembered by. */
function summaryOf({ changes }: Plan): string {
  const [first, ...others] = changes.filter(({ action }) => action !== 'no-op');
  if (first === undefined) return 'Changed';
  const { action, subject, key, desired } = first;
  const what = `${action} ${subject.kind} ${subject.path.join('/')}${key === undefined ? '' : ` ${key}`}`;
  const value = typeof desired === 'string' || typeof desired === 'number' ? ` to ${desired}` : '';
  return `${what}${value}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}
