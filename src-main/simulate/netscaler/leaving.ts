import { groupMembersOf, servicesOf } from './bindings.ts';
import type { Configuration } from './configuration.ts';
import { readCommand } from './match.ts';
import { CommandRefused } from './refusal.ts';

/**
 * What was disabled and still waits: with `-graceFul YES` for its last connection, with a delay for so many seconds, with both for what
 * comes first (manual, "service", disable). Names are those of `Bound`.
 */
export interface Leaving {
  /** A command that was done. */
  readonly note: (command: string, config: Configuration) => void;
  /** `current` are its open connections. */
  readonly isWaiting: (name: string, current: number) => boolean;
  readonly forget: () => void;
}

interface Wait {
  readonly isGraceful: boolean;
  readonly since: number;
  readonly until: number | undefined;
}

/** `settlesMs`: connections that were open at the command are counted by then. */
export function makeLeaving(now: () => number, settlesMs: number): Leaving {
  const waits = new Map<string, Wait>();
  return {
    note: (command, config) => {
      const given = readOrNothing(command);
      if (given === undefined || !['enable', 'disable'].includes(given.form.verb)) return;
      const { form, positionals, args } = given;
      const names = namesOf(config, form.object, positionals);
      for (const name of names) waits.delete(name);
      const isGraceful = args.some(({ name, values }) => name === 'graceFul' && values[0] === 'YES');
      const own =
        form.object === 'serviceGroup' ? args.find(({ name }) => name === 'delay')?.values[0] : positionals[1];
      const delayMs = Number(own ?? 0) * 1000;
      if (form.verb === 'enable' || (!isGraceful && delayMs === 0)) return;
      const since = now();
      const until = delayMs === 0 ? undefined : since + delayMs;
      for (const name of names) waits.set(name, { isGraceful, since, until });
    },
    isWaiting: (name, current) => {
      const wait = waits.get(name);
      if (wait === undefined) return false;
      const isEmpty = wait.isGraceful && current === 0 && now() - wait.since > settlesMs;
      const isOver = isEmpty || (wait.until !== undefined && now() >= wait.until);
      if (isOver) waits.delete(name);
      return !isOver;
    },
    forget: () => {
      waits.clear();
    },
  };
}

function readOrNothing(command: string): ReturnType<typeof readCommand> | undefined {
  try {
    return readCommand(command);
  } catch (error) {
    if (error instanceof CommandRefused) return undefined; // a comment, or a command that was refused
    throw error;
  }
}

function namesOf(
  config: Configuration,
  object: string,
  [name = '', server, port]: readonly string[],
): readonly string[] {
  const all = [...groupMembersOf(config), ...servicesOf(config)];
  if (object === 'server') return all.filter((one) => one.server === name).map((one) => one.name);
  if (object === 'service') return [name];
  return all
    .filter(
      (one) => one.group === name && (server === undefined || (one.server === server && String(one.port) === port)),
    )
    .map((one) => one.name);
}
