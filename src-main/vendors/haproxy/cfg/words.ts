import { readable } from './text.ts';

/** A word of a line: where its source stands in the file (quotes included) and what HAProxy makes of it. */
export interface Word {
  readonly start: number;
  readonly end: number;
  readonly value: string;
  /** Its value hangs on an environment variable (manual 2.3); where the environment is not known, `value` keeps `${NAME}`. */
  readonly hasVariable: boolean;
}

export interface SplitLine {
  readonly words: readonly Word[];
  /** Offset of the `#` of the line's comment, or -1. */
  readonly commentAt: number;
  /** Where HAProxy stops reading when there is no comment: the line's end, or its first CR or NUL. */
  readonly stop: number;
  /** Why HAProxy refuses the line, where it does. */
  readonly problem: string | undefined;
}

/** Answers a variable's value, null where it is known not to be set, undefined where the environment is not known. */
export type LookUp = (name: string) => string | null | undefined;

/** HAProxy takes 64 words a line (MAX_LINE_ARGS); what a line holds beyond this is kept as bytes alone. */
const maxWords = 512;

const nul = 0x00;
const tab = 0x09;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const doubleQuote = 0x22;
const hash = 0x23;
const dollar = 0x24;
const singleQuote = 0x27;
const backslash = 0x5c;

const variable = /\$(\{)?(\.?[A-Za-z_]\w*)(\[\*\])?(?:(-)([^}\r\n\0]*))?(\})?/y;
const plainEscapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', '\\': '\\', ' ': ' ', '#': '#' };

/**
 * Cuts `text` from `from` to `to` (one line without its LF) into words by the rules of the manual's sections 2.2 and 2.3:
 * backslash, weak and strong quotes, variables inside weak quotes, `#`. Never throws: what HAProxy refuses is named in `problem`.
 */
export function splitWords(text: string, from: number, to: number, lookUp: LookUp): SplitLine {
  const words: Word[] = [];
  let problem: string | undefined;
  let start = -1;
  let value = '';
  let run = -1;
  let hasVariable = false;
  let quote = 0;
  let at = from;
  let commentAt = -1;

  function flush(): void {
    if (run >= 0) value += text.slice(run, at);
    run = -1;
  }
  function endWord(): void {
    flush();
    if (start >= 0) words.push({ start, end: at, value: readable(value), hasVariable });
    start = -1;
    value = '';
    hasVariable = false;
  }

  while (at < to) {
    const byte = text.charCodeAt(at);
    if (byte === nul || byte === lineFeed || byte === carriageReturn) break;
    if (quote === 0 && byte === hash) {
      commentAt = at;
      break;
    }
    if (quote === 0 && isBlank(byte)) {
      endWord();
      if (words.length >= maxWords) {
        problem ??= `it has more than ${maxWords} words`;
        at = to;
        break;
      }
      at += 1;
      continue;
    }
    if (start < 0) start = at;
    if ((byte === doubleQuote && quote !== singleQuote) || (byte === singleQuote && quote !== doubleQuote)) {
      flush();
      quote = quote === 0 ? byte : 0;
      at += 1;
    } else if (byte === backslash && quote !== singleQuote) {
      flush();
      const escape = readEscape(text, at, to, quote === doubleQuote);
      problem ??= escape.problem;
      value += escape.value;
      at += escape.length;
    } else if (byte === dollar && quote === doubleQuote) {
      flush();
      const found = readVariable(text, at, to, lookUp);
      problem ??= found.problem;
      value += found.value;
      hasVariable = true;
      at += found.length;
    } else {
      if (run < 0) run = at;
      at += 1;
    }
  }
  if (quote !== 0) problem ??= 'a quote is not closed';
  const stop = commentAt >= 0 ? commentAt : Math.min(at, to);
  endWord();
  return { words, commentAt, stop, problem };
}

/** Blanks as HAProxy sees them (isspace() of the C locale), CR and LF apart: these end the line. */
export function isBlank(byte: number): boolean {
  return byte === space || byte === tab || byte === 0x0b || byte === 0x0c;
}

interface Piece {
  readonly value: string;
  readonly length: number;
  readonly problem: string | undefined;
}

function readEscape(text: string, at: number, to: number, isWeaklyQuoted: boolean): Piece {
  const next = at + 1 < to ? text.charAt(at + 1) : '';
  if (next === 'x') {
    const hex = /^[0-9A-Fa-f]{2}/.exec(text.slice(at + 2, Math.min(at + 4, to)))?.[0];
    if (hex === undefined)
      return { value: '\\x', length: 2, problem: 'a \\x is not followed by two hexadecimal digits' };
    return { value: String.fromCharCode(Number.parseInt(hex, 16)), length: 4, problem: undefined };
  }
  if (next === '"' || next === "'") return { value: next, length: 2, problem: undefined };
  if (next === '$' && isWeaklyQuoted) return { value: next, length: 2, problem: undefined };
  const plain = plainEscapes[next];
  return plain === undefined
    ? { value: '\\', length: 1, problem: undefined }
    : { value: plain, length: 2, problem: undefined };
}

function readVariable(text: string, at: number, to: number, lookUp: LookUp): Piece {
  variable.lastIndex = at;
  const match = variable.exec(text);
  if (!match || at + match[0].length > to) return { value: '$', length: 1, problem: 'a $ is not followed by a name' };
  const [whole, open, name = '', , dash, fallback = '', close] = match;
  if (open === undefined) {
    const bare = `$${name}`;
    return { value: lookUp(name) ?? (lookUp(name) === null ? '' : bare), length: bare.length, problem: undefined };
  }
  if (close === undefined)
    return { value: whole, length: whole.length, problem: 'the brace of a variable is not closed' };
  const found = lookUp(name);
  const missing = dash === undefined ? '' : fallback;
  return { value: found ?? (found === null ? missing : whole), length: whole.length, problem: undefined };
}
