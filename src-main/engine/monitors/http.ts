import { request, type ClientRequest, type RequestOptions } from 'node:http';
import type { MonitorSettings } from '../config/settings.ts';
import { describeFailure } from './failure.ts';
import { unixPathOf } from '../config/listen-address.ts';
import { hostOf, judge } from './http-answer.ts';
import { probeHttp2 } from './http2.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** One request on a connection of its own: status and, where asked for, a substring or `/regex/` of the body. */
export const httpMonitor: MonitorKind = {
  type: 'http',
  settings: ['method', 'path', 'host', 'headers', 'expectStatus', 'expectBody', 'drainStatus'],
  probe: (settings, target, signal) =>
    target.isHttp2
      ? probeHttp2(settings, target, undefined, signal)
      : probeHttp(settings, target, (options) => request({ ...options, signal })),
};

/** The request that `open` makes, and what its answer says. */
export function probeHttp(
  settings: MonitorSettings,
  target: ProbeTarget,
  open: (options: RequestOptions) => ClientRequest,
): Promise<Verdict> {
  return new Promise((resolve) => {
    const outgoing = open({
      ...requestTarget(target),
      method: settings.method,
      path: settings.path,
      headers: {
        host: settings.host === '' ? hostOf(target) : settings.host,
        connection: 'close',
        ...settings.headers,
      },
      agent: false,
    });
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `no answer within ${settings.timeoutMs} ms` });
    }, settings.timeoutMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      finish({ isPassing: false, result: describeFailure(error) });
    });
    outgoing.on('response', (response) => {
      judge(settings, response.statusCode ?? 0, response, finish);
    });
    outgoing.end();

    function finish(verdict: Verdict): void {
      clearTimeout(timer);
      resolve(verdict);
      outgoing.destroy();
    }
  });
}

function requestTarget(target: ProbeTarget): Pick<RequestOptions, 'host' | 'port' | 'socketPath'> {
  const socketPath = unixPathOf(target.address);
  return socketPath === undefined ? { host: target.address, port: target.port } : { socketPath };
}
