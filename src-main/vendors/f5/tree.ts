/** One statement of a bigip.conf: its words, and what stands between its braces. Lines count from 1. */
export interface Statement {
  readonly words: readonly string[];
  /** Absent without braces. */
  readonly body?: readonly Statement[];
  readonly line: number;
  readonly endLine: number;
}

/** A statement of the top level with the very text it was read from. Its words keep their quotes and escapes. */
export interface RawStatement extends Statement {
  readonly text: string;
  /** What stands before it, back to the statement before: blank lines, comments. */
  readonly before: string;
}

const verbatim = /^ltm rule |^gtm rule |^pem irule |^sys icall script |^cli script /;

/**
 * Reads bigip.conf and SCF text: statements with nested braces, quoted words with escapes, comments at the start of a line; what holds
 * programs (iRules) is passed over by its braces. Never throws: braces that do not close end with the text.
 */
export function readTree(text: string): readonly Statement[] {
  return new Reader(text).top();
}

/** The same, word for word as it stands there, and what follows the last statement: together they are the whole text. */
export function readRaw(text: string): { readonly statements: readonly RawStatement[]; readonly rest: string } {
  return new Reader(text, true).raw();
}

/** True for what holds a program and not settings. */
export function isProgram({ words }: Pick<Statement, 'words'>): boolean {
  return verbatim.test(`${words.join(' ')} `);
}

const objectEnd =
  /^\}(?=[ \t\r]*\n\s*(?:#|(?:apm|asm|auth|cli|cm|gtm|ilx|ltm|net|pem|security|sys|vcmp|wom) )|\s*(?![^]))/gm;

class Reader {
  readonly #text: string;
  readonly #isRaw: boolean;
  #at = 0;
  #line = 1;

  constructor(text: string, isRaw = false) {
    this.#text = text;
    this.#isRaw = isRaw;
  }

  raw(): { statements: RawStatement[]; rest: string } {
    const statements: RawStatement[] = [];
    let end = 0;
    while (this.#at < this.#text.length) {
      this.#skipBlank();
      const from = this.#at;
      const next = this.#statement(true);
      if (next !== undefined) {
        const text = this.#text.slice(from, this.#at).trimEnd();
        statements.push({ ...next, text, before: this.#text.slice(end, from) });
        end = from + text.length;
      } else if (this.#at === from) this.#next();
    }
    return { statements, rest: this.#text.slice(end) };
  }

  top(): readonly Statement[] {
    const found: Statement[] = [];
    while (this.#at < this.#text.length) {
      const before = this.#at;
      const next = this.#statement(true);
      if (next !== undefined) found.push(next);
      else if (this.#at === before) this.#next(); // a brace that opens nothing
    }
    return found;
  }

  /** Words up to the end of the line or to a closing brace; braces after them are the body. */
  #statement(isTop: boolean): Statement | undefined {
    this.#skipBlank();
    const line = this.#line;
    const words: string[] = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n' || char === '}') break;
      if (char === ' ' || char === '\t' || char === '\r') this.#next();
      else if (char === '{') {
        const body = isTop && verbatim.test(`${words.join(' ')} `) ? this.#program() : this.#body();
        if (this.#hasMoreWords()) {
          words.push(`{ ${body.flatMap(flatWords).join(' ')} }`);
          continue;
        }
        return { words, body, line, endLine: this.#line };
      } else words.push(this.#word());
    }
    return words.length === 0 ? undefined : { words, line, endLine: this.#line };
  }

  /** Some lists stand in the middle of a line: `monitor min 1 of { a b } ...`. */
  #hasMoreWords(): boolean {
    const rest = /^[ \t\r]*(.?)/.exec(this.#text.slice(this.#at, this.#at + 200))?.[1] ?? '';
    return rest !== '' && rest !== '}' && rest !== '{';
  }

  #body(): readonly Statement[] {
    this.#next();
    const body: Statement[] = [];
    for (;;) {
      this.#skipBlank();
      const char = this.#text[this.#at];
      if (char === undefined) return body;
      if (char === '}') {
        this.#next();
        return body;
      }
      const next = this.#statement(false);
      if (next !== undefined) body.push(next);
    }
  }

  /**
   * Tcl: braces are balanced but for those behind a backslash. A lone one in a comment (which Tcl would refuse, though people write
   * it) does not swallow the rest of the file: a brace by itself on a line, before the next object, ends the program too.
   */
  #program(): readonly Statement[] {
    objectEnd.lastIndex = this.#at;
    const lastResort = objectEnd.exec(this.#text)?.index ?? this.#text.length;
    let depth = 0;
    do {
      const char = this.#text[this.#at];
      if (char === undefined) return [];
      if (char === '\\') this.#next();
      else if (char === '{') depth += 1;
      else if (char === '}') depth = this.#at === lastResort ? 0 : depth - 1;
      this.#next();
    } while (depth > 0);
    return [];
  }

  #word(): string {
    if (this.#text[this.#at] === '"') {
      const start = this.#at;
      const word = this.#quoted();
      return this.#isRaw ? this.#text.slice(start, this.#at) : word;
    }
    const from = this.#at;
    while (this.#at < this.#text.length && !/[\s{}]/.test(this.#text[this.#at] ?? '')) {
      if (this.#text[this.#at] === '\\') this.#next();
      this.#next();
    }
    return this.#text.slice(from, this.#at);
  }

  /** A backslash keeps the next character; what it means to a monitor (`\r\n`) is the monitor's. */
  #quoted(): string {
    let word = '';
    this.#next();
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined) return word;
      this.#next();
      if (char === '"') return word;
      if (char !== '\\') {
        word += char;
        continue;
      }
      const escaped = this.#text[this.#at] ?? '';
      word += escaped === '"' || escaped === '\\' ? escaped : `\\${escaped}`;
      this.#next();
    }
  }

  #skipBlank(): void {
    for (;;) {
      const char = this.#text[this.#at];
      if (char === '#') while (this.#at < this.#text.length && this.#text[this.#at] !== '\n') this.#next();
      else if (char === undefined || !/\s/.test(char)) return;
      else this.#next();
    }
  }

  #next(): void {
    if (this.#text[this.#at] === '\n') this.#line += 1;
    this.#at += 1;
  }
}

function flatWords({ words, body }: Statement): readonly string[] {
  return body === undefined ? words : [...words, '{', ...body.flatMap(flatWords), '}'];
}

/** A body by its first words. */
export class Settings {
  readonly #statements: readonly Statement[];

  constructor(statement: Pick<Statement, 'body'> | undefined) {
    this.#statements = statement?.body ?? [];
  }

  get all(): readonly Statement[] {
    return this.#statements;
  }

  find(key: string): Statement | undefined {
    return this.#statements.find(({ words }) => words[0] === key);
  }

  /** The words behind a key, as text; braces flat. Undefined too where nothing stands behind it. */
  text(key: string): string | undefined {
    const found = this.find(key);
    if (found === undefined || (found.words.length < 2 && found.body === undefined)) return undefined;
    return plain(found);
  }

  number(key: string): number | undefined {
    const text = this.text(key);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  }

  has(key: string): boolean {
    return this.find(key) !== undefined;
  }

  inside(key: string): Settings {
    return new Settings(this.find(key));
  }

  /** The settings that none of `known` names, as the device's own words. */
  others(known: ReadonlySet<string>): Record<string, string> {
    const left = this.#statements.filter(({ words }) => !known.has(words[0] ?? ''));
    return Object.fromEntries(left.map((one) => [one.words[0] ?? '', plain(one)]));
  }
}

export function plain({ words, body }: Statement): string {
  const rest = body === undefined ? [] : body.flatMap(flatWords);
  return [...words.slice(1), ...rest].join(' ');
}
