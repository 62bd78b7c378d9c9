/** Something wrong in a configuration: where it stands, what it is, why it matters, what to do. */
export interface ConfigProblem {
  /** Keys and indexes from the document's top. */
  readonly path: readonly (string | number)[];
  /** True where the key at the end of `path` itself is at fault, not its value. */
  readonly isKey?: boolean;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

export interface LocatedProblem extends ConfigProblem {
  readonly file: string;
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
}

/** `file:line:column: what, why, what to do`. */
export function formatProblem(problem: LocatedProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.what}, ${problem.why}, ${problem.remedy}`;
}

/** The path as people write it: `pools[0].members[1].weight`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');
}
