import { isNode, isPair, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import { engineConfigSchema, type EngineConfig } from '../../contract/engine-config.ts';
import { findMissingCapabilities } from './capabilities.ts';
import type { ConfigProblem, LocatedProblem } from './problem.ts';
import { findBrokenReferences } from './references.ts';
import { describeIssues } from './schema-issues.ts';
import { loadTlsMaterial } from './tls.ts';
import { dirname, resolve } from 'node:path';

/** A configuration that may run, or what is wrong with it: one of the two is empty. */
export type Loaded =
  | { readonly config: EngineConfig; readonly problems: readonly [] }
  | { readonly config: undefined; readonly problems: readonly LocatedProblem[] };

/** Reads YAML 1.2 text. `file` is the name that problems carry. */
export function loadConfig(text: string, file: string): Loaded {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, version: '1.2', uniqueKeys: true });
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      const what = (error.message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
      const why = 'so the file cannot be read as YAML 1.2';
      return { file, line, column: col, path: [], what, why, remedy: 'mend the line' };
    });
    return { config: undefined, problems };
  }
  const data = expand(document);
  if (data === undefined) {
    const what = 'the aliases refer to each other too often';
    const why = 'expanding them would take too much memory';
    return {
      config: undefined,
      problems: [{ file, line: 1, column: 1, path: [], what, why, remedy: 'write the values out' }],
    };
  }
  const checked = checkConfig(data.value, dirname(resolve(file)));
  if (checked.config !== undefined) return { config: checked.config, problems: [] };
  const located = checked.problems.map((problem) => ({ file, ...position(document, lines, problem), ...problem }));
  return { config: undefined, problems: located.sort((a, b) => a.line - b.line || a.column - b.column) };
}

/** Plain data; undefined where aliases multiply without end. */
function expand(document: Document): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown };
  } catch (error) {
    if (error instanceof ReferenceError) return undefined; // how the parser says so
    throw error;
  }
}

/** The same checks on plain data, as `PUT /v1/config` sends it. The files that it names are read as the engine will read them. */
export function checkConfig(
  data: unknown,
  baseDirectory: string,
): { readonly config: EngineConfig } | { readonly config?: undefined; readonly problems: readonly ConfigProblem[] } {
  const parsed = engineConfigSchema.safeParse(data);
  if (!parsed.success) return { problems: describeIssues(parsed.error.issues, data) };
  const problems = [...findBrokenReferences(parsed.data), ...findMissingCapabilities(parsed.data)];
  // Files are looked at where the rest is right.
  if (problems.length === 0) problems.push(...loadTlsMaterial(parsed.data, baseDirectory).problems);
  return problems.length > 0 ? { problems } : { config: parsed.data };
}

/** Where the key or value at the problem's path stands; a key that is absent stands where its parent does. */
function position(document: Document, lines: LineCounter, problem: ConfigProblem) {
  for (let length = problem.path.length; length >= 0; length--) {
    const path = problem.path.slice(0, length);
    const offset = offsetOf(document, path, problem.isKey === true && length === problem.path.length);
    if (offset !== undefined) {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    }
  }
  return { line: 1, column: 1 };
}

function offsetOf(document: Document, path: readonly (string | number)[], isKey: boolean): number | undefined {
  if (!isKey) {
    const node: unknown = document.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }
  const parent: unknown = document.getIn(path.slice(0, -1), true);
  // Only collections have items; a scalar parent has no keys.
  const items: readonly unknown[] =
    typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items)
      ? (parent.items as readonly unknown[]) // Array.isArray narrows to any[]
      : [];
  for (const item of items) {
    if (isPair(item) && isScalar(item.key) && String(item.key.value) === String(path.at(-1))) {
      return item.key.range?.[0];
    }
  }
  return undefined;
}
