import type { Command, Plan, Step } from '../../contract/plan.ts';
import type { Host } from './driver-host.ts';
import { quote } from './driver-shell.ts';
import { findHolder } from './hold.ts';
import {
  type HoldFiles,
  armText,
  countdownText,
  holdScript,
  releaseText,
  removeText,
  takeText,
  writeScriptText,
} from './hold-script.ts';
import { shell } from './plan-reload.ts';

/** What a plan has of the revert that the host holds. */
export interface HoldPlan {
  readonly hold: NonNullable<Plan['hold']>;
  /** Before the first change. */
  readonly arm: readonly Step[];
  /** After it was verified. */
  readonly begin: readonly Step[];
  /** First of all in the way back, and in keeping. */
  readonly take: readonly Step[];
  readonly release: readonly Step[];
  /** Last of all in both. */
  readonly remove: readonly Command[];
  readonly warnings: readonly string[];
}

/** Until somebody says how long to wait; `withCountdown` writes another time in its place. */
const withinMs = 60_000;

/**
 * Finds what can hold the revert on the host, by trying, and says each command of it. `back`: the revert as the host can do it alone,
 * in the plain text of its shell.
 */
export async function planHold(
  context: {
    readonly host: Host;
    readonly planId: string;
    readonly wantedHold?: string | undefined;
    readonly signal: AbortSignal;
  },
  file: HoldFiles,
  back: readonly Command[],
): Promise<HoldPlan> {
  const { host, planId, wantedHold, signal } = context;
  const files = { beside: file.beside };
  const texts = back.map((command) => command.shown);
  const why = await missingForBack(host, texts, signal);
  const holder =
    why === undefined
      ? await findHolder(host, file.beside, `steelyard-${planId}`, wantedHold, { signal })
      : { way: undefined, why };
  if (holder.way === undefined) return notHeld(holder.why);
  const seconds = withinMs / 1000;
  const by = `by ${holder.way}`;
  return {
    hold: { isHeld: true, way: holder.way, why: `${holder.why}; a restart of the host ends it`, withinMs },
    arm: [
      step('hold-script', 'hold', 'Write the revert beside the file, as a script', [
        shell(host, writeScriptText(files, holdScript(files, texts))),
      ]),
      {
        ...step('hold', 'hold', `Let the host hold the revert, ${by}`, [
          shell(host, armText(files, seconds, holder.launch(`${file.beside}.hold`))),
        ]),
        isTimed: true,
      },
    ],
    begin: [
      {
        ...step('countdown', 'watch', 'Begin the countdown on the host', [shell(host, countdownText(files, seconds))]),
        isTimed: true,
      },
    ],
    take: [step('hold-off', 'hold', 'Take the revert over from the host', [shell(host, takeText(files))])],
    release: [
      step('hold-keep', 'keep', 'Tell the host to keep the change, and see its timer gone', [
        shell(host, releaseText(files)),
      ]),
    ],
    remove: [shell(host, removeText(files))],
    warnings: [],
  };
}

function notHeld(why: string): HoldPlan {
  return {
    hold: { isHeld: false, why, withinMs },
    arm: [{ ...step('hold', 'hold', 'Let the host hold the revert', []), lacking: why }],
    begin: [],
    take: [],
    release: [],
    remove: [],
    warnings: [
      `Nothing on the device itself takes the change back (${why}): if the console ends before the change is kept, it goes back when the console starts again.`,
    ],
  };
}

/** The host talks to HAProxy's sockets by socat; a plan that needs none of them does without. */
async function missingForBack(host: Host, texts: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  if (!texts.some((text) => text.includes('| socat '))) return undefined;
  const { code } = await host.run(`command -v ${quote('socat')}`, { signal });
  return code === 0 ? undefined : 'the host has no socat, by which it would tell HAProxy the old values';
}

function step(id: string, stage: Step['stage'], title: string, commands: readonly Command[]): Step {
  return { id, stage, title, commands: [...commands], isHarmless: true };
}
