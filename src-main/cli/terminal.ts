import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Where a command writes and whom it asks. */
export interface Terminal {
  /** Machine-readable output, and nothing else. */
  readonly write: (output: string | Uint8Array) => Promise<void>;
  /** A message for a person, as a line of its own; control characters of a device's words are made visible. */
  readonly say: (message: string) => void;
  /** Whether a person is there to answer. */
  readonly isInteractive: boolean;
  readonly ask: (question: string) => Promise<string>;
  /** The same without echo. */
  readonly askSecret: (question: string) => Promise<string>;
}

/** The process's own terminal. A reader that goes away (`| head`) calls `onGone` once; what is written after that is dropped. */
export function openTerminal(onGone: () => void): Terminal {
  const { stdin, stdout, stderr } = process;
  let isGone = false;
  stdout.on('error', () => {
    if (!isGone) onGone();
    isGone = true;
  });
  async function ask(question: string, echo: Writable): Promise<string> {
    stderr.write(question);
    const lines = createInterface({ input: stdin, output: echo, terminal: true });
    try {
      const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as (string | undefined)[]; // 'line' brings a string
      return line ?? '';
    } finally {
      lines.close();
    }
  }
  return {
    write: async (output) => {
      if (isGone || stdout.write(output)) return;
      await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => undefined); // gone: told above
    },
    say: (message) => {
      stderr.write(`${makeVisible(message)}\n`);
    },
    isInteractive: stdin.isTTY && stderr.isTTY,
    ask: (question) => ask(question, stderr),
    askSecret: async (question) => {
      const answer = await ask(question, new Writable({ write: dropEcho }));
      stderr.write('\n');
      return answer;
    },
  };
}

/** Escape sequences of a device's answer must not reach the person's terminal. */
export function makeVisible(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

function dropEcho(_chunk: unknown, _encoding: string, done: () => void): void {
  done();
}
