import type { Plan, PushState } from '../contract/plan.ts';

/** Why a configuration came to be: by the push that results in it, else by another hand, which was only seen. */
export function originOf(
  pushes: readonly PushState[],
  device: string,
  fingerprint: string,
): { readonly why: string; readonly pushId?: string } {
  const push = pushes.find(({ device: of, plan, phase }) => {
    return of === device && plan.resultsIn === fingerprint && phase !== 'reverted' && phase !== 'refused';
  });
  if (push === undefined) return { why: 'Read from the device' };
  return { why: push.plan.why ?? summaryOf(push.plan), pushId: push.id };
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
