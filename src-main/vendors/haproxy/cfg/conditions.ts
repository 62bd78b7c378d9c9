/** What is known of the place where a configuration runs. What is left out is not known, and no guess is made. */
export interface Surroundings {
  /** The whole environment of the process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** HAProxy's version as `haproxy -v` has it, such as 2.6.12 or 3.1-dev8. */
  readonly version?: string;
}

/** True, false, or undefined: it hangs on something that is not known. */
type Verdict = boolean | undefined;

/** Deeper than any condition a person writes; beyond it the verdict is "not known". */
const maxDepth = 64;

/**
 * The verdict on the condition of a `.if` or `.elif` (manual 2.4), its words joined by single spaces, variables resolved.
 * A condition that cannot be read has none.
 */
export function evaluateCondition(text: string, surroundings: Surroundings): Verdict {
  if (text.length > 4096) return undefined;
  if (text.trim() === '') return false;
  const reader = { text, at: 0, depth: 0, surroundings };
  const verdict = readOr(reader);
  return reader.at >= text.trimEnd().length ? verdict : undefined;
}

interface Reader {
  readonly text: string;
  readonly surroundings: Surroundings;
  at: number;
  depth: number;
}

function readOr(reader: Reader): Verdict {
  let verdict = readAnd(reader);
  while (take(reader, '||')) {
    const right = readAnd(reader);
    verdict = verdict === true || right === true ? true : verdict === false ? right : undefined;
  }
  return verdict;
}

function readAnd(reader: Reader): Verdict {
  let verdict = readTerm(reader);
  while (take(reader, '&&')) {
    const right = readTerm(reader);
    verdict = verdict === false || right === false ? false : verdict === true ? right : undefined;
  }
  return verdict;
}

function readTerm(reader: Reader): Verdict {
  let isNegated = false;
  while (take(reader, '!')) isNegated = !isNegated;
  const verdict = take(reader, '(') ? readGroup(reader) : readPredicate(reader);
  return verdict === undefined ? undefined : verdict !== isNegated;
}

function readGroup(reader: Reader): Verdict {
  reader.depth += 1;
  const verdict = reader.depth > maxDepth ? undefined : readOr(reader);
  reader.depth -= 1;
  return take(reader, ')') ? verdict : undefined;
}

function readPredicate(reader: Reader): Verdict {
  const match = /^\s*(?:(-?\d+)|([a-z_]+)\(([^()]*)\))/.exec(reader.text.slice(reader.at));
  if (!match) return undefined;
  reader.at += match[0].length;
  const [, number, name = '', inner = ''] = match;
  return number === undefined ? callPredicate(name, inner.split(','), reader.surroundings) : Number(number) !== 0;
}

function callPredicate(name: string, [first = '', second = '']: readonly string[], known: Surroundings): Verdict {
  if (name === 'defined') return known.environment === undefined ? undefined : Object.hasOwn(known.environment, first);
  const isResolved = known.environment !== undefined || !`${first}${second}`.includes('$');
  if (name === 'streq' && isResolved) return first === second;
  if (name === 'strneq' && isResolved) return first !== second;
  if (name === 'strstr' && isResolved) return first.includes(second);
  if (known.version === undefined) return undefined;
  const difference = compareVersions(known.version, first);
  if (name === 'version_atleast') return difference === undefined ? undefined : difference >= 0;
  if (name === 'version_before') return difference === undefined ? undefined : difference < 0;
  return undefined;
}

/** Negative, 0 or positive as `left` is older than, like, or newer than `right`; a development version precedes its release. */
export function compareVersions(left: string, right: string): number | undefined {
  const [a, b] = [versionParts(left), versionParts(right)];
  if (!a || !b) return undefined;
  for (const [index, part] of a.entries()) {
    const other = b[index] ?? 0;
    if (part !== other) return part - other;
  }
  return 0;
}

function versionParts(text: string): readonly number[] | undefined {
  const match = /^\s*(\d+)\.(\d+)(?:-dev(\d+)|\.(\d+))?/.exec(text);
  if (!match) return undefined;
  const [, major, minor, development, patch = '0'] = match;
  const step = development === undefined ? [1, Number(patch)] : [0, Number(development)];
  return [Number(major), Number(minor), ...step];
}

function take(reader: Reader, token: string): boolean {
  while (reader.text.charAt(reader.at) === ' ') reader.at += 1;
  if (!reader.text.startsWith(token, reader.at)) return false;
  reader.at += token.length;
  return true;
}
