import { expect, test } from 'vitest';
import type { Plan } from '../../../src-main/contract/plan.ts';
import {
  changeGroups,
  commandLines,
  hunkLines,
  planAsText,
  poolOfPlan,
} from '../../../src-renderer/state/plan-lines.ts';

const subject = { kind: 'member' as const, path: ['web', 'a'] };
const plan = {
  changes: [
    { action: 'update', subject, key: 'weight', prior: 1, desired: 2 },
    { action: 'no-op', subject: { kind: 'member', path: ['web', 'b'] }, prior: 1, desired: 1 },
    { action: 'update', subject, key: 'adminState', prior: 'enabled', desired: 'draining' },
    { action: 'create', subject: { kind: 'monitor', path: ['http'] }, prior: undefined, desired: {} },
  ],
  steps: [
    {
      id: 's',
      stage: 'send',
      title: 'Send',
      isHarmless: false,
      commands: [{ kind: 'shell', text: 'a\nb', shown: 'a\nb' }],
    },
  ],
} as unknown as Plan; // what these tests look at

test('changes stand under their object, and what stays as it is under none', () => {
  expect(changeGroups(plan).map(({ subject: { path }, changes }) => [path.join('/'), changes.length])).toEqual([
    ['web/a', 2],
    ['http', 1],
  ]);
});

test('a command is shown line by line as it is sent', () => {
  expect(commandLines(plan.steps[0]?.commands ?? [], 'add')).toEqual([
    { text: 'a', kind: 'add' },
    { text: 'b', kind: 'add' },
  ]);
});

test('lines of a hunk are told apart by their first character', () => {
  expect(hunkLines('@@ -1 +1 @@\n-old\n+new\n same\n').map(({ kind }) => kind)).toEqual([
    'head',
    'remove',
    'add',
    'plain',
  ]);
});

test('the commands to copy are those that are sent, each step under its title', () => {
  expect(planAsText(plan)).toBe('# Send\na\nb');
});

test('the pool of a plan is the one that most changes are about', () => {
  expect(poolOfPlan(plan)).toBe('web');
});
