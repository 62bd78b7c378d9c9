import { type ConfigLine, makeLine, withArgument } from './config-line.ts';
import { type Configuration, findLines, insertLine, removeLines, replaceLine } from './configuration.ts';
import type { Given } from './match.ts';
import { toWord } from './words.ts';

/** The line with the values of the command, or without them where it unsets them; values of `normal` are not written. */
export function assigned(
  line: ConfigLine,
  { form, args }: Given,
  normal: Readonly<Record<string, string>>,
): ConfigLine {
  const order = form.args.map(({ name }) => name);
  return args.reduce((one, { name, values }) => {
    const isUnwritten = form.verb === 'unset' || (values[0] !== undefined && normal[name] === values.join(' '));
    return withArgument(one, name, isUnwritten ? undefined : values, order);
  }, line);
}

/** What stands in a line of its own that begins with `set`; it goes when nothing is left in it. */
export function mergeSetLine(
  config: Configuration,
  given: Given,
  normal: Readonly<Record<string, string>>,
): Configuration {
  const { object } = given.form;
  const { positionals } = given;
  const [known] = findLines(config, 'set', object, positionals[0] ?? '');
  const start = known ?? makeLine({ verb: 'set', object, positionals: positionals.map(toWord), args: [] });
  const changed = assigned(start, given, normal);
  if (changed.args.length === 0) return known === undefined ? config : removeLines(config, [known]);
  return known === undefined ? insertLine(config, changed) : replaceLine(config, known, changed);
}
