import { readFile } from 'node:fs/promises';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { AppError } from '../contract/errors.ts';

/**
 * A file of YAML 1.2 (so JSON as well) that must fit a schema of the contract. Throws NOT_FOUND, and INPUT_INVALID with every problem
 * as `file:line:column: what`.
 */
export async function readDocument<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError('NOT_FOUND', `The file ${path} cannot be read.`, { cause: error });
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const broken = document.errors.map(({ pos, message }) => at(path, lines, pos[0], message));
  if (broken.length > 0) throw refused(path, broken);
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return parsed.data;
  throw refused(
    path,
    parsed.error.issues.map((issue) => {
      const place = issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
      return at(path, lines, offsetOf(document, issue.path), `${place}${issue.message}`);
    }),
  );
}

function refused(path: string, problems: readonly string[]): AppError {
  return new AppError('INPUT_INVALID', `${path} cannot be used.`, { raw: problems.join('\n') });
}

function at(path: string, lines: LineCounter, offset: number, what: string): string {
  const { line, col } = lines.linePos(offset);
  return `${path}:${line}:${col}: ${what}`;
}

/** Where the nearest thing stands that the file does write: a missing key is told at the object that lacks it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    const [offset] = rangeOf(node);
    if (offset !== undefined) return offset;
  }
  return rangeOf(document.contents)[0] ?? 0;
}

function rangeOf(node: unknown): readonly number[] {
  return (isNode(node) ? node.range : undefined) ?? [];
}
