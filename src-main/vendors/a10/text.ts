import { readBlocks } from './blocks.ts';

/** A line of a running-config with those below it. */
export interface Line {
  /** Without what stands before its first word. */
  text: string;
  /** As it was read, until it is changed. */
  raw?: string | undefined;
  readonly children: Line[];
}

/** A running-config as it stands there: comments and blank lines belong to the block that they follow. */
export class A10Text {
  readonly lines: Line[];

  constructor(text: string) {
    this.lines = linesOf(text);
  }

  toString(): string {
    return this.lines.map((line) => textOf(line, '')).join('\n');
  }

  /** The block of `slb server NAME ...`, by the words that it begins with. */
  find(words: readonly string[]): Line | undefined {
    return findIn(this.lines, words);
  }
}

function linesOf(whole: string): Line[] {
  const top: Line[] = [];
  const open: { readonly line: Line; readonly indent: number }[] = [];
  let silent: Line[] = [];
  /** What stands between two blocks closes the first of them, not the last line in it: what is added to it stands before that. */
  function settle(indent: number): void {
    const at = indent === 0 ? open[0] : open.at(-1);
    (at?.line.children ?? top).push(...silent);
    silent = [];
  }
  for (const raw of whole.split('\n')) {
    const text = raw.trim();
    const line: Line = { text, raw, children: [] };
    if (text === '' || text.startsWith('!')) {
      silent.push(line);
      continue;
    }
    const indent = /^[ \t]*/.exec(raw)?.[0].length ?? 0;
    settle(indent);
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    (open.at(-1)?.line.children ?? top).push(line);
    open.push({ line, indent });
  }
  settle(0);
  return top;
}

/** A new line stands as deep as those beside it do. */
function textOf({ text, raw, children }: Line, indent: string): string {
  const beside = children.find((child) => child.raw !== undefined && isSaid(child))?.raw ?? '';
  const depth = /^[ \t]*/.exec(beside)?.[0] ?? '';
  const below = depth.length > indent.length ? depth : `${indent}  `;
  return [raw ?? indent + text, ...children.map((child) => textOf(child, below))].join('\n');
}

export function wordsOf(text: string): readonly string[] {
  // The way of nearly all lines: it is asked for each of them, often.
  if (!text.includes('"') && text !== '' && !text.startsWith('!') && text.trim() === text) return text.split(/\s+/);
  return readBlocks(text)[0]?.words ?? [];
}

/** A line that begins with these words. */
export function findIn(lines: readonly Line[], words: readonly string[]): Line | undefined {
  return lines.find((line) => beginsWith(line.text, words));
}

export function beginsWith(text: string, words: readonly string[]): boolean {
  const found = wordsOf(text);
  return words.every((word, at) => found[at] === word);
}

/** What is so without being said (ACOS CLI reference), by where it stands. */
const resting: readonly (readonly [RegExp, RegExp])[] = [
  [/^slb server /, /^(?:enable|weight 1|conn-limit (?:8000000|64000000))$/],
  [/^slb service-group /, /^(?:enable|priority 1|method round-robin|min-active-member 1)$/],
  [/^slb virtual-server /, /^(?:enable|conn-limit (?:8000000|64000000))$/],
];

/** Times of a health monitor stand several on a line or one on each; what it has without saying (public course of A10's, lab 8). */
const restingTimes = new Set(['interval 5', 'timeout 5', 'retry 3', 'up-retry 1']);

function timesOf(line: Line): Line[] {
  const words = wordsOf(line.text);
  const isTimes =
    words.length % 2 === 0 &&
    words.every((one, at) => at % 2 === 1 || /^(?:interval|timeout|retry|up-retry)$/.test(one));
  if (!isTimes || words.length === 0) return [line];
  const pairs = words.flatMap((one, at) => (at % 2 === 0 ? [`${one} ${words[at + 1] ?? ''}`] : []));
  return pairs.filter((pair) => !restingTimes.has(pair)).map((text) => ({ text, children: [] }));
}

/** One object as lines, a path each: the one form by which two are compared. */
export function pathsOf(line: Line): readonly string[] {
  const head = line.text;
  function below({ text, children }: Line, path: string): string[] {
    const isIdle =
      text === '' || text.startsWith('!') || resting.some(([kind, words]) => kind.test(head) && words.test(text));
    return isIdle ? [] : [`${path} > ${text}`, ...children.flatMap((child) => below(child, `${path} > ${text}`))];
  }
  const children = head.startsWith('health monitor ') ? line.children.flatMap(timesOf) : line.children;
  return [head, ...children.flatMap((child) => below(child, head))];
}

/** Head lines count bytes and times; comments say nothing. */
export function isSaid({ text }: Line): boolean {
  return (
    text !== '' &&
    !text.startsWith('!') &&
    text !== 'end' &&
    !/^(?:Building|Current) configuration|^Show default/i.test(text)
  );
}
