import type { Change, Command, Plan, Step } from '$contract/plan.ts';

/** Changes of one object, with the object's own first: what the review lists under one head. */
export interface ChangeGroup {
  readonly key: string;
  readonly subject: Change['subject'];
  readonly changes: readonly Change[];
}

/** Changes by object, in the order of the plan; what stays as it is, is left out. */
export function changeGroups(plan: Plan): readonly ChangeGroup[] {
  const groups = new Map<string, ChangeGroup>();
  for (const change of plan.changes) {
    if (change.action === 'no-op') continue;
    const key = JSON.stringify([change.subject.kind, change.subject.path]);
    const group = groups.get(key);
    groups.set(key, { key, subject: change.subject, changes: [...(group?.changes ?? []), change] });
  }
  return [...groups.values()];
}

/** One line of a shown command or hunk. */
export interface ShownLine {
  readonly text: string;
  readonly kind: 'plain' | 'comment' | 'add' | 'remove' | 'head';
}

/** Commands as a person could paste them. */
export function commandLines(commands: readonly Command[], kind: 'plain' | 'add' | 'remove'): readonly ShownLine[] {
  return commands.flatMap(({ shown }) =>
    shown
      .replace(/\n$/, '')
      .split('\n')
      .map((text) => ({ text, kind })),
  );
}

/** Lines of a unified hunk by their first character. */
export function hunkLines(text: string): readonly ShownLine[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      if (line.startsWith('@@') || line.startsWith('+++') || line.startsWith('---'))
        return { text: line, kind: 'head' };
      if (line.startsWith('+')) return { text: line, kind: 'add' };
      if (line.startsWith('-')) return { text: line, kind: 'remove' };
      return { text: line, kind: 'plain' };
    });
}

/** Everything a push sends, as text for a shell: steps as comments above their commands. */
export function planAsText(plan: Plan): string {
  return plan.steps.flatMap((step) => [`# ${step.title}`, ...shownOf(step)]).join('\n');
}

function shownOf({ commands }: Step): readonly string[] {
  return commands.map(({ shown }) => shown);
}

/** The pool that most of a plan's changes are about, for the chart beside the push. */
export function poolOfPlan(plan: Plan): string | undefined {
  const counts = new Map<string, number>();
  for (const { subject, action } of plan.changes) {
    const [pool] = subject.path;
    const isAboutPool = subject.kind === 'pool' || subject.kind === 'member';
    if (action !== 'no-op' && isAboutPool && pool !== undefined) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  }
  return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
}
