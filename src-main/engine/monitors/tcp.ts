import { connect, type Socket } from 'node:net';
import type { MonitorSettings } from '../config/settings.ts';
import { targetOf } from '../sockets/target.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** A connection that opens is a pass. */
export const tcpMonitor: MonitorKind = {
  type: 'tcp',
  settings: [],
  probe: connectProbe('connected', (socket) => {
    socket.destroy();
  }),
};

/** Opens a connection and says `passing` when it stands; `end` then ends it. */
export function connectProbe(passing: string, end: (socket: Socket) => void): MonitorKind['probe'] {
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
        finish({ isPassing: true, result: passing });
      });

      function finish(verdict: Verdict): void {
        clearTimeout(timer);
        resolve(verdict);
        if (verdict.isPassing) end(socket);
        else socket.destroy();
      }
    });
  }
  return probe;
}
