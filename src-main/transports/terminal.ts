import { AppError } from '../contract/errors.ts';
import type { TerminalDialect } from '../contract/terminal.ts';
import type { CallOptions, ExecResult, HostSession, TerminalWire } from './transport.ts';

/** A secret that a question asks for; undefined where none is stored. */
export type SecretOf = () => Promise<string | undefined>;

const longestRaw = 4096;

/**
 * A command line behind a terminal: types a line, and has its answer when the prompt stands there again. Pagers are turned,
 * known questions answered; one that is not known ends it with PROMPT_UNKNOWN and its words, and nothing more is typed.
 */
export class Terminal {
  readonly #wire: TerminalWire;
  readonly #dialect: TerminalDialect;
  readonly #secretOf: SecretOf;
  #text = '';
  #wake: (() => void) | undefined;
  #hasEnded = false;
  #prompt = '';
  /** What each prompt begins with, learned from the first: an answer's line that ends like one is none. */
  #name = '';

  constructor(wire: TerminalWire, dialect: TerminalDialect, secretOf: SecretOf) {
    this.#wire = wire;
    this.#dialect = dialect;
    this.#secretOf = secretOf;
    wire.onText((text) => {
      this.#text += text;
      this.#wake?.();
    });
    wire.onEnd(() => {
      this.#hasEnded = true;
      this.#wake?.();
    });
  }

  /** As it stood there last. */
  get prompt(): string {
    return this.#prompt;
  }

  /** Waits for the first prompt and types what each session begins with. */
  async begin(): Promise<void> {
    await this.#answer();
    for (const line of this.#dialect.opening) await this.type(line);
  }

  /** One line; its answer without its echo and the prompt. */
  async type(line: string): Promise<string> {
    this.#wire.write(`${line}\n`);
    const answer = await this.#answer();
    const [first = '', ...rest] = answer.split('\n');
    return first.trimEnd().endsWith(line.trim()) ? rest.join('\n') : answer;
  }

  async #answer(): Promise<string> {
    const { prompt, pager, questions } = this.#dialect;
    let said = '';
    for (;;) {
      const now = plainText(this.#text);
      const last = now.slice(now.lastIndexOf('\n') + 1);
      if (prompt.test(last) && last.startsWith(this.#name)) {
        this.#text = '';
        this.#prompt = last.trim();
        if (this.#name === '') this.#name = /^[^-([>#\s]*/.exec(last)?.[0] ?? '';
        return said + now.slice(0, now.length - last.length);
      }
      if (pager.when.test(last)) {
        said += now.slice(0, now.length - last.length);
        this.#text = '';
        this.#wire.write(pager.answer);
        continue;
      }
      const known = questions.find(({ when }) => when.test(last));
      if (known !== undefined) {
        said += now;
        this.#text = '';
        this.#wire.write(`${await this.#wordFor(known.answer, last)}\n`);
        continue;
      }
      if (this.#dialect.asking.test(last)) {
        const detail = `The device asks something that is not known: "${last.trim()}". Nothing was answered.`;
        throw new AppError('PROMPT_UNKNOWN', detail, { raw: (said + now).slice(-longestRaw) });
      }
      if (this.#hasEnded)
        throw new AppError('SESSION_CLOSED', 'The device closed the terminal.', { raw: now.slice(-longestRaw) });
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async #wordFor(answer: string | { readonly secret: true }, question: string): Promise<string> {
    if (typeof answer === 'string') return answer;
    const secret = await this.#secretOf();
    // Many devices have no second password: an empty answer is right there, and refused with words elsewhere.
    if (secret === undefined || /[\r\n]/.test(secret)) return this.#dialect.noSecret ?? fail(question);
    return secret;
  }
}

function fail(question: string): never {
  throw new AppError('AUTH_FAILED', `The device asks "${question.trim()}", and no password is stored for that.`);
}

/** Without colours, carriage returns and what was rubbed out. */
function plainText(text: string): string {
  // eslint-disable-next-line no-control-regex -- terminals speak in control characters
  const bare = text.replace(/\u001B\[[0-9;?]*[A-Za-z]|\u0007/g, '').replace(/\r+\n/g, '\n');
  const lines = bare.split('\n').map((line) => {
    let kept = line;
    // eslint-disable-next-line no-control-regex -- as above
    while (/[^\u0008]\u0008/.test(kept)) kept = kept.replace(/[^\u0008]\u0008/, '');
    kept = kept.replaceAll('\u0008', '');
    const shown = kept.slice(kept.lastIndexOf('\r') + 1);
    return shown.trim() === '' && kept.includes('\r') && kept.endsWith('\r') ? '' : shown;
  });
  return lines.join('\n');
}

/**
 * A session whose commands are typed at a terminal: every call has a terminal of its own, so that each begins where the last one's modes
 * do not reach. The lines of a command are typed one after the other; what they say stands behind each other, and a line that
 * is refused ends it. An empty command answers with the prompt.
 */
export function terminalSession(host: HostSession, dialect: TerminalDialect, secretOf: SecretOf): HostSession {
  async function exec(command: string, options?: CallOptions): Promise<ExecResult> {
    if (host.converse === undefined) throw new AppError('CAPABILITY_MISSING', 'This connection has no terminal.');
    const said = await host.converse(async (wire) => {
      const terminal = new Terminal(wire, dialect, secretOf);
      await terminal.begin();
      const answers: string[] = [];
      for (const line of command.split('\n').filter((one) => one.trim() !== '')) {
        const answer = await terminal.type(line);
        answers.push(answer);
        if (dialect.refusal.test(answer)) break;
      }
      return command.trim() === '' ? terminal.prompt : answers.join('');
    }, options);
    return { code: 0, signal: null, stdout: Buffer.from(said), stderr: Buffer.alloc(0) };
  }
  return {
    exec,
    readFile: (path, options) => host.readFile(path, options),
    request: (path, text, options) => host.request(path, text, options),
    isOpen: () => host.isOpen(),
    close: () => {
      host.close();
    },
  };
}
