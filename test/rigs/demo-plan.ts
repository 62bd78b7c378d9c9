import type { Change, Plan, PushPhase, PushState, Step, StepState } from '../../src-main/contract/plan.ts';
import type { Desired } from '../../src-main/contract/model.ts';
import { type DemoDevice, demoModel } from './demo-estate.ts';

/** A plan for what is wished, shaped like a file device's: candidate, check, backup, hold, send, verify. */
export function demoPlan(device: DemoDevice, desired: Desired, nowMs: number): Plan {
  const changes = changesOf(device, desired);
  const path = '/etc/haproxy/haproxy.cfg';
  return {
    version: 1,
    id: 'k3v9x2m4',
    device: device.name,
    vendor: 'haproxy',
    createdAt: new Date(nowMs).toISOString(),
    basedOn: 'a3'.repeat(32),
    resultsIn: 'b4'.repeat(32),
    desired,
    changes,
    cost: 'reload',
    losses: ['Stick tables without local peers, counters and run-time states start anew.'],
    affects: [{ kind: 'virtual server', name: 'fe_dl-origin', why: 'its pool changes' }],
    hunks: [
      {
        file: path,
        text: '@@ -146,5 +146,5 @@ backend dl-origin\n     server dl-fra-03 10.20.4.13:8443 weight 4 check\n-    server dl-fra-04 10.20.4.14:8443 weight 3 check\n+    server dl-fra-04 10.20.4.14:8443 weight 2 check\n     server dl-fra-05 10.20.4.15:8443 weight 3 check\n',
      },
    ],
    steps: [
      step('candidate', 'candidate', 'Put the candidate beside the live file', true, [
        `cat > ${path}.steelyard-k3v9x2m4`,
      ]),
      step('check', 'check', 'Check the candidate', true, [`haproxy -c -f ${path}.steelyard-k3v9x2m4`]),
      step('backup', 'backup', 'Back up the live file', true, [`cp -p ${path} ${path}.steelyard-backup`]),
      step('hold', 'hold', 'Hold the revert on the device', true, [`at now + 2 minutes < ${path}.steelyard-revert`]),
      step('send', 'send', 'Move the candidate over the live file and reload', false, [
        `mv -T ${path}.steelyard-k3v9x2m4 ${path}`,
        'systemctl reload haproxy',
      ]),
      step('verify', 'verify', 'Read back and compare', true, []),
    ],
    revert: [
      step('revert', 'send', 'Put the backup back and reload', false, [
        `mv -T ${path}.steelyard-backup ${path}`,
        'systemctl reload haproxy',
      ]),
    ],
    keep: [step('keep', 'keep', 'Take the held revert away', false, ['atrm "$(cat /run/steelyard/job)"'])],
    verifies: [{ kind: 'shell', text: `sha256sum ${path}`, shown: `sha256sum ${path}` }],
    warnings: ['A weight set at run time is not in the file: the push makes them equal.'],
    driver: {},
  };
}

function step(id: string, stage: Step['stage'], title: string, isHarmless: boolean, lines: readonly string[]): Step {
  return { id, stage, title, isHarmless, commands: lines.map((text) => ({ kind: 'shell', text, shown: text })) };
}

function changesOf(device: DemoDevice, desired: Desired): Change[] {
  const model = demoModel(device);
  return (desired.pools ?? []).flatMap((pool) => {
    const before = model.pools.find(({ name }) => name === pool.name);
    const own: Change[] =
      pool.algorithm === undefined
        ? []
        : [
            {
              action: 'update',
              subject: { kind: 'pool', path: [pool.name] },
              key: 'algorithm',
              prior: before?.algorithm,
              desired: pool.algorithm,
            },
          ];
    const members = (pool.members ?? []).flatMap((member): Change[] => {
      const subject = { kind: 'member' as const, path: [pool.name, member.name] };
      const prior = before?.members.find(({ name }) => name === member.name);
      if (member.absent === true) return [{ action: 'delete', subject, prior, desired: undefined }];
      if (prior === undefined) return [{ action: 'create', subject, prior: undefined, desired: member }];
      return (['weight', 'adminState'] as const).flatMap((key) =>
        member[key] === undefined ? [] : [{ action: 'update', subject, key, prior: prior[key], desired: member[key] }],
      );
    });
    return [...own, ...members];
  });
}

/** A push of this plan as it stands in a phase. */
export function demoPush(plan: Plan, phase: PushPhase, nowMs: number, confirmWithinMs = 60_000): PushState {
  const hasFailed = phase === 'refused' || phase === 'stuck';
  const doneUntil = hasFailed || phase === 'running' ? 2 : plan.steps.length;
  return {
    id: `push-${plan.device}`,
    device: plan.device,
    plan,
    phase,
    startedAt: new Date(nowMs - 8000).toISOString(),
    steps: plan.steps.map((each, at): StepState => {
      const base = { id: each.id, stage: each.stage, title: each.title };
      if (each.stage === 'hold') return { ...base, state: at < doneUntil ? 'lacking' : 'pending' };
      if (at < doneUntil) {
        return {
          ...base,
          state: 'done',
          startedAt: new Date(nowMs - 8000 + at * 900).toISOString(),
          durationMs: 300 + at * 120,
          answer: 'Configuration file is valid',
        };
      }
      if (at === doneUntil && hasFailed)
        return {
          ...base,
          state: 'failed',
          startedAt: new Date(nowMs - 5000).toISOString(),
          durationMs: 410,
          problem: refusal,
        };
      if (at === doneUntil && phase === 'running')
        return { ...base, state: 'running', startedAt: new Date(nowMs - 400).toISOString() };
      return { ...base, state: 'pending' };
    }),
    revertSteps: plan.revert.map((each) => ({
      id: each.id,
      stage: each.stage,
      title: each.title,
      state: phase === 'reverted' ? 'done' : phase === 'reverting' ? 'running' : 'pending',
    })),
    ...(phase === 'waiting' ? { revertsAt: new Date(nowMs + confirmWithinMs).toISOString() } : {}),
    ...(hasFailed ? { problem: refusal, endedAt: new Date(nowMs).toISOString() } : {}),
    ...(phase === 'kept' || phase === 'reverted' ? { endedAt: new Date(nowMs).toISOString() } : {}),
  };
}

const refusal = {
  code: 'COMMAND_REJECTED' as const,
  title: 'The device refused a command.',
  detail:
    'haproxy -c found a fault in the candidate. Nothing was moved: the live file and the running process are as they were.',
  raw: "[ALERT] config : parsing [/etc/haproxy/haproxy.cfg:148] : 'server dl-fra-04' : unknown keyword 'wieght'.\n<img src=x onerror=\"window.isHurt=1\">",
};
