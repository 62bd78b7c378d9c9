import type { Files } from './files.ts';

/** What a simulated device lets an account do once it is in. */
export interface Login {
  /** Runs one command as `ssh host COMMAND` sends it; answers its exit status. */
  readonly exec: (call: ExecCall) => Promise<number>;
  readonly shell: (terminal: { readonly hasTerminal: boolean }) => LoginShell;
  /** The disk, for an account that may copy files by SFTP (as scp does). */
  readonly files?: Files;
}

export interface ExecCall {
  readonly command: string;
  /** Standard input line by line; nothing is read before somebody asks. */
  readonly lines: () => AsyncIterable<string>;
  readonly all: () => Promise<string>;
  /** As it comes, for what is no text. */
  readonly bytes: () => AsyncIterable<Buffer>;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

export interface LoginShell {
  readonly greeting: string;
  readonly prompt: () => string;
  readonly enter: (line: string) => ShellAnswer | Promise<ShellAnswer>;
  /** How long answers are shown a screen at a time; undefined where they are not. */
  readonly pager?: () => Pager | undefined;
  /** What end of input (Ctrl-D) does; ends the shell unless it says otherwise. */
  readonly endOfInput?: () => ShellAnswer;
  /** Lines come with the blanks at their ends: a script may be typed. */
  readonly keepsBlanks?: boolean;
  /** The session is over, however it ended. */
  readonly close?: () => void;
}

export interface ShellAnswer {
  /** With its line ends as `\n`. */
  readonly text: string;
  /** Waits for words of the user before the next prompt. */
  readonly question?: Question;
  readonly isEnd?: boolean;
}

export interface Question {
  readonly text: string;
  /** Not echoed, as passwords. */
  readonly isHidden?: boolean;
  /** One key answers, without Enter. */
  readonly isKey?: boolean;
  readonly answer: (given: string) => ShellAnswer | Promise<ShellAnswer>;
}

export interface Pager {
  /** What stands on the last line of a screen. */
  readonly mark: (percentShown: number) => string;
  /** Waits once more at the end, until it is told to quit. Empty for a pager that goes by itself. */
  readonly endMark: string;
}

/** How a device misbehaves from now on. */
export interface Faults {
  /** Each answer comes this much later. */
  readonly delayMs?: number;
  /** No command is answered. What it does, it does. */
  readonly isSilent?: boolean;
  /** The connection ends when a command that matches arrives: before it is done. */
  readonly cutBefore?: Pick<RegExp, 'test'>;
  /** The connection ends once such a command is done, before its answer. */
  readonly cutAfter?: Pick<RegExp, 'test'>;
  /** A pager takes no key any more. */
  readonly isPagerStuck?: boolean;
  /** A command that matches is refused in these words and not done. */
  readonly refuses?: { readonly pattern: RegExp; readonly words: string };
}

/** Runs a command under the faults of the device. Throws `Cut` where they end the connection, `FaultRefused` where they refuse it. */
export type Watch = <T>(command: string, act: () => T) => T;

export class Cut extends Error {}

/** Its message is what the device says. */
export class FaultRefused extends Error {}

export interface SimulatedAnswer {
  readonly text: string;
  readonly isRefused: boolean;
  /** Asked before anything is done, and not echoed. */
  readonly question?: { readonly text: string; readonly answer: (given: string) => SimulatedAnswer };
}

/** The part of a device's line that is the same for every session of a simple command line. */
export interface SimulatedCli {
  /** Answers one line, with its line ends as `\n`. */
  readonly run: (line: string) => SimulatedAnswer;
  /** Said at the beginning of each session, shell or command. */
  readonly greeting: () => string;
  readonly prompt: string;
  /** Words that end a shell. */
  readonly farewells: readonly string[];
  /** Its disk by SFTP, as scp uses it. */
  readonly files?: Files;
}

/** The same command line for every account: commands end with status 0, what is refused is told in words alone. */
export function loginTo(cli: SimulatedCli): Login {
  return {
    exec: async ({ command, lines, out }) => {
      out(cli.greeting());
      const given = lines()[Symbol.asyncIterator]();
      for (const line of command.split('\n')) {
        let answer = cli.run(line);
        while (answer.question !== undefined) {
          out(answer.question.text);
          const next = await given.next();
          out('\n');
          if (next.done === true) return 0;
          answer = answer.question.answer(next.value);
        }
        out(answer.text);
      }
      return 0;
    },
    shell: () => ({
      greeting: cli.greeting(),
      prompt: () => cli.prompt,
      enter: (line) => (cli.farewells.includes(line) ? { text: '', isEnd: true } : inShell(cli.run(line))),
    }),
    ...(cli.files !== undefined && { files: cli.files }),
  };
}

function inShell({ text, question }: SimulatedAnswer): ShellAnswer {
  if (question === undefined) return { text };
  return {
    text,
    question: { text: question.text, isHidden: true, answer: (given) => inShell(question.answer(given)) },
  };
}
