import { connect } from 'node:net';
import type { MonitorSettings } from '../config/settings.ts';
import { targetOf } from '../sockets/target.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * As `tcp`, and the connection is reset (SO_LINGER 0) instead of closed: no FIN exchange, nothing left in TIME_WAIT. A handshake that
 * is broken off before its third segment needs raw sockets, which no portable program has: the member's kernel sees a whole handshake
 * and its program may see a connection that is reset at once.
 */
export const tcpHalfOpenMonitor: MonitorKind = { type: 'tcp-half-open', settings: [], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve) => {
    const socket = connect({ ...targetOf(target), signal });
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `no connection within ${settings.timeoutMs} ms` });
    }, settings.timeoutMs);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      finish({ isPassing: false, result: error.code ?? error.message });
    });
    socket.on('connect', () => {
      finish({ isPassing: true, result: 'connected and reset' });
    });

    function finish(verdict: Verdict): void {
      clearTimeout(timer);
      resolve(verdict);
      if (verdict.isPassing) socket.resetAndDestroy();
      else socket.destroy();
    }
  });
}
