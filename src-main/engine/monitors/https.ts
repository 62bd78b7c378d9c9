import { request } from 'node:https';
import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { httpMonitor, probeHttp } from './http.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** As `http`, inside TLS. */
export const httpsMonitor: MonitorKind = { type: 'https', settings: [...httpMonitor.settings, 'tls'], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return withClientTls(settings, target, (tls) =>
    probeHttp(settings, target, (options) => request({ ...options, ...tls, signal })),
  );
}
