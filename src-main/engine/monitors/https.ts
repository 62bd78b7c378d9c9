import { request } from 'node:https';
import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { httpMonitor, probeHttp } from './http.ts';
import { probeHttp2 } from './http2.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** As `http`, inside TLS. */
export const httpsMonitor: MonitorKind = { type: 'https', settings: [...httpMonitor.settings, 'tls'], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return withClientTls(settings, target, (tls) =>
    target.isHttp2
      ? probeHttp2(settings, target, tls, signal)
      : probeHttp(settings, target, (options) => request({ ...options, ...tls, signal })),
  );
}
