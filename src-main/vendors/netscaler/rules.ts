import type { Route } from '../../contract/model.ts';
import type { Options } from './commands.ts';

type Condition = Pick<Route, 'host' | 'pathPrefix' | 'pathRegex' | 'method' | 'native'>;

const atoms: readonly (readonly [RegExp, (value: string) => Condition])[] = [
  [/^HTTP\.REQ\.URL(?:\.PATH)?\.STARTSWITH\("([^"]*)"\)$/i, (pathPrefix) => ({ pathPrefix })],
  [/^HTTP\.REQ\.URL(?:\.PATH)?\.REGEX_MATCH\(re(.)(.*)\1\)$/i, (pathRegex) => ({ pathRegex })],
  [/^HTTP\.REQ\.HOSTNAME(?:\.SERVER)?\.EQ\("([^"]*)"\)$/i, (host) => ({ host })],
  [/^HTTP\.REQ\.HEADER\("host"\)\.EQ\("([^"]*)"\)$/i, (host) => ({ host })],
  [/^HTTP\.REQ\.METHOD\.EQ\("?([A-Z]+)"?\)$/i, (method) => ({ method })],
];

/**
 * The condition of `add cs policy`: a `-rule` whose parts the model has words for (joined by `&&`; each `||` is a route of its own),
 * `-domain` and `-url`. Any other rule stands in `native` as it is.
 */
export function conditionOf(policy: Options): readonly Condition[] {
  const rule = policy.text('rule');
  if (rule !== undefined) return ruleOf(rule) ?? [{ native: rule }];
  const host = policy.text('domain');
  const url = policy.text('url');
  const path =
    url === undefined ? {} : /^[^*]*\*$/.test(url) ? { pathPrefix: url.slice(0, -1) } : { native: `-url ${url}` };
  return [{ ...(host === undefined ? {} : { host }), ...path }];
}

function ruleOf(rule: string): readonly Condition[] | undefined {
  const text = stripped(rule);
  if (/^true$/i.test(text)) return [{}];
  const alternatives = splitAt(text, '||');
  if (alternatives.length > 1) {
    const all = alternatives.map(ruleOf);
    return all.includes(undefined) ? undefined : all.flatMap((one) => one ?? []);
  }
  const parts = splitAt(text, '&&');
  if (parts.length === 1) return atomOf(text);
  const conditions = parts.map((part) => ruleOf(part));
  const merged: Record<string, string> = {};
  for (const found of conditions) {
    const [condition] = found ?? [];
    if (condition === undefined || found?.length !== 1) return undefined;
    for (const [key, value] of Object.entries(condition) as [string, string][]) {
      // every value of a condition that is there is text
      if (key in merged) return undefined;
      merged[key] = value;
    }
  }
  return [merged];
}

function atomOf(text: string): readonly Condition[] | undefined {
  for (const [pattern, make] of atoms) {
    const value = pattern.exec(text)?.at(-1);
    if (value !== undefined) return [make(value)];
  }
  return undefined;
}

/** Without white space around it and without parentheses around the whole. */
function stripped(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('(') && closingOf(trimmed) === trimmed.length - 1
    ? stripped(trimmed.slice(1, -1))
    : trimmed;
}

function closingOf(text: string): number {
  let end = -1;
  scan(text, (at, depth) => {
    if (end === -1 && depth === 0 && text[at] === ')') end = at;
  });
  return end;
}

/** Parts between an operator that stands outside of parentheses and quotations. */
function splitAt(text: string, operator: string): readonly string[] {
  const parts: string[] = [];
  let from = 0;
  scan(text, (at, depth) => {
    if (depth !== 0 || at < from || !text.startsWith(operator, at)) return;
    parts.push(text.slice(from, at));
    from = at + operator.length;
  });
  return [...parts, text.slice(from)];
}

/** Calls back for each character outside of quotations, with the depth of parentheses after it. */
function scan(text: string, visit: (at: number, depth: number) => void): void {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (isQuoted) {
      if (char === '\\') at += 1;
      else if (char === '"') isQuoted = false;
      continue;
    }
    if (char === '"') isQuoted = true;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    visit(at, depth);
  }
}
