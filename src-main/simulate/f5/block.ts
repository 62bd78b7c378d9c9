/**
 * One property or entry of a TMOS block: `monitor http and tcp` has words alone, `members { ... }` a block too, a member with nothing
 * set an empty one. The words are as they were written, quotes included.
 */
export interface Item {
  readonly words: readonly string[];
  readonly block?: readonly Item[];
  /** Written on one line, `{ a b }`, as lists of plain words are. */
  readonly isInline?: boolean;
}

export class BlockError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

interface Token {
  readonly text: string;
  readonly line: number;
}

/** Reads what stands between the braces of an object. Throws `BlockError` where braces or quotes are left open. */
export function parseItems(text: string, firstLine = 1): readonly Item[] {
  const tokens = tokenize(text, firstLine);
  const { items, next } = readBlock(tokens, 0, false);
  const extra = tokens[next];
  if (extra !== undefined) throw new BlockError('"}" unexpected argument', extra.line);
  return items;
}

function readBlock(tokens: readonly Token[], from: number, isInline: boolean): { items: Item[]; next: number } {
  const items: Item[] = [];
  let words: string[] = [];
  function flush(): void {
    if (words.length > 0) items.push({ words });
    words = [];
  }
  let at = from;
  for (; at < tokens.length; at += 1) {
    const text = tokens[at]?.text ?? '';
    if (text === '}') break;
    if (text === '\n') flush();
    else if (text === '{') {
      const isOneLine = tokens[at + 1]?.text !== '\n';
      const inner = readBlock(tokens, at + 1, isOneLine);
      if (tokens[inner.next] === undefined) throw new BlockError('"{" has no "}"', tokens[at]?.line ?? 1);
      items.push({ words, block: inner.items, ...(isOneLine && { isInline: true }) });
      words = [];
      at = inner.next;
    } else if (isInline && words.length > 0) {
      flush();
      words = [text];
    } else words.push(text);
  }
  flush();
  return { items, next: at };
}

/** Words as they are written, braces and ends of lines each as one. A word begins where it is not quoted. */
function tokenize(text: string, firstLine: number): readonly Token[] {
  const tokens: Token[] = [];
  let line = firstLine;
  for (let at = 0; at < text.length;) {
    const char = text.charAt(at);
    if (char === '\n' || char === '{' || char === '}') {
      tokens.push({ text: char, line });
      if (char === '\n') line += 1;
      at += 1;
    } else if (/\s/.test(char)) at += 1;
    else {
      const end = endOfWord(text, at);
      if (end === undefined) throw new BlockError('unbalanced quotes', line);
      const word = text.slice(at, end);
      tokens.push({ text: word, line });
      line += word.split('\n').length - 1;
      at = end;
    }
  }
  return tokens;
}

/** Where the word that begins here ends: at a blank, or behind the quote that closes it. Undefined where none does. */
export function endOfWord(text: string, from: number): number | undefined {
  const quote = text.charAt(from);
  const isQuoted = quote === '"' || quote === "'";
  for (let at = isQuoted ? from + 1 : from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (isQuoted && char === quote) return at + 1;
    else if (!isQuoted && /\s/.test(char)) return at;
  }
  return isQuoted ? undefined : text.length;
}

/** The lines of a block, four blanks deeper per level, as the device writes its files and `list` shows. */
export function renderItems(items: readonly Item[], depth: number): string {
  return items.map((item) => renderItem(item, '    '.repeat(depth), depth)).join('');
}

function renderItem({ words, block, isInline }: Item, indent: string, depth: number): string {
  const head = words.map((word) => `${word} `).join('');
  if (block === undefined) return `${indent}${head.trimEnd()}\n`;
  if (block.length === 0) return `${indent}${head}{ }\n`;
  if (isInline === true) return `${indent}${head}{ ${block.map(renderInline).join(' ')} }\n`;
  return `${indent}${head}{\n${renderItems(block, depth + 1)}${indent}}\n`;
}

/** An item on one line, as `list ... one-line` shows it. */
export function renderInline({ words, block }: Item): string {
  const head = words.join(' ');
  if (block === undefined) return head;
  const inner = block.length === 0 ? '{ }' : `{ ${block.map(renderInline).join(' ')} }`;
  return head === '' ? inner : `${head} ${inner}`;
}

/** A word without its quotes. */
export function unquote(word: string): string {
  const quote = word.charAt(0);
  if (quote !== '"' && quote !== "'") return word;
  return quote === "'" ? word.slice(1, -1) : word.slice(1, -1).replaceAll(/\\(["\\])/g, '$1');
}

/** As the device writes a word: quoted where it holds blanks or braces. */
export function quote(text: string): string {
  return /^[^\s"{};#]+$/.test(text) ? text : `"${text.replaceAll('"', String.raw`\"`)}"`;
}
