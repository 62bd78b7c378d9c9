import { type ConfigLine, isSame, parseLine } from './config-line.ts';

/** The lines that a running configuration holds, in the order in which the appliance would write them. */
export interface Configuration {
  readonly lines: readonly ConfigLine[];
  /** What the appliance read from its disk for each certificate-key pair, by its name; a pair whose files are not there has none. */
  readonly pairs: ReadonlyMap<string, KeyPair>;
}

/** A certificate-key pair in memory: the files may change on the disk, this does not. */
export interface KeyPair {
  /** PEM. */
  readonly certificate: string;
  /** The rest of a bundle's file, PEM each, in its order. */
  readonly issuers: readonly string[];
  /** PEM without a passphrase; undefined for the certificate of an authority. */
  readonly key: string | undefined;
}

export function parseConfiguration(text: string): Configuration {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return { lines: lines.map(parseLine), pairs: new Map() };
}

export function renderConfiguration({ lines }: Pick<Configuration, 'lines'>): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

/** The lines of a verb and object whose first words are these. */
export function findLines(
  { lines }: Pick<Configuration, 'lines'>,
  verb: string,
  object: string,
  ...positionals: readonly string[]
): readonly ConfigLine[] {
  return lines.filter((line) => {
    if (line.verb !== verb || !isSame(line.object, object)) return false;
    return positionals.every((text, index) => line.positionals[index]?.text === text);
  });
}

export function replaceLine(config: Configuration, old: ConfigLine, changed: ConfigLine): Configuration {
  return { ...config, lines: config.lines.map((line) => (line === old ? changed : line)) };
}

export function removeLines(config: Configuration, gone: readonly ConfigLine[]): Configuration {
  return { ...config, lines: config.lines.filter((line) => !gone.includes(line)) };
}

/** Objects in the order of a configuration: what a line names stands before it. */
const order = [
  'server',
  'service',
  'serviceGroup',
  'ssl certKey',
  'ssl cipher',
  'ssl profile',
  'lb vserver',
  'lb monitor',
  'ssl vserver',
];
/** What is made, what is linked, what is set, what is bound. */
const stages = ['add', 'link', 'set', 'bind'];

/** The line behind the last of its kind, else before the first kind that comes after it. */
export function insertLine(config: Configuration, line: ConfigLine): Configuration {
  const { lines } = config;
  const last = lines.findLastIndex(({ verb, object }) => verb === line.verb && isSame(object, line.object));
  const place = last >= 0 ? last + 1 : placeOfFirst(lines, line);
  return { ...config, lines: lines.toSpliced(place, 0, line) };
}

function placeOfFirst(lines: readonly ConfigLine[], line: ConfigLine): number {
  const rank = rankOf(line);
  const later = lines.findIndex((one) => rankOf(one) > rank);
  return later < 0 ? lines.length : later;
}

function rankOf({ verb, object }: ConfigLine): number {
  const index = order.findIndex((name) => isSame(name, object));
  return index < 0 ? -1 : index + order.length * Math.max(0, stages.indexOf(verb));
}
