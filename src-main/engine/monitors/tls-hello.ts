import type { MonitorSettings } from '../config/settings.ts';
import { withClientTls } from './client-tls.ts';
import { converse } from './dialogue.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** A TLS handshake that completes is a pass, whatever is spoken inside. */
export const tlsHelloMonitor: MonitorKind = { type: 'tls-hello', settings: ['tls'], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return withClientTls(settings, target, (tls) =>
    converse(
      {
        tls,
        awaited: 'TLS handshake',
        connected: (socket) => {
          const result = `${socket.getProtocol() ?? 'TLS'}, certificate until ${socket.getPeerCertificate().valid_to}`;
          return { isPassing: true, result };
        },
        hear: () => undefined,
      },
      target,
      settings.timeoutMs,
      signal,
    ),
  );
}
