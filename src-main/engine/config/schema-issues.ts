import type { z } from 'zod';
import { formatPath, type ConfigProblem } from './problem.ts';

type Issue = z.core.$ZodIssue;

/** What the schema found, in words: one problem for each unknown key and each wrong value. */
export function describeIssues(issues: readonly Issue[], data: unknown): ConfigProblem[] {
  return issues.flatMap((issue) => describeIssue(issue, [], data));
}

function describeIssue(issue: Issue, base: readonly (string | number)[], data: unknown): ConfigProblem[] {
  const path = [...base, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  const name = formatPath(path) || 'the file';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        explainHttp2ToMembers([...path, key], key) ?? {
          path: [...path, key],
          isKey: true,
          what: `unknown key "${key}"`,
          why: `${name} has no such key and nothing is silently ignored`,
          remedy: 'remove it or mend its spelling',
        },
    );
  }
  if (issue.code === 'invalid_union') {
    // The alternative that came furthest is the one that was meant.
    const deepest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0];
    if (deepest !== undefined && depth(deepest) > 0)
      return deepest.flatMap((inner) => describeIssue(inner, path, data));
  }
  const value = valueAt(data, path);
  if (value === undefined) {
    return [{ path, what: `${name} is missing`, why: 'it has no default', remedy: 'write it' }];
  }
  const refusal = explainHttp2ToMembers(path, value);
  if (refusal !== undefined) return [refusal];
  const shown = typeof value === 'object' ? 'the value' : JSON.stringify(value);
  return [
    { path, what: `${name}: ${shown} cannot be used`, why: lowerFirst(issue.message), remedy: 'write another value' },
  ];
}

const http2Names: readonly unknown[] = ['http2', 'h2', 'h2c', 'grpc', 'alpn'];

/** Asks for HTTP/2 below `pools` by the names that it has elsewhere, as a key or as `protocol`. */
function explainHttp2ToMembers(path: readonly (string | number)[], name: unknown): ConfigProblem | undefined {
  const isKey = path.at(-1) === name;
  if (path[0] !== 'pools' || !http2Names.includes(name) || (!isKey && path.at(-1) !== 'protocol')) return undefined;
  return {
    path,
    isKey,
    what: `HTTP/2 to members is not asked for by ${String(name)}`,
    why: 'it is a choice of the pool: by ALPN under TLS, else by prior knowledge',
    remedy: 'write http2: true in the pool',
  };
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
}

function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[part] : undefined, // any key may be asked of an object
    data,
  );
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}
