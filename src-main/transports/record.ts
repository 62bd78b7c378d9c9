import { AppError } from '../contract/errors.ts';
import { type Answer, type Exchange, renderRecording } from './recording.ts';
import type { HostSession } from './transport.ts';

export interface RecordingSession extends HostSession {
  /** All that went over the session so far, as `parseRecording` reads it. Each match of a secret is `***`. */
  readonly recording: () => string;
}

/**
 * Passes every call on to a session and writes down question and answer, failures too. Only what is written down is masked: the
 * caller gets the answers as they came.
 */
export function recordSession(inner: HostSession, secrets: readonly RegExp[]): RecordingSession {
  const exchanges: Exchange[] = [];

  async function keep<T>(
    question: Omit<Exchange, 'answer'>,
    call: Promise<T>,
    answerOf: (result: T) => Answer,
  ): Promise<T> {
    try {
      const result = await call;
      exchanges.push(maskExchange({ ...question, answer: answerOf(result) }, secrets));
      return result;
    } catch (error) {
      if (error instanceof AppError) {
        const answer = { error: { code: error.code, detail: error.detail } };
        exchanges.push(maskExchange({ ...question, answer }, secrets));
      }
      throw error;
    }
  }

  const nothing = Buffer.alloc(0);
  return {
    exec: (command, options) =>
      keep(
        { kind: 'exec', subject: command, text: '', stdin: options?.stdin ?? nothing },
        inner.exec(command, options),
        (result) => result,
      ),
    readFile: (path, options) =>
      keep({ kind: 'file', subject: path, text: '', stdin: nothing }, inner.readFile(path, options), (bytes) => ({
        bytes,
      })),
    request: (socketPath, text, options) =>
      keep(
        { kind: 'request', subject: socketPath, text, stdin: nothing },
        inner.request(socketPath, text, options),
        (bytes) => ({ bytes }),
      ),
    isOpen: inner.isOpen,
    close: inner.close,
    recording: () => renderRecording(exchanges),
  };
}

/** The exchange with `***` for each match of a pattern, in the question as well as in the answer. */
export function maskExchange(exchange: Exchange, secrets: readonly RegExp[]): Exchange {
  const everywhere = secrets.map((each) => (each.global ? each : new RegExp(each.source, `${each.flags}g`)));
  return {
    kind: exchange.kind,
    subject: maskText(exchange.subject),
    text: maskText(exchange.text),
    stdin: maskBytes(exchange.stdin),
    answer: maskAnswer(exchange.answer),
  };

  function maskText(text: string): string {
    return everywhere.reduce((masked, pattern) => masked.replace(pattern, '***'), text);
  }
  function maskBytes(bytes: Buffer): Buffer {
    return Buffer.from(maskText(bytes.toString('latin1')), 'latin1');
  }
  function maskAnswer(answer: Answer): Answer {
    if ('error' in answer) return { error: { code: answer.error.code, detail: maskText(answer.error.detail) } };
    if ('bytes' in answer) return { bytes: maskBytes(answer.bytes) };
    return { ...answer, stdout: maskBytes(answer.stdout), stderr: maskBytes(answer.stderr) };
  }
}
