import type { MonitorKind } from './monitor.ts';
import { connectProbe } from './tcp.ts';

/**
 * As `tcp`, and the connection is reset (SO_LINGER 0) instead of closed: no FIN exchange, nothing left in TIME_WAIT. A handshake that
 * is broken off before its third segment needs raw sockets, which no portable program has: the member's kernel sees a whole handshake
 * and its program may see a connection that is reset at once.
 */
export const tcpHalfOpenMonitor: MonitorKind = {
  type: 'tcp-half-open',
  settings: [],
  probe: connectProbe('connected and reset', (socket) => {
    socket.resetAndDestroy();
  }),
};
