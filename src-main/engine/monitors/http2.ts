import { connect, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { MonitorSettings } from '../config/settings.ts';
import { targetOf } from '../sockets/target.ts';
import { describeFailure } from './failure.ts';
import { hostOf, judge } from './http-answer.ts';
import type { ProbeTarget, Verdict } from './monitor.ts';

/** As `probeHttp` for a member that is asked in HTTP/2; `tls` undefined = in clear text, by prior knowledge. */
export function probeHttp2(
  settings: MonitorSettings,
  target: ProbeTarget,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const host = settings.host === '' ? hostOf(target) : settings.host;
    const session = connect(`${tls === undefined ? 'http' : 'https'}://${host}`, {
      createConnection: () =>
        tls === undefined
          ? connectTcp(targetOf(target))
          : connectTls({ ...targetOf(target), ...tls, ALPNProtocols: ['h2'] }),
    });
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `no answer within ${settings.timeoutMs} ms` });
    }, settings.timeoutMs);
    session.on('error', onError);
    session.on('close', () => {
      finish({ isPassing: false, result: 'closed before an answer' });
    });
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    else ask();

    function ask(): void {
      try {
        const stream = session.request({
          [constants.HTTP2_HEADER_METHOD]: settings.method,
          [constants.HTTP2_HEADER_PATH]: settings.path,
          [constants.HTTP2_HEADER_AUTHORITY]: host,
          ...settings.headers,
        });
        stream.on('error', onError);
        stream.on('response', (headers) => {
          judge(settings, Number(headers[':status']), stream, finish);
        });
        stream.end();
      } catch (error) {
        // A header that HTTP/2 does not have.
        finish({ isPassing: false, result: error instanceof Error ? error.message : String(error) });
      }
    }
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
