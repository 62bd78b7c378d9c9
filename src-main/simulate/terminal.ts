import type { ServerChannel } from 'ssh2';
import { Cut, type Faults, type LoginShell, type Pager, type Question, type ShellAnswer } from './login.ts';

export interface TerminalOptions {
  readonly hasTerminal: boolean;
  readonly rows: () => number;
  readonly later: (act: () => void) => void;
  readonly faults: () => Faults;
}

/** Lines as a person types them: echoed where there is a terminal, with backspace, questions and a pager. */
export function serveShell(channel: ServerChannel, shell: LoginShell, options: TerminalOptions): void {
  const { hasTerminal, later } = options;
  const typed: string[] = [];
  let line = '';
  let last = '';
  let isBusy = false;
  let isOver = false;
  let question: Question | undefined;
  let page: Page | undefined;

  function write(text: string): void {
    if (text !== '') channel.write(hasTerminal ? text.replaceAll('\n', '\r\n') : text);
  }
  function end(): void {
    isOver = true;
    later(() => {
      channel.exit(0);
      channel.end();
    });
  }
  function say(answer: ShellAnswer): void {
    question = answer.question;
    if (answer.isEnd === true) {
      write(answer.text);
      end();
      return;
    }
    const pager = hasTerminal && question === undefined ? shell.pager?.() : undefined;
    page = pager === undefined ? undefined : openPage(answer.text, options.rows(), pager);
    if (page === undefined) write(answer.text + (question?.text ?? shell.prompt()));
    else write(page.next(options.rows() - 1));
  }
  function answerWith(act: () => ShellAnswer | Promise<ShellAnswer>): void {
    isBusy = true;
    // A shell that was cut is not answered: its socket is gone.
    Promise.resolve()
      .then(act)
      .then(
        (answer) => {
          later(() => {
            isBusy = false;
            say(answer);
            pump();
          });
        },
        (error: unknown) => {
          if (!(error instanceof Cut)) throw error;
        },
      );
  }
  function enter(): void {
    const given = line;
    line = '';
    const asked = question;
    question = undefined;
    answerWith(() =>
      asked === undefined ? shell.enter(shell.keepsBlanks === true ? given : given.trim()) : asked.answer(given),
    );
  }
  function turn(char: string): void {
    if (options.faults().isPagerStuck === true || page === undefined) return;
    const isQuit = char === 'q' || char === 'Q' || char === '\u0003';
    write('\r\u001b[K');
    if (!isQuit) {
      write(page.next(char === '\r' || char === '\n' ? 1 : options.rows() - 1));
      if (!page.isDone()) return;
    }
    page = undefined;
    write(shell.prompt());
  }
  function take(char: string): void {
    const isLineEnd = char === '\r' || (char === '\n' && last !== '\r');
    last = char;
    if (page !== undefined) {
      turn(char);
      return;
    }
    const isEchoed = hasTerminal && question?.isHidden !== true;
    if (char === '\u0004') {
      if (line === '') say(shell.endOfInput?.() ?? { text: '', isEnd: true });
    } else if (char === '\u0003') {
      line = '';
      question = undefined;
      write(`^C\n${shell.prompt()}`);
    } else if (char === '\u007f' || char === '\b') {
      if (isEchoed && line !== '') channel.write('\b \b');
      line = line.slice(0, -1);
    } else if (isLineEnd) {
      if (hasTerminal) channel.write('\r\n');
      enter();
    } else if (char !== '\n' && char !== '\0') {
      line += char;
      if (isEchoed) channel.write(char);
      if (question?.isKey !== true) return;
      write('\n');
      enter();
    }
  }
  function pump(): void {
    while (!isBusy && !isOver) {
      const char = typed.shift();
      if (char === undefined) return;
      take(char);
    }
  }
  channel.on('error', () => undefined);
  channel.on('data', (bytes: Buffer) => {
    for (const char of bytes.toString()) typed.push(char);
    pump();
  });
  channel.on('close', () => {
    shell.close?.();
  });
  channel.on('end', () => {
    if (line !== '') typed.push('\n');
    typed.push('\u0004');
    pump();
  });
  write(`${shell.greeting}${shell.prompt()}`);
}

interface Page {
  /** The next lines, with the mark behind them. */
  readonly next: (lines: number) => string;
  /** Nothing is left, and the pager waits for no key. */
  readonly isDone: () => boolean;
}

/** Undefined where all of it fits the screen. */
function openPage(text: string, rows: number, { mark, endMark }: Pager): Page | undefined {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length < rows) return undefined;
  let shown = 0;
  return {
    next: (count) => {
      const part = lines.slice(shown, shown + count);
      shown += part.length;
      const body = part.map((one) => `${one}\n`).join('');
      if (shown < lines.length) return body + mark(Math.floor((100 * shown) / lines.length));
      return body + endMark;
    },
    isDone: () => shown >= lines.length && endMark === '',
  };
}
