/** One word of a command line, as its parts: what is quoted stays as it is, `$?`, `$name` and `$(...)` are filled in later. */
export interface ShellWord {
  readonly parts: readonly { readonly text: string; readonly isExpanded: boolean }[];
}
export interface Redirect {
  /** `>`, `>>`, `<`, `2>`, `2>>`, `2>&1`, `&>`, or a here-document's `<<`. */
  readonly sign: string;
  readonly target: ShellWord;
}
export interface Simple {
  readonly words: readonly ShellWord[];
  /** What stands in `( ... )`, in place of words. */
  readonly body?: readonly Pipeline[];
  readonly redirects: readonly Redirect[];
}
/** Commands joined by `|`, and how the next one depends on its status. */
export interface Pipeline {
  readonly commands: readonly Simple[];
  readonly next: ';' | '&&' | '||';
  readonly isNegated: boolean;
}

export class ShellSyntaxError extends Error {}

/**
 * Takes apart the part of bash's language that public playbooks use for a BIG-IP: quotes, pipes, lists, subshells, redirections, here-documents. Loops,
 * conditions and functions are not understood. Throws `ShellSyntaxError`.
 */
export function parseShell(text: string): readonly Pipeline[] {
  return new Parser(text).run();
}

class Parser {
  readonly #text: string;
  #at = 0;
  /** Here-documents whose text begins behind the end of this line. */
  #waiting: { mark: string; isPlain: boolean; redirect: { target: ShellWord } }[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Pipeline[] {
    const pipelines: Pipeline[] = [];
    for (;;) {
      this.#skipSeparators();
      if (this.#at >= this.#text.length) return pipelines;
      pipelines.push(this.#pipeline());
    }
  }

  /** What stands between the parentheses, read past. */
  #subshell(): readonly Pipeline[] {
    const pipelines: Pipeline[] = [];
    for (this.#at += 1; ;) {
      this.#skipSeparators();
      if (this.#at >= this.#text.length) throw new ShellSyntaxError('syntax error: unexpected end of file');
      if (this.#text.charAt(this.#at) === ')' && pipelines.length > 0) break;
      pipelines.push(this.#pipeline());
    }
    this.#at += 1;
    return pipelines;
  }

  #skipSeparators(): void {
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === '#') this.#at = this.#endOfLine(this.#at);
      else if (char === '\n') this.#takeNewline();
      else if (char === ' ' || char === '\t' || char === ';' || char === '\r') this.#at += 1;
      else return;
    }
  }

  #endOfLine(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end < 0 ? this.#text.length : end;
  }

  #pipeline(): Pipeline {
    const isNegated = /^!\s/.test(this.#text.slice(this.#at));
    if (isNegated) this.#at += 1;
    const commands = [this.#simple()];
    for (;;) {
      const sign = this.#sign();
      if (sign === '|') commands.push(this.#simple());
      else return { commands, next: sign === '&&' || sign === '||' ? sign : ';', isNegated };
    }
  }

  /** What ends a command, read past. */
  #sign(): string {
    this.#skipBlanks();
    const rest = this.#text.slice(this.#at);
    const sign = ['&&', '||', '|', ';', '&'].find((one) => rest.startsWith(one)) ?? '';
    this.#at += sign.length;
    if (sign !== '' && sign !== ';')
      while (/\s/.test(this.#text.charAt(this.#at)) && this.#text.charAt(this.#at) !== '') this.#step();
    return sign;
  }

  #step(): void {
    if (this.#text.charAt(this.#at) === '\n') this.#takeNewline();
    else this.#at += 1;
  }

  #skipBlanks(): void {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      if (rest === '\\\n') this.#at += 2;
      else if (/^[ \t\r]/.test(rest)) this.#at += 1;
      else return;
    }
  }

  #simple(): Simple {
    const words: ShellWord[] = [];
    const redirects: { sign: string; target: ShellWord }[] = [];
    this.#skipBlanks();
    const body = this.#text.charAt(this.#at) === '(' ? this.#subshell() : undefined;
    for (;;) {
      this.#skipBlanks();
      if (this.#text.charAt(this.#at) === '#') this.#at = this.#endOfLine(this.#at);
      const rest = this.#text.slice(this.#at);
      const sign = /^(2>&1|&>|2>>|2>|1>&2|>&2|>>|>|<<-?|<)/.exec(rest)?.[1];
      if (rest === '' || (/^[;\n|&)]/.test(rest) && sign === undefined)) break;
      if (rest.startsWith('(') || (body !== undefined && sign === undefined)) throw this.#unexpected();
      if (sign === undefined) {
        words.push(this.#word());
        continue;
      }
      this.#at += sign.length;
      if (sign === '2>&1' || sign === '1>&2' || sign === '>&2') {
        redirects.push({ sign: sign === '2>&1' ? sign : '>&2', target: { parts: [] } });
        continue;
      }
      this.#skipBlanks();
      const isPlain = /^['"\\]/.test(this.#text.slice(this.#at));
      const redirect = { sign: sign === '<<-' ? '<<' : sign, target: this.#word() };
      redirects.push(redirect);
      if (sign.startsWith('<<')) this.#waiting.push({ mark: plainText(redirect.target), isPlain, redirect });
    }
    if (words.length === 0 && redirects.length === 0 && body === undefined) throw this.#unexpected();
    return { words, redirects, ...(body !== undefined && { body }) };
  }

  #unexpected(): ShellSyntaxError {
    const [token = 'newline'] = /^(?:[^\s\w]|[^\s()]+)/.exec(this.#text.slice(this.#at)) ?? [];
    return new ShellSyntaxError(`syntax error near unexpected token \`${token}'`);
  }

  #takeNewline(): void {
    this.#at += 1;
    for (const { mark, isPlain, redirect } of this.#waiting) {
      const lines: string[] = [];
      for (;;) {
        if (this.#at >= this.#text.length) break;
        const end = this.#endOfLine(this.#at);
        const line = this.#text.slice(this.#at, end);
        this.#at = Math.min(end + 1, this.#text.length);
        if (line.replace(/\r$/, '') === mark) break;
        lines.push(`${line}\n`);
      }
      const text = lines.join('');
      redirect.target = {
        parts: isPlain ? [{ text, isExpanded: false }] : expandable(text.replaceAll(/\\([$`\\])/g, '$1')),
      };
    }
    this.#waiting = [];
  }

  #word(): ShellWord {
    const parts: { text: string; isExpanded: boolean }[] = [];
    function add(text: string): void {
      parts.push({ text, isExpanded: false });
    }
    while (this.#at < this.#text.length && !/[\s;|&<>()]/.test(this.#text.charAt(this.#at))) {
      const char = this.#text.charAt(this.#at);
      if (char === "'") add(this.#quoted("'"));
      else if (char === '"') parts.push(...this.#doubleQuoted());
      else if (char === '$' && this.#text.charAt(this.#at + 1) === "'") {
        this.#at += 1;
        add(unescape(this.#quoted("'", true)));
      } else if (char === '$') parts.push(this.#expansion());
      else if (char === '\\') {
        add(this.#text.charAt(this.#at + 1) === '\n' ? '' : this.#text.charAt(this.#at + 1));
        this.#at += 2;
      } else {
        add(char);
        this.#at += 1;
      }
    }
    return { parts };
  }

  #quoted(quote: string, hasEscapes = false): string {
    const start = this.#at + 1;
    let end = start;
    while (end < this.#text.length && this.#text.charAt(end) !== quote)
      end += hasEscapes && this.#text.charAt(end) === '\\' ? 2 : 1;
    if (end >= this.#text.length) throw new ShellSyntaxError(`unexpected EOF while looking for matching \`${quote}'`);
    this.#at = end + 1;
    return this.#text.slice(start, end);
  }

  #doubleQuoted(): { text: string; isExpanded: boolean }[] {
    const parts = [{ text: '', isExpanded: false }];
    for (this.#at += 1; ;) {
      const char = this.#text.charAt(this.#at);
      if (char === '') throw new ShellSyntaxError('unexpected EOF while looking for matching `"\'');
      if (char === '"') {
        this.#at += 1;
        return parts;
      }
      const next = this.#text.charAt(this.#at + 1);
      if (char === '\\' && /["$`\\\n]/.test(next)) {
        parts.push({ text: next === '\n' ? '' : next, isExpanded: false });
        this.#at += 2;
      } else if (char === '$') parts.push(this.#expansion());
      else {
        parts.push({ text: char, isExpanded: false });
        this.#at += 1;
      }
    }
  }

  #expansion(): { text: string; isExpanded: boolean } {
    const rest = this.#text.slice(this.#at);
    const simple = /^\$(\?|\$|\w+|\{\w+\})/.exec(rest)?.[0];
    if (simple !== undefined) {
      this.#at += simple.length;
      return { text: simple, isExpanded: true };
    }
    if (!rest.startsWith('$(')) {
      this.#at += 1;
      return { text: '$', isExpanded: false };
    }
    let depth = 0;
    for (let at = 1; at < rest.length; at += 1) {
      if (rest.charAt(at) === '(') depth += 1;
      if (rest.charAt(at) === ')') depth -= 1;
      if (depth > 0) continue;
      this.#at += at + 1;
      return { text: rest.slice(0, at + 1), isExpanded: true };
    }
    throw new ShellSyntaxError("unexpected EOF while looking for matching `)'");
  }
}

function plainText({ parts }: ShellWord): string {
  return parts.map(({ text }) => text).join('');
}

function expandable(text: string): ShellWord['parts'] {
  return text
    .split(/(\$(?:\?|\w+|\{\w+\}))/)
    .map((part) => ({ text: part, isExpanded: part.startsWith('$') && part.length > 1 }));
}

/** `\n`, `\t`, `\r`, `\\`, quotes, `\xHH`: as `$'...'`, `printf` and `echo -e` read them. */
export function unescape(text: string): string {
  const known: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '\\': '\\',
    "'": "'",
    '"': '"',
    a: '\u0007',
    e: '\u001b',
  };
  return text.replaceAll(/\\(x[\da-fA-F]{1,2}|0[0-7]{1,3}|.)/g, (all, code: string) => {
    if (code.startsWith('x')) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (code.startsWith('0')) return String.fromCharCode(Number.parseInt(code, 8));
    return known[code] ?? all;
  });
}
