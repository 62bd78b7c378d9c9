import { parseArgs } from 'node:util';

/** One option of a command; `value` names what follows it (TIME and N are checked as such), a switch has none. */
export interface Option {
  readonly value?: string;
  readonly isRepeated?: boolean;
  readonly what: string;
}

/** What a command takes, as its help shows it and its arguments are parsed. */
export interface CommandShape {
  /** Positional arguments: NAME is needed, [NAME] is not, NAME... takes several. */
  readonly takes: string;
  readonly options: Readonly<Record<string, Option>>;
}

/** Wrong usage: exit status 2, shown with the command's own usage. */
export class UsageError extends Error {}

/** The arguments of one command, taken apart by its own list of options. */
export interface Arguments {
  readonly rest: readonly string[];
  /** A needed positional argument by its place, named in the message where it is missing. */
  readonly need: (index: number, name: string) => string;
  readonly text: (option: string) => string | undefined;
  readonly texts: (option: string) => readonly string[];
  readonly has: (option: string) => boolean;
  readonly durationMs: (option: string) => number | undefined;
  readonly count: (option: string) => number | undefined;
}

export function parseArguments(command: CommandShape, words: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { value, isRepeated }]) => {
      return [
        name,
        { type: value === undefined ? ('boolean' as const) : ('string' as const), multiple: isRepeated ?? false },
      ];
    }),
  );
  const { values, positionals } = parse(words, options);
  const most = command.takes.includes('...') ? Infinity : command.takes.split(' ').filter((word) => word !== '').length;
  const [tooMany] = positionals.slice(most);
  if (tooMany !== undefined) throw new UsageError(`"${tooMany}" is one argument too many.`);

  function text(option: string): string | undefined {
    const value = values[option];
    return typeof value === 'string' ? value : undefined;
  }
  for (const [option, { value }] of Object.entries(command.options)) {
    // Wrong values are wrong usage before anything is opened or read.
    if (value === 'TIME') parseDuration(`--${option}`, text(option));
    if (value === 'N') parseCount(`--${option}`, text(option));
  }
  return {
    rest: positionals,
    need: (index, name) => {
      const value = positionals[index];
      if (value === undefined || value === '') throw new UsageError(`${name} is missing.`);
      return value;
    },
    text,
    texts: (option) => {
      const value = values[option];
      return Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];
    },
    has: (option) => values[option] === true,
    durationMs: (option) => parseDuration(`--${option}`, text(option)),
    count: (option) => parseCount(`--${option}`, text(option)),
  };
}

function parse(
  words: readonly string[],
  options: Readonly<Record<string, { type: 'string' | 'boolean'; multiple: boolean }>>,
) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true });
  } catch (error) {
    // parseArgs throws TypeErrors with codes of its own and messages meant for the user.
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function parseDuration(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const durationMs = Math.round(Number(number) * (unitsMs[unit] ?? NaN));
  if (!(durationMs >= 1)) throw new UsageError(`${option} "${text}" is no time. Write it as 500ms, 60s, 10m or 1h.`);
  return durationMs;
}

function parseCount(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${option} "${text}" is no whole number from 1 on.`);
  return Number(text);
}
