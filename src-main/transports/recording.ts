import { AppError, type ErrorCode, errorRules } from '../contract/errors.ts';

/** One question to a host and what came back. `stdin` is empty for all but commands that were given some. */
export interface Exchange {
  readonly kind: 'exec' | 'file' | 'request';
  /** Command line, file path or socket path. */
  readonly subject: string;
  /** Text of a request; empty for the others. */
  readonly text: string;
  readonly stdin: Buffer;
  readonly answer: Answer;
}

export type Answer =
  | { readonly code: number | null; readonly signal: string | null; readonly stdout: Buffer; readonly stderr: Buffer }
  | { readonly bytes: Buffer }
  | { readonly error: { readonly code: ErrorCode; readonly detail: string } };

/**
 * Recordings as text that people read and compare, for any bytes:
 *
 *     exec "haproxy -v"
 *     exit 0
 *     stdout
 *     | HAProxy version 2.6.12
 *     stderr
 *
 *     request "/run/haproxy/admin.sock" "show info\n"
 *     answer
 *     | Name: HAProxy
 *
 *     file "/etc/shadow"
 *     error PERMISSION_DENIED "..."
 *
 * A line of a body stands behind `| ` and ends with a newline, unless a lone `\` ends it. `\\` is a backslash, `\xHH` any byte
 * that is not printable ASCII or a tab.
 */
export function renderRecording(exchanges: readonly Exchange[]): string {
  return exchanges.map(renderExchange).join('\n');
}

/** Reads a recording. Throws INPUT_INVALID that names the line. */
export function parseRecording(text: string): readonly Exchange[] {
  const lines = text.split('\n');
  const exchanges: Exchange[] = [];
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    if (line === '' || line.startsWith('#')) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < lines.length && lines[end] !== '' && !/^(exec|file|request) /.test(lines[end] ?? '')) end += 1;
    exchanges.push(parseExchange(lines.slice(at, end), at + 1));
    at = end;
  }
  return exchanges;
}

function renderExchange({ kind, subject, text, stdin, answer }: Exchange): string {
  const head = kind === 'request' ? `${kind} ${quote(subject)} ${quote(text)}` : `${kind} ${quote(subject)}`;
  const input = stdin.length === 0 ? '' : `stdin\n${renderBody(stdin)}`;
  return `${head}\n${input}${renderAnswer(answer)}`;
}

function renderAnswer(answer: Answer): string {
  if ('error' in answer) return `error ${answer.error.code} ${quote(answer.error.detail)}\n`;
  if ('bytes' in answer) return `answer\n${renderBody(answer.bytes)}`;
  const end = answer.signal === null ? `exit ${answer.code ?? 'none'}` : `signal ${answer.signal}`;
  return `${end}\nstdout\n${renderBody(answer.stdout)}stderr\n${renderBody(answer.stderr)}`;
}

function renderBody(bytes: Buffer): string {
  if (bytes.length === 0) return '';
  const lines = bytes.toString('latin1').split('\n');
  const last = lines.pop() ?? '';
  const whole = lines.map((line) => `| ${escape(line)}\n`).join('');
  return last === '' ? whole : `${whole}| ${escape(last)}\\\n`;
}

function escape(line: string): string {
  return line.replace(/[^\t\x20-\x5b\x5d-\x7e]/g, (char) =>
    char === '\\' ? '\\\\' : `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}

/** JSON keeps a subject on one line; it is text, never bytes. */
function quote(text: string): string {
  return JSON.stringify(text);
}

function parseExchange(lines: readonly string[], firstLine: number): Exchange {
  const head = /^(exec|file|request) ("(?:[^"\\]|\\.)*")(?: ("(?:[^"\\]|\\.)*"))?$/.exec(lines[0] ?? '');
  const [, kind, subject, text] = head ?? [];
  if ((kind !== 'exec' && kind !== 'file' && kind !== 'request') || subject === undefined)
    throw bad(firstLine, lines[0]);
  const bodies = new Map<string, Buffer>();
  let end: RegExpExecArray | null = null;
  let section: string | undefined;
  const parts: string[] = [];
  for (const [index, line] of lines.slice(1).entries()) {
    if (line.startsWith('| ') && section !== undefined) {
      parts.push(unescapeLine(line.slice(2), firstLine + 1 + index));
      continue;
    }
    keep();
    section = /^(stdin|stdout|stderr|answer)$/.exec(line)?.[1];
    if (section !== undefined) continue;
    end = /^(exit) (\d+|none)$|^(signal) ([A-Z0-9]+)$|^(error) ([A-Z_]+) ("(?:[^"\\]|\\.)*")$/.exec(line);
    if (end === null) throw bad(firstLine + 1 + index, line);
  }
  keep();
  return {
    kind,
    subject: unquote(subject),
    text: text === undefined ? '' : unquote(text),
    stdin: bodies.get('stdin') ?? Buffer.alloc(0),
    answer: answerOf(end, bodies, firstLine),
  };

  function keep(): void {
    if (section !== undefined) bodies.set(section, Buffer.from(parts.join(''), 'latin1'));
    parts.length = 0;
  }
}

function answerOf(end: RegExpExecArray | null, bodies: ReadonlyMap<string, Buffer>, line: number): Answer {
  const empty = Buffer.alloc(0);
  const bytes = bodies.get('answer');
  if (end === null && bytes !== undefined) return { bytes };
  const [, exit, code, signal, name, error, errorCode = '', detail = '""'] = end ?? [];
  const streams = { stdout: bodies.get('stdout') ?? empty, stderr: bodies.get('stderr') ?? empty };
  if (exit !== undefined) return { code: code === 'none' ? null : Number(code), signal: null, ...streams };
  if (signal !== undefined) return { code: null, signal: name ?? null, ...streams };
  if (error !== undefined && isErrorCode(errorCode)) return { error: { code: errorCode, detail: unquote(detail) } };
  throw bad(line, 'an exchange without an answer');
}

function isErrorCode(text: string): text is ErrorCode {
  return text in errorRules;
}

function unescapeLine(text: string, line: number): string {
  const isWhole = !/(^|[^\\])(\\\\)*\\$/.test(text);
  const body = isWhole ? text : text.slice(0, -1);
  const plain = body.replace(/\\(\\|x[0-9a-f]{2}|.?)/g, (_, what: string) => {
    if (what === '\\') return '\\';
    if (what.length === 3) return String.fromCharCode(Number.parseInt(what.slice(1), 16));
    throw bad(line, text);
  });
  return isWhole ? `${plain}\n` : plain;
}

function unquote(text: string): string {
  return String(JSON.parse(text));
}

function bad(line: number, text: string | undefined): AppError {
  return new AppError('INPUT_INVALID', `Line ${line} of the recording cannot be read: ${text ?? ''}`);
}
