import { absolutePath, folders, type Files, NoSpace } from '../files.ts';
import { parseShell, type Pipeline, type ShellWord, ShellSyntaxError, type Simple } from './parse.ts';

/** What a program reads: line by line as it comes, or all of it. */
export interface Input {
  readonly lines: () => AsyncIterable<string>;
  readonly all: () => Promise<string>;
}
/** What a program is given. */
export interface Call {
  readonly args: readonly string[];
  readonly input: Input;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}
/** Answers the exit status. */
export type Program = (call: Call) => Promise<number> | number;

export interface Shell {
  readonly files: Files;
  readonly programs: Readonly<Record<string, Program>>;
  /** Variables, and the folder it is in as `PWD`. */
  readonly variables: Map<string, string>;
}
export interface Streams {
  readonly input: Input;
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
}

/** Runs a script; answers the status of the last command. Never throws for what the script does wrong. */
export async function runShell(shell: Shell, script: string, streams: Streams): Promise<number> {
  let pipelines: readonly Pipeline[];
  try {
    pipelines = parseShell(script);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    streams.error(`bash: -c: line 1: ${error.message}\n`);
    return 2;
  }
  return runList(shell, pipelines, streams, 0);
}

async function runList(
  shell: Shell,
  pipelines: readonly Pipeline[],
  streams: Streams,
  before: number,
): Promise<number> {
  let status = before;
  let isSkipped = false;
  for (const pipeline of pipelines) {
    if (!isSkipped) {
      const ended = await runPipeline(shell, pipeline, streams, status);
      status = pipeline.isNegated ? Number(ended === 0) : ended;
      if (ended < 0) return -ended - 1;
    }
    isSkipped = (pipeline.next === '&&' && status !== 0) || (pipeline.next === '||' && status === 0);
  }
  return status;
}

/** A negative status is that of `exit`: minus one less. */
async function runPipeline(shell: Shell, { commands }: Pipeline, streams: Streams, before: number): Promise<number> {
  let { input } = streams;
  let status = 0;
  for (const [index, command] of commands.entries()) {
    const isLast = index === commands.length - 1;
    let piped = '';
    const out = isLast
      ? streams.out
      : (text: string): void => {
          piped += text;
        };
    status = await runSimple(shell, command, { ...streams, input, out }, before);
    input = inputOf(piped);
  }
  return status;
}

async function runSimple(
  shell: Shell,
  { words, redirects, body }: Simple,
  streams: Streams,
  before: number,
): Promise<number> {
  function expand(word: ShellWord): Promise<string> {
    return expandWord(shell, word, streams, before);
  }
  const args: string[] = [];
  for (const word of words) {
    const text = await expand(word);
    if (text !== '' || word.parts.length === 0 || word.parts.some(({ isExpanded }) => !isExpanded)) args.push(text);
  }
  let { input, out, error } = streams;
  const written = new Map<string, string>();
  for (const { sign, target } of redirects) {
    if (sign === '2>&1') error = out;
    else if (sign === '>&2') out = error;
    else if (sign === '<<') input = inputOf(await expand(target));
    else {
      const path = absolutePath(await expand(target), shell.variables.get('PWD') ?? '/');
      if (sign === '<') {
        const text = shell.files.read(path);
        if (text === undefined) return fail(error, `bash: ${path}: No such file or directory`);
        input = inputOf(text);
        continue;
      }
      if (path !== '/dev/null') written.set(path, sign.endsWith('>>') ? (shell.files.read(path) ?? '') : '');
      const sink = sinkOf(path, written);
      if (sign.startsWith('2')) error = sink;
      else out = sink;
      if (sign === '&>') error = sink;
    }
  }
  const own = { input, out, error };
  let status = await (body === undefined ? call(shell, args, own) : runSubshell(shell, body, own, before));
  for (const [path, text] of written) {
    try {
      if (!isWritable(path)) return fail(streams.error, `bash: ${path}: No such file or directory`);
      shell.files.write(path, text);
    } catch (problem) {
      if (!(problem instanceof NoSpace)) throw problem;
      status = fail(streams.error, `bash: write error: No space left on device`);
    }
  }
  return status;
}

/** What it sets, its folder too, is gone behind it; `exit` leaves it alone. */
async function runSubshell(shell: Shell, body: readonly Pipeline[], streams: Streams, before: number): Promise<number> {
  const outer = [...shell.variables];
  try {
    return await runList(shell, body, streams, before);
  } finally {
    shell.variables.clear();
    for (const [name, value] of outer) shell.variables.set(name, value);
  }
}

function sinkOf(path: string, written: Map<string, string>): (text: string) => void {
  return (text) => {
    if (path !== '/dev/null') written.set(path, (written.get(path) ?? '') + text);
  };
}

function isWritable(path: string): boolean {
  const folder = path.slice(0, path.lastIndexOf('/')) || '/';
  return folders.some((one) => folder === one || folder.startsWith(`${one}/`)) && folder !== '/';
}

async function call(shell: Shell, args: readonly string[], streams: Streams): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined) return 0;
  const [, variable, value = ''] = /^(\w+)=([^]*)$/.exec(name) ?? [];
  if (variable !== undefined) {
    if (rest.length > 0) return call(shell, rest, streams);
    shell.variables.set(variable, value);
    return 0;
  }
  if (name === 'exit') return -Number(rest[0] ?? 0) - 1;
  const own = name.replace(/^(\/usr)?\/s?bin\//, '');
  const program = Object.hasOwn(shell.programs, own) ? shell.programs[own] : undefined;
  if (program === undefined) return fail(streams.error, `bash: ${name}: command not found`, 127);
  return program({ ...streams, args: rest });
}

function fail(error: (text: string) => void, words: string, status = 1): number {
  error(`${words}\n`);
  return status;
}

async function expandWord(shell: Shell, { parts }: ShellWord, streams: Streams, before: number): Promise<string> {
  let text = '';
  for (const part of parts) {
    if (!part.isExpanded) text += part.text;
    else if (part.text.startsWith('$(')) text += await outputOf(shell, part.text.slice(2, -1), streams);
    else {
      const name = part.text.replaceAll(/[${}]/g, '');
      text += name === '?' ? String(before) : name === '' ? '1' : (shell.variables.get(name) ?? '');
    }
  }
  return text;
}

async function outputOf(shell: Shell, script: string, streams: Streams): Promise<string> {
  let text = '';
  await runShell(shell, script, {
    ...streams,
    out: (more) => {
      text += more;
    },
  });
  return text.replace(/\n+$/, '');
}

/** A text that is there already. */
export function inputOf(text: string): Input {
  return {
    all: () => Promise.resolve(text),
    // eslint-disable-next-line @typescript-eslint/require-await -- a text needs no waiting, what reads it waits all the same
    lines: async function* lines() {
      const list = text.split('\n');
      if (list.at(-1) === '') list.pop();
      yield* list;
    },
  };
}
