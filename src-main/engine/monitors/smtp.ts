import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { converse, type Dialogue } from './dialogue.ts';
import { excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * A greeting of 220, then 250 to EHLO (RFC 5321). With `tls` the server must offer STARTTLS and answer EHLO again inside TLS
 * (RFC 3207). It leaves by QUIT.
 */
export const smtpMonitor: MonitorKind = { type: 'smtp', settings: ['tls'], probe };

const hello = 'EHLO localhost\r\n';

interface Reply {
  readonly code: number;
  readonly lines: readonly string[];
  readonly end: number;
}

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  if (!settings.hasTls) return converse(new Session(false), target, settings.timeoutMs, signal);
  return withClientTls(settings, target, (startTls) =>
    converse(Object.assign(new Session(true), { startTls }), target, settings.timeoutMs, signal),
  );
}

/** What the next reply answers. */
type Step = 'greeting' | 'hello' | 'starttls' | 'hello in TLS';

const wanted: Readonly<Record<Step, number>> = { greeting: 220, hello: 250, starttls: 220, 'hello in TLS': 250 };

class Session implements Dialogue {
  #step: Step = 'greeting';
  /** Bytes of the answers before. */
  #taken = 0;
  readonly #usesTls: boolean;

  constructor(usesTls: boolean) {
    this.#usesTls = usesTls;
  }

  get awaited(): string {
    return `answer ${wanted[this.#step]} (${this.#step})`;
  }

  readonly hear: Dialogue['hear'] = (all, say, startTls) => {
    const received = all.subarray(this.#taken);
    const reply = replyIn(received);
    if (reply === undefined) return undefined;
    if (reply === 'broken') return { isPassing: false, result: `expected ${this.awaited}, got ${excerpt(received)}` };
    if (reply.code !== wanted[this.#step]) {
      return {
        isPassing: false,
        result: `expected ${this.awaited}, got ${excerpt(Buffer.from(reply.lines[0] ?? ''))}`,
      };
    }
    // A server that speaks before it is asked is out of step; before TLS it may be somebody in between.
    if (received.length > reply.end) return { isPassing: false, result: `more than one answer (${this.#step})` };
    this.#taken += reply.end;
    switch (this.#step) {
      case 'greeting':
        this.#step = 'hello';
        say(hello);
        return undefined;
      case 'hello':
        if (!this.#usesTls) break;
        if (!reply.lines.some((line) => /^250[- ]STARTTLS$/i.test(line))) {
          return { isPassing: false, result: 'STARTTLS is not offered' };
        }
        this.#step = 'starttls';
        say('STARTTLS\r\n');
        return undefined;
      case 'starttls':
        this.#step = 'hello in TLS';
        this.#taken = 0;
        startTls(hello);
        return undefined;
      case 'hello in TLS':
        break;
    }
    say('QUIT\r\n');
    return { isPassing: true, result: `250 to EHLO${this.#usesTls ? ' in TLS' : ''}` };
  };
}

/** A whole reply: lines of one code, all but the last with a hyphen after it. */
function replyIn(received: Buffer): Reply | 'broken' | undefined {
  const text = received.toString('latin1');
  const lines: string[] = [];
  let start = 0;
  for (;;) {
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
    const isWhole = end >= 0;
    if (!(isWhole ? /^[2-5]\d\d([ -].*)?$/ : /^([2-5](\d(\d([ -].*)?)?)?)?$/).test(line)) return 'broken';
    if (lines[0] !== undefined && isWhole && line.slice(0, 3) !== lines[0].slice(0, 3)) return 'broken';
    if (!isWhole) return line.length > 2048 ? 'broken' : undefined;
    lines.push(line);
    start = end + 1;
    if (line[3] !== '-') return { code: Number(line.slice(0, 3)), lines, end: start };
  }
}
