import { z } from 'zod';
import type { Problem } from './errors.ts';
import { type DeviceModel, desiredSchema } from './model.ts';

export const fingerprintSchema = z.string().regex(/^[0-9a-f]{64}$/);

/**
 * One exact thing that is sent to a device. `shell` runs over SSH exec as written; `socket` writes `text` to a Unix socket on the
 * device and reads the answer; `http` calls the engine's admin interface. `shown` is what a person can paste into a shell for
 * the same effect (for `shell`, the text itself).
 */
export const commandSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('shell'),
    text: z.string(),
    shown: z.string(),
    timeoutMs: z.number().optional(),
    /** Text for its standard input; `shown` has it too. */
    input: z.string().optional(),
    /** Bytes for its standard input that the console alone holds, by their id; no plan, journal or log has them. */
    stdin: z.strictObject({ secret: z.string(), sha256: fingerprintSchema, bytes: z.number().int() }).optional(),
    /** Regular expression that the whole answer must match, whatever the exit status; absent = the status must be 0. */
    expect: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('socket'),
    socket: z.string(),
    text: z.string(),
    /** A file on the device whose lines follow `text`, blank ones left out, ended by a blank line (HAProxy's payload). */
    payloadFile: z.string().optional(),
    shown: z.string(),
    /** Regular expression that the whole answer must match; absent = the answer must be blank. */
    expect: z.string().optional(),
    /** What any other answer means, as the beginning of a sentence that goes on with the answer; absent = that it was not taken. */
    otherwise: z.string().optional(),
  }),
  z.strictObject({
    kind: z.literal('http'),
    method: z.enum(['GET', 'PUT', 'PATCH', 'POST', 'DELETE']),
    path: z.string(),
    body: z.string().optional(),
    shown: z.string(),
  }),
]);
export type Command = z.infer<typeof commandSchema>;

/** The stages of a push in their order; a stage that a device lacks is shown as lacking, never ticked. */
export const stages = [
  'fingerprint',
  'backup',
  'candidate',
  'check',
  'hold',
  'send',
  'verify',
  'watch',
  'keep',
] as const;
export const stageSchema = z.enum(stages);
export type Stage = z.infer<typeof stageSchema>;

/** A step of a push: its commands are sent in order; the first that fails ends the push and starts the revert. */
export const stepSchema = z.strictObject({
  id: z.string(),
  stage: stageSchema,
  title: z.string(),
  commands: z.array(commandSchema),
  /** True where the step changes nothing on the device that anything reads (a check, a backup, a candidate file). */
  isHarmless: z.boolean(),
  /** Why the device lacks this stage; there are no commands then, and the step is shown as lacking. */
  lacking: z.string().optional(),
  /** True where the commands say how long an unkept change lasts, as `seconds=60`; `withCountdown` writes another time there. */
  isTimed: z.boolean().optional(),
});
export type Step = z.infer<typeof stepSchema>;

/**
 * The revert as the device holds it: armed (stage `hold`) before the first change, set to the whole countdown (stage `watch`) after
 * the change was verified, so that the device goes back by itself where nobody can tell it to keep the change.
 */
export const holdSchema = z.strictObject({
  isHeld: z.boolean(),
  /** What holds it, in the host's own word (`at`, `systemd-run` ...); absent where nothing does. */
  way: z.string().optional(),
  /** How it was found to work, or why nothing does; a sentence. */
  why: z.string(),
  /** The countdown that the timed steps are written for. */
  withinMs: z.number().int().positive(),
});

/** What a device says when it took a change back by itself: by these words a push knows it in the answer of a command. */
export const deviceRevertedWords = 'The device took the change back by itself';

export const changeSchema = z.strictObject({
  action: z.enum(['create', 'update', 'delete', 'replace', 'no-op']),
  subject: z.strictObject({
    kind: z.enum(['virtualServer', 'pool', 'member', 'monitor', 'certificate', 'node', 'file']),
    /** Whole path of names: pool, then member. */
    path: z.array(z.string()),
  }),
  /** The key that changes; absent for create, delete, replace of the whole object. */
  key: z.string().optional(),
  /** Absent where the subject or key is new (JSON carries no undefined). */
  prior: z.unknown().optional(),
  /** Absent where the subject or key goes. */
  desired: z.unknown().optional(),
});
export type Change = z.infer<typeof changeSchema>;

/** What `core` makes of a wish: the changes in their order, and the model as it should read afterwards. */
export interface Edit {
  readonly changes: readonly Change[];
  readonly target: DeviceModel;
}

/** What a change costs on the device: nothing but a run-time command, a reload (connections kept), a restart (cut). */
export const costSchema = z.enum(['none', 'runtime', 'reload', 'restart']);
export type Cost = z.infer<typeof costSchema>;

/** A plan: exactly what a push will send, what takes it back, and the fingerprint of the configuration it was made from. */
export const planSchema = z.strictObject({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-z]{6,32}$/),
  device: z.string(),
  vendor: z.string(),
  createdAt: z.iso.datetime(),
  why: z.string().optional(),
  /** SHA-256 over the configuration's files (name and bytes) as read. */
  basedOn: fingerprintSchema,
  /** The same after the push. */
  resultsIn: fingerprintSchema,
  desired: desiredSchema,
  changes: z.array(changeSchema),
  cost: costSchema,
  /** What is lost by it, in words (stick tables, counters, connections older than ...). */
  losses: z.array(z.string()),
  /** Every other object that a command touches. */
  affects: z.array(z.strictObject({ kind: z.string(), name: z.string(), why: z.string() })),
  /** Unified hunks for the eye; the commands are what is sent. */
  hunks: z.array(z.strictObject({ file: z.string(), text: z.string() })),
  steps: z.array(stepSchema),
  revert: z.array(stepSchema),
  /** Sent after the push was kept: clean-up, save, sync. */
  keep: z.array(stepSchema),
  /** Read-only commands that verifying sends. */
  verifies: z.array(commandSchema),
  /** Absent where the kind of device has no such thing. */
  hold: holdSchema.optional(),
  warnings: z.array(z.string()),
  /** Driver's own facts that verify and recovery need (paths, pids as read); opaque to everyone else. */
  driver: z.record(z.string(), z.unknown()),
});
export type Plan = z.infer<typeof planSchema>;

/** The same plan for another countdown: only the seconds in its timed steps differ. */
export function withCountdown(plan: Plan, withinMs: number): Plan {
  if (plan.hold === undefined || plan.hold.withinMs === withinMs) return plan;
  const seconds = `seconds=${Math.ceil(withinMs / 1000)}`;
  function retimed(text: string): string {
    return text.replace(/\bseconds=\d+/, seconds);
  }
  const steps = plan.steps.map((step) => {
    if (step.isTimed !== true) return step;
    const commands = step.commands.map((command) =>
      command.kind === 'shell' ? { ...command, text: retimed(command.text), shown: retimed(command.shown) } : command,
    );
    return { ...step, commands };
  });
  return { ...plan, steps, hold: { ...plan.hold, withinMs } };
}

/** `waiting` = sent and verified, the countdown runs; `reverted` and `kept` are ends; `stuck` needs a person and says why. */
export type PushPhase = 'running' | 'waiting' | 'keeping' | 'kept' | 'reverting' | 'reverted' | 'refused' | 'stuck';

export interface StepState {
  readonly id: string;
  readonly stage: Stage;
  readonly title: string;
  readonly state: 'pending' | 'running' | 'done' | 'failed' | 'lacking';
  readonly startedAt?: string;
  readonly durationMs?: number;
  readonly answer?: string;
  readonly problem?: Problem;
}

/** A push as the window shows it; whole snapshots are sent on each change. */
export interface PushState {
  readonly id: string;
  readonly device: string;
  readonly plan: Plan;
  readonly phase: PushPhase;
  readonly steps: readonly StepState[];
  readonly revertSteps: readonly StepState[];
  readonly startedAt: string;
  /** When an unkept push goes back by itself (ISO time). */
  readonly revertsAt?: string;
  /** Who took it back, once that is known. */
  readonly revertedBy?: 'console' | 'device';
  readonly endedAt?: string;
  readonly problem?: Problem;
}
