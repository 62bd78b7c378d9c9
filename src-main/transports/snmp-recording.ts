import { AppError, type ErrorCode, errorRules } from '../contract/errors.ts';
import type { SnmpCell, SnmpSession } from './transport.ts';

/**
 * Recordings of SNMP as text: each question with what came back, values as snmpsim's snmprec lines, octets always in hex, so that any
 * byte survives and snmpsim can serve the values.
 *
 *     walk 1.3.6.1.2.1.2.2.1.2 1.3.6.1.2.1.2.2.1.10
 *     1.3.6.1.2.1.2.2.1.2.1|4x|6c6f
 *     1.3.6.1.2.1.2.2.1.10.1|65|4711
 *
 *     get 1.3.6.1.2.1.1.3.0
 *     error TIMED_OUT "SNMP on ...: the agent did not answer."
 */
export interface RecordingSnmpSession extends SnmpSession {
  readonly recording: () => string;
}

/** Passes every call on to a session and writes down question and answer, failures too. Community and passwords are in neither. */
export function recordSnmp(inner: SnmpSession): RecordingSnmpSession {
  const exchanges: string[] = [];
  async function keep<T>(
    kind: string,
    oids: readonly string[],
    call: Promise<T>,
    linesOf: (answer: T) => readonly string[],
  ): Promise<T> {
    const head = `${kind} ${oids.join(' ')}`;
    try {
      const answer = await call;
      exchanges.push([head, ...linesOf(answer), ''].join('\n'));
      return answer;
    } catch (error) {
      if (error instanceof AppError) exchanges.push(`${head}\nerror ${error.code} ${JSON.stringify(error.detail)}\n`);
      throw error;
    }
  }
  return {
    get: (oids, options) =>
      keep('get', oids, inner.get(oids, options), (cells) =>
        cells.flatMap((cell, at) => (cell === undefined ? [] : [lineOf(oids[at] ?? '', cell)])),
      ),
    walk: (columns, options) =>
      keep('walk', columns, inner.walk(columns, options), (found) =>
        found.flatMap((cells, at) => [...cells].map(([index, cell]) => lineOf(`${columns[at] ?? ''}.${index}`, cell))),
      ),
    close: inner.close,
    recording: () => exchanges.join('\n'),
  };
}

interface Exchange {
  readonly cells: ReadonlyMap<string, SnmpCell>;
  readonly error: AppError | undefined;
}

/**
 * A session that answers from a recording. The same question again gets the next recorded answer, and the last one from then on; one
 * that was not asked throws INTERNAL. Throws INPUT_INVALID, with the line, where the text is no recording.
 */
export function replaySnmp(recording: string): SnmpSession {
  const answers = new Map<string, Exchange[]>();
  for (const [question, exchange] of parse(recording))
    answers.set(question, [...(answers.get(question) ?? []), exchange]);
  let isOpen = true;

  function answerTo(question: string): ReadonlyMap<string, SnmpCell> {
    if (!isOpen) throw new AppError('SESSION_CLOSED', `${question}: the session was closed.`);
    const list = answers.get(question);
    const next = list !== undefined && list.length > 1 ? list.shift() : list?.[0];
    if (next === undefined) throw new AppError('INTERNAL', `The recording holds no answer to ${question}.`);
    if (next.error !== undefined) throw next.error;
    return next.cells;
  }
  return {
    get: (oids) =>
      settled(() => {
        const cells = answerTo(`get ${oids.join(' ')}`);
        return oids.map((oid) => cells.get(oid));
      }),
    walk: (columns) =>
      settled(() => {
        const cells = [...answerTo(`walk ${columns.join(' ')}`)];
        return columns.map((column) => {
          const own = cells.filter(([oid]) => oid.startsWith(`${column}.`));
          return new Map(own.map(([oid, cell]) => [oid.slice(column.length + 1), cell]));
        });
      }),
    close: () => {
      isOpen = false;
    },
  };
}

function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

function lineOf(oid: string, { tag, value }: SnmpCell): string {
  return Buffer.isBuffer(value) ? `${oid}|${tag}x|${value.toString('hex')}` : `${oid}|${tag}|${value}`;
}

function parse(text: string): readonly (readonly [string, Exchange])[] {
  const exchanges: [string, Exchange][] = [];
  let cells = new Map<string, SnmpCell>();
  for (const [at, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const last = exchanges.at(-1);
    const failed = /^error ([A-Z_]+) (".*")$/.exec(line);
    const row = /^([\d.]+)\|(\d+)(x?)\|(.*)$/.exec(line);
    if (/^(get|walk) [\d. ]+$/.test(line)) {
      cells = new Map();
      exchanges.push([line, { cells, error: undefined }]);
    } else if (last !== undefined && row !== null) {
      const [, oid = '', tag = '', isHex = '', value = ''] = row;
      cells.set(oid, {
        tag: Number(tag),
        value: valueOf(Number(tag), isHex === 'x' ? Buffer.from(value, 'hex') : value),
      });
    } else if (last !== undefined && failed !== null && isCode(failed[1] ?? '')) {
      last[1] = { cells, error: new AppError(codeOf(failed[1] ?? ''), String(JSON.parse(failed[2] ?? '""'))) };
    } else
      throw new AppError('INPUT_INVALID', `Line ${at + 1} of the recording is not understood: ${line.slice(0, 100)}`);
  }
  return exchanges;
}

/** OIDs (6) and addresses (64) are text, other plain values numbers. */
function valueOf(tag: number, value: string | Buffer): SnmpCell['value'] {
  return typeof value === 'string' && tag !== 6 && tag !== 64 ? Number(value) : value;
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorRules, code);
}

function codeOf(code: string): ErrorCode {
  return isCode(code) ? code : 'INTERNAL';
}
