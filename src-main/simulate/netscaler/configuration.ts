import { type ConfigLine, isSame, parseLine } from './config-line.ts';

/** The lines that a running configuration holds, in the order in which the appliance would write them. */
export interface Configuration {
  readonly lines: readonly ConfigLine[];
}

export function parseConfiguration(text: string): Configuration {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return { lines: lines.map(parseLine) };
}

export function renderConfiguration({ lines }: Configuration): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

/** The lines of a verb and object whose first words are these. */
export function findLines(
  { lines }: Configuration,
  verb: string,
  object: string,
  ...positionals: readonly string[]
): readonly ConfigLine[] {
  return lines.filter((line) => {
    if (line.verb !== verb || !isSame(line.object, object)) return false;
    return positionals.every((text, index) => line.positionals[index]?.text === text);
  });
}

export function replaceLine({ lines }: Configuration, old: ConfigLine, changed: ConfigLine): Configuration {
  return { lines: lines.map((line) => (line === old ? changed : line)) };
}

export function removeLines({ lines }: Configuration, gone: readonly ConfigLine[]): Configuration {
  return { lines: lines.filter((line) => !gone.includes(line)) };
}

/** Objects in the order of a configuration: what a line names stands before it. */
const order = ['server', 'service', 'serviceGroup', 'lb vserver'];

/** The line behind the last of its kind, else before the first kind that comes after it. */
export function insertLine({ lines }: Configuration, line: ConfigLine): Configuration {
  const last = lines.findLastIndex(({ verb, object }) => verb === line.verb && isSame(object, line.object));
  const place = last >= 0 ? last + 1 : placeOfFirst(lines, line);
  return { lines: lines.toSpliced(place, 0, line) };
}

function placeOfFirst(lines: readonly ConfigLine[], line: ConfigLine): number {
  const rank = rankOf(line);
  const later = lines.findIndex((one) => rankOf(one) > rank);
  return later < 0 ? lines.length : later;
}

function rankOf({ verb, object }: ConfigLine): number {
  const index = order.findIndex((name) => isSame(name, object));
  if (index < 0) return -1;
  return verb === 'bind' ? index + order.length : index;
}
