/** One line of a running-config with the lines indented below it. Lines count from 1. */
export interface Block {
  readonly words: readonly string[];
  readonly children: readonly Block[];
  readonly line: number;
  readonly endLine: number;
}

interface OpenBlock {
  words: readonly string[];
  children: OpenBlock[];
  line: number;
  endLine: number;
  readonly indent: number;
}

/**
 * Reads `show running-config` of ACOS: a block's lines stand deeper than its head; a line that begins with `!` is a comment, `end` and
 * the head's counts of bytes are none of it. Words may be in double quotes. Never throws.
 */
export function readBlocks(text: string): readonly Block[] {
  const top: OpenBlock[] = [];
  const open: OpenBlock[] = [];
  text.split('\n').forEach((raw, at) => {
    const indent = /^[ \t]*/.exec(raw)?.[0].length ?? 0;
    const words = wordsOf(raw.slice(indent));
    if (words.length === 0 || raw.startsWith('!', indent) || (indent === 0 && words[0] === 'end')) return;
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    const block = { words, children: [], line: at + 1, endLine: at + 1, indent };
    (open.at(-1)?.children ?? top).push(block);
    for (const outer of open) outer.endLine = at + 1;
    open.push(block);
  });
  return top;
}

function wordsOf(line: string): readonly string[] {
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"?|\S+/g)].map(([whole, quoted]) => (quoted ?? whole).trim());
  return words.filter((word) => word !== '');
}

/** The lines of one object: each by its first word; the later line wins, `no WORD` takes it back. */
export class Lines {
  readonly #all: readonly Block[];
  readonly #found = new Map<string, Block[]>();

  constructor(children: readonly Block[]) {
    this.#all = children;
    for (const child of children) {
      const [first = '', second = ''] = child.words;
      if (first === 'no') this.#found.delete(second);
      else this.#found.set(first, [...(this.#found.get(first) ?? []), child]);
    }
  }

  get all(): readonly Block[] {
    return this.#all;
  }

  has(word: string): boolean {
    return this.#found.has(word);
  }

  /** Every line that begins so. */
  each(word: string): readonly Block[] {
    return this.#found.get(word) ?? [];
  }

  /** What stands behind the word on its last line. */
  rest(word: string): readonly string[] | undefined {
    return this.each(word).at(-1)?.words.slice(1);
  }

  text(word: string): string | undefined {
    return this.rest(word)?.[0];
  }

  number(word: string): number | undefined {
    const text = this.text(word);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  /** `enable` and `disable` by whichever comes last; a `disable-with-health-check` lets held clients come. */
  get adminState(): 'draining' | 'disabled' | undefined {
    let state: 'draining' | 'disabled' | undefined;
    for (const { words } of this.#all) {
      if (words.length > 1) continue;
      if (words[0] === 'enable') state = undefined;
      else if (words[0] === 'disable') state = 'disabled';
      else if (words[0] === 'disable-with-health-check') state = 'draining';
    }
    return state;
  }

  /** The lines whose first word none of `known` is: the device's own words, for `native`. */
  others(known: ReadonlySet<string>): Record<string, string> {
    return Object.fromEntries(
      [...this.#found].flatMap(([word, blocks]) => (known.has(word) ? [] : [[word, blocks.map(restOf).join('; ')]])),
    );
  }
}

function restOf({ words, children }: Block): string {
  const below = children.map((child) =>
    child.words
      .concat(restOf({ ...child, words: [''] }))
      .join(' ')
      .trim(),
  );
  return [words.slice(1).join(' '), ...below].filter((part) => part !== '').join(', ');
}
