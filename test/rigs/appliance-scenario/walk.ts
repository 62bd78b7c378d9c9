import type { PushPhase, PushState } from '../../../src-main/contract/plan.ts';
import type { Ended, RunningCommand } from '../cli-processes.ts';
import type { ApplianceVendor, StartedAppliance } from './appliance.ts';
import { type ApplianceSite, openApplianceSite } from './site.ts';

/** What goes wrong at one command: before the device does it, or once it has and before its answer. */
export const walkFaults = [
  'the link cut before it',
  'the link cut after it',
  'the link forgotten after it',
  'the console killed before it',
  'the console killed after it',
] as const;
export type WalkFault = (typeof walkFaults)[number];

/** A simulated appliance, its command line, and on which side of the walk's change it stands. */
export interface Walker {
  readonly one: ApplianceVendor;
  readonly device: StartedAppliance;
  readonly site: ApplianceSite;
  isThere: boolean;
}

export interface JudgedWalk {
  readonly broken: readonly string[];
  readonly hasStruck: boolean;
  /** How many commands the device got for the push, from its first look to what saves it. */
  readonly commands: number;
}

export async function startWalker(one: ApplianceVendor): Promise<Walker> {
  const device = await one.start();
  return { one, device, site: await openApplianceSite(one.vendor, device, { lb: one.pusher }), isThere: false };
}

/**
 * Pushes and keeps one change, with a fault at one of its commands, and says what of the promises did not hold: in the end running
 * and saved configuration are wholly old or wholly new by the device's own words, the console says which, and before it was kept nothing was
 * saved. `isDue` is asked for each command that comes, counted from 1; it strikes once.
 */
export async function judgeWalk(
  walker: Walker,
  fault: WalkFault | 'none',
  isDue: (command: string, count: number) => boolean,
): Promise<JudgedWalk> {
  const { one, device, site } = walker;
  const wish = walker.isThere ? one.walk.back : one.walk.there;
  const before = { running: device.running(), saved: device.saved() };
  const path = await site.cli.planFor('lb', wish.desired);
  const broken: string[] = [];
  const told = { commands: 0, isDue: false, hasStruck: false, isKeeping: false };
  const pushing = site.cli.start('apply', path, '--yes', '--confirm-within', '120s');
  device.misbehave({
    cutBefore: {
      test: (command) => {
        told.commands += 1;
        if (!told.isKeeping && device.saved() !== before.saved)
          broken.push(`saved before it was kept, at "${command}"`);
        told.isDue = !told.hasStruck && fault !== 'none' && isDue(command, told.commands);
        return told.isDue && fault.endsWith('before it') && strike();
      },
    },
    cutAfter: { test: () => told.isDue && fault.endsWith('after it') && strike() },
  });
  /** True where the device's side of the connection ends as well. */
  function strike(): boolean {
    told.isDue = false;
    told.hasStruck = true;
    if (fault.startsWith('the console')) pushing.child.kill('SIGKILL');
    if (fault.startsWith('the link forgotten')) site.relay.abandon();
    return !fault.startsWith('the link forgotten');
  }
  const ended = await keptOrEnded(site, pushing, () => (told.isKeeping = true));
  device.misbehave({});
  const isKilled = told.hasStruck && fault.startsWith('the console');
  const phase = isKilled ? await saidByNext(site) : phaseOf(ended);
  const now = { running: device.running(), saved: device.saved() };
  const isOld = now.running === before.running && now.saved === before.saved;
  const isNew = wish.says.every((word) => word.test(now.running)) && now.saved === now.running;
  // A console that was killed before it wrote a push down, or after the end of one, has nothing to say.
  const isTrue = phase === undefined ? isOld || isNew : phase === 'kept' ? isNew : isOld;
  if (!isTrue)
    broken.push(`it is ${phase ?? 'not spoken of'}, and the device says:\n${now.running}\nsaved:\n${now.saved}`);
  if (phase === 'stuck') {
    broken.push(`it needs a person: ${tailOf(ended.stderr)}`);
    await site.cli.run('confirm', 'lb'); // as it stands, for the next walk
  }
  if (isNew && !isOld) walker.isThere = !walker.isThere;
  return { broken, hasStruck: told.hasStruck, commands: told.commands };
}

/** Keeps what waits; whether or not that is heard, the push ends. */
async function keptOrEnded(site: ApplianceSite, pushing: RunningCommand, onKeep: () => void): Promise<Ended> {
  const isWaiting = await pushing.says('steelyard confirm lb').then(
    () => true,
    () => false,
  );
  if (!isWaiting) return pushing.ended;
  onKeep();
  const [ended] = await Promise.all([pushing.ended, site.cli.run('confirm', 'lb')]);
  return ended;
}

/** What was said of the push, without the plan. */
function tailOf(said: string): string {
  return said.slice(said.indexOf('\nPush: '));
}

function phaseOf({ stdout, stderr, status }: Ended): PushPhase {
  try {
    return (JSON.parse(stdout) as PushState).phase; // what `apply` writes at its end
  } catch {
    throw new Error(`apply ended with status ${String(status)} and no word of the push:\n${stderr}`);
  }
}

/** The next command finds what was left, and says how it put that right. */
async function saidByNext(site: ApplianceSite): Promise<PushPhase | undefined> {
  const { status, stderr } = await site.cli.run('read', 'lb');
  if (status !== 0) throw new Error(`read ended with status ${String(status)}:\n${stderr}`);
  if (stderr.includes('"lb" is as it was before that change.')) return 'reverted';
  if (stderr.includes('The change of "lb" had been kept, and is.')) return 'kept';
  return stderr.includes('The change of "lb"') ? 'stuck' : undefined;
}
