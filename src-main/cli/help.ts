import type { Command } from './command.ts';

export function help(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, what }) => `  ${name.padEnd(width)}  ${what}`);
  return [
    'Usage: steelyard COMMAND ...',
    '',
    ...lines,
    '',
    'A DEVICE is a name of the inventory or an address: haproxy+ssh://user@host:port, engine+unix:/path.',
    'Output for machines goes to stdout, messages to stderr. Exit status: 0 done, 1 refused or failed, 2 wrong usage.',
    '"steelyard COMMAND --help" tells more.',
    '',
  ].join('\n');
}

export function helpFor({ name, what, takes, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, what: why }]) => {
    return [value === undefined ? `--${option}` : `--${option} ${value}`, why] as const;
  });
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  const usage = ['Usage: steelyard', name, takes, rows.length > 0 ? '[options]' : ''].filter((part) => part !== '');
  return [usage.join(' '), `  ${what}`, ...rows.map(([left, why]) => `  ${left.padEnd(width)}  ${why}`), ''].join('\n');
}
