import { connect, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { MonitorSettings } from '../config/settings.ts';
import { targetOf } from '../sockets/target.ts';
import { hostOf, judge } from './http-answer.ts';
import { askOnce } from './http2-session.ts';
import type { ProbeTarget, Verdict } from './monitor.ts';

/** As `probeHttp` for a member that is asked in HTTP/2; `tls` undefined = in clear text, by prior knowledge. */
export function probeHttp2(
  settings: MonitorSettings,
  target: ProbeTarget,
  tls: ConnectionOptions | undefined,
  signal: AbortSignal,
): Promise<Verdict> {
  const host = settings.host === '' ? hostOf(target) : settings.host;
  const session = connect(`${tls === undefined ? 'http' : 'https'}://${host}`, {
    createConnection: () =>
      tls === undefined
        ? connectTcp(targetOf(target))
        : connectTls({ ...targetOf(target), ...tls, ALPNProtocols: ['h2'] }),
  });
  return askOnce(settings, session, signal, (finish, onError) => {
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
  });
}
