import type { MonitorSettings } from '../config/settings.ts';
import { exchangeDatagrams } from './datagram.ts';
import { bytesOf, excerpt, isFound } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * Sends `send` (`\r \n \t \0 \\ \xHH`; an empty datagram without it) and waits for `expect` in one datagram: bytes in the same
 * writing, or a `/regex/` over the bytes as Latin-1. Without `expect` silence passes too, as many services answer nothing to a
 * stranger: then only the system's word that nobody listens there is a failure.
 */
export const udpMonitor: MonitorKind = { type: 'udp', settings: ['send', 'expect'], probe };

function probe(
  { send, expect, timeoutMs }: MonitorSettings,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<Verdict> {
  let came = '';
  return exchangeDatagrams<Verdict>(
    {
      message: bytesOf(send) ?? Buffer.alloc(0),
      hear: (bytes) => {
        came = `, only ${excerpt(bytes)}`;
        if (expect !== '' && !isFound(bytes, expect)) return undefined;
        return { isPassing: true, result: `answered ${excerpt(bytes)}` };
      },
      onSilence: () =>
        expect === ''
          ? { isPassing: true, result: `not refused within ${timeoutMs} ms` }
          : { isPassing: false, result: `no answer with ${expect} within ${timeoutMs} ms${came}` },
      onFailure: (reason) => ({ isPassing: false, result: reason }),
    },
    target,
    timeoutMs,
    signal,
  );
}
