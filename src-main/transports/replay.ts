import { AppError } from '../contract/errors.ts';
import { ByteSink } from './byte-sink.ts';
import { defaultMaxBytes } from './call-limits.ts';
import { maskExchange } from './record.ts';
import { type Answer, type Exchange, parseRecording } from './recording.ts';
import type { CallOptions, HostSession } from './transport.ts';

export interface ReplayOptions {
  /** Answers arrive in pieces of this many bytes, each in a turn of its own. Default: whole. */
  readonly chunkBytes?: number;
  /** The patterns that masked the recording, so that a question with a secret in it finds its answer. */
  readonly secrets?: readonly RegExp[];
}

/**
 * A session that answers from a recording. The same question again gets the next recorded answer, and the last one from then on. A
 * question that is not in the recording throws INTERNAL: the test asks for something that no device was asked.
 */
export function replaySession(recording: string, options: ReplayOptions = {}): HostSession {
  const { chunkBytes = Infinity, secrets = [] } = options;
  const answers = new Map<string, Answer[]>();
  for (const exchange of parseRecording(recording)) {
    const key = keyOf(exchange);
    answers.set(key, [...(answers.get(key) ?? []), exchange.answer]);
  }
  let isOpen = true;

  function answerTo(question: Omit<Exchange, 'answer'>, callOptions: CallOptions | undefined): Answer {
    const what = `${question.kind} ${question.subject} ${question.text}`.trim();
    if (!isOpen) throw new AppError('SESSION_CLOSED', `${what}: the session was closed.`);
    if (callOptions?.signal?.aborted === true) throw new AppError('CANCELLED', `${what}: it was called off.`);
    const list = answers.get(keyOf(maskExchange({ ...question, answer: { bytes: Buffer.alloc(0) } }, secrets)));
    const answer = list !== undefined && list.length > 1 ? list.shift() : list?.[0];
    if (answer === undefined) throw new AppError('INTERNAL', `The recording holds no answer to ${what}.`);
    if ('error' in answer) throw new AppError(answer.error.code, answer.error.detail);
    return answer;
  }

  async function feed(bytes: Buffer, what: string, callOptions: CallOptions | undefined): Promise<Buffer> {
    const sink = new ByteSink(what, callOptions?.maxBytes ?? defaultMaxBytes);
    for (let from = 0; from < bytes.length; from += chunkBytes) {
      if (from > 0) await Promise.resolve();
      if (callOptions?.signal?.aborted === true) throw new AppError('CANCELLED', `${what}: it was called off.`);
      const error = sink.push(bytes.subarray(from, from + chunkBytes));
      if (error !== undefined) throw error;
    }
    return Buffer.from(sink.bytes());
  }

  const nothing = Buffer.alloc(0);
  async function askBytes(
    kind: 'file' | 'request',
    subject: string,
    text: string,
    callOptions: CallOptions | undefined,
  ): Promise<Buffer> {
    const answer = answerTo({ kind, subject, text, stdin: nothing }, callOptions);
    if (!('bytes' in answer))
      throw new AppError('INPUT_INVALID', `The recorded answer of ${subject} has no body "answer".`);
    return feed(answer.bytes, `${kind} ${subject}`, callOptions);
  }

  return {
    exec: async (command, callOptions) => {
      const question = { kind: 'exec' as const, subject: command, text: '', stdin: callOptions?.stdin ?? nothing };
      const answer = answerTo(question, callOptions);
      if (!('stdout' in answer))
        throw new AppError('INPUT_INVALID', `The recorded answer of ${command} has no exit code.`);
      return {
        code: answer.code,
        signal: answer.signal,
        stdout: await feed(answer.stdout, command, callOptions),
        stderr: await feed(answer.stderr, command, callOptions),
      };
    },
    readFile: (path, callOptions) => askBytes('file', path, '', callOptions),
    request: (socketPath, text, callOptions) => askBytes('request', socketPath, text, callOptions),
    isOpen: () => isOpen,
    close: () => {
      isOpen = false;
    },
  };
}

function keyOf({ kind, subject, text, stdin }: Omit<Exchange, 'answer'>): string {
  return JSON.stringify([kind, subject, text, stdin.toString('latin1')]);
}
