/** One word of a command or of ns.conf. `raw` is how it was written, `text` what it says. */
export interface Word {
  readonly raw: string;
  readonly text: string;
}

/**
 * Words are parted by blanks; a word in double quotes may hold blanks, with `\"` and `\\` inside (`\r` and the like stand for
 * themselves here); `q{...}` holds anything up to the brace that closes it. Answers undefined where a quote is left open.
 */
export function splitWords(line: string): readonly Word[] | undefined {
  const words: Word[] = [];
  for (let at = skipBlanks(line, 0); at < line.length;) {
    const end = endOfWord(line, at);
    if (end === undefined) return undefined;
    const raw = line.slice(at, end);
    words.push({ raw, text: textOf(raw) });
    at = skipBlanks(line, end);
  }
  return words;
}

/** The word as the appliance writes it: quoted where it must be. */
export function toWord(text: string): Word {
  if (/^[^\s"\\]+$/.test(text) && !text.startsWith('-') && !text.startsWith('#')) return { raw: text, text };
  return { raw: `"${text.replaceAll(/\\(?=["\\])|"/g, '\\$&')}"`, text };
}

/** Whether a word names an argument, as `-weight`; a quoted one is always a value. */
export function isArgument({ raw }: Word): boolean {
  return /^-[a-z]/i.test(raw);
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (/\s/.test(line.charAt(at))) at += 1;
  return at;
}

function endOfWord(line: string, from: number): number | undefined {
  if (line.startsWith('q{', from)) return endOfBraces(line, from + 1);
  let isQuoted = false;
  for (let at = from; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (isQuoted && char === '\\') at += 1;
    else if (char === '"') isQuoted = !isQuoted;
    else if (!isQuoted && /\s/.test(char)) return at;
  }
  return isQuoted ? undefined : line.length;
}

function endOfBraces(line: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < line.length; at += 1) {
    if (line.charAt(at) === '{') depth += 1;
    if (line.charAt(at) === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return undefined;
}

function textOf(raw: string): string {
  if (raw.startsWith('q{')) return raw.slice(2, -1);
  return raw.replaceAll(/\\(["\\])|"/g, (_quote, escaped: string | undefined) => escaped ?? '');
}
