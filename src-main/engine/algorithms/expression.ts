import { cookieOf, parameterOf, type RequestParts } from './request-parts.ts';

/** A key made of several parts: `{client}{path}{header:X}{query:x}{cookie:x}{sni}` and text between them. */
export interface Expression {
  readonly text: (request: RequestParts) => string;
  /** As `text`, but empty where every part of the request that it names is absent. */
  readonly key: (request: RequestParts) => string;
  /** It can be told of a connection alone, no HTTP needed. */
  readonly isOfConnection: boolean;
}

type Part = string | ((request: RequestParts) => string);

const parts: Readonly<Record<string, (name: string) => Exclude<Part, string>>> = {
  client: () => (request) => request.sourceAddress(),
  path: () => (request) => request.target().split('?', 1)[0] ?? '',
  header: (name) => {
    const lower = name.toLowerCase();
    return (request) => request.header(lower);
  },
  query: (name) => (request) => parameterOf(request.target(), name),
  cookie: (name) => (request) => cookieOf(request.header('cookie'), name),
  sni: () => (request) => request.sni(),
};
const named = new Set(['header', 'query', 'cookie']);

/** Undefined where the text is no expression: an unknown part, a name that is missing or too many, no part at all. */
export function compileExpression(text: string): Expression | undefined {
  const list: Part[] = [];
  let isOfConnection = true;
  let at = 0;
  for (const found of text.matchAll(/\{([a-z]+)(?::([^{}]+))?\}/g)) {
    const [whole, kind = '', name] = found;
    const make = Object.hasOwn(parts, kind) ? parts[kind] : undefined;
    if (make === undefined || named.has(kind) !== (name !== undefined)) return undefined;
    if (found.index > at) list.push(text.slice(at, found.index));
    list.push(make(name ?? ''));
    if (kind !== 'client' && kind !== 'sni') isOfConnection = false;
    at = found.index + whole.length;
  }
  if (at < text.length) list.push(text.slice(at));
  const isWrong = list.every((part) => typeof part === 'string') || list.some((part) => isBraced(part));
  return isWrong ? undefined : { ...render(list), isOfConnection };
}

function isBraced(part: Part): boolean {
  return typeof part === 'string' && /[{}]/.test(part);
}

function render(list: readonly Part[]): Pick<Expression, 'text' | 'key'> {
  return {
    text: (request) => list.map((part) => (typeof part === 'string' ? part : part(request))).join(''),
    key: (request) => {
      let text = '';
      let isEmpty = true;
      for (const part of list) {
        const value = typeof part === 'string' ? part : part(request);
        if (typeof part !== 'string' && value !== '') isEmpty = false;
        text += value;
      }
      return isEmpty ? '' : text;
    },
  };
}
