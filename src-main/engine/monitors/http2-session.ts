import type { ClientHttp2Session } from 'node:http2';
import type { MonitorSettings } from '../config/settings.ts';
import { describeFailure } from './failure.ts';
import type { Verdict } from './monitor.ts';

/**
 * One question on an HTTP/2 session of its own, which is over with the verdict: `ask` sends it and calls `finish`, unless the time-out, the
 * end of the connection, a failure (`onError`, for the streams too) or `signal` comes first.
 */
export function askOnce(
  { timeoutMs }: Pick<MonitorSettings, 'timeoutMs'>,
  session: ClientHttp2Session,
  signal: AbortSignal,
  ask: (finish: (verdict: Verdict) => void, onError: (error: NodeJS.ErrnoException) => void) => void,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `no answer within ${timeoutMs} ms` });
    }, timeoutMs);
    session.on('error', onError);
    session.on('goaway', () => {
      finish({ isPassing: false, result: 'the server refused the connection (GOAWAY)' });
    });
    session.on('close', () => {
      finish({ isPassing: false, result: 'closed before an answer' });
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    else ask(finish, onError);

    function onError(error: NodeJS.ErrnoException): void {
      // A stream is cancelled because of something: that is the reason.
      finish({ isPassing: false, result: describeFailure(error.cause instanceof Error ? error.cause : error) });
    }
    function stop(): void {
      finish({ isPassing: false, result: 'stopped' });
    }
    function finish(verdict: Verdict): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(verdict);
      session.destroy();
    }
  });
}
