import type { MonitorSettings } from '../config/settings.ts';
import { converse } from './dialogue.ts';
import { bytesOf, excerpt, isFound } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * Sends `send` (`\r \n \t \0 \\ \xHH`) and waits for `expect` among what comes: bytes in the same writing, or a `/regex/` over the
 * bytes as Latin-1. Without `send` it only listens, without `expect` any byte passes.
 */
export const tcpSendExpectMonitor: MonitorKind = { type: 'tcp-send-expect', settings: ['send', 'expect'], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const { send, expect } = settings;
  const opening = bytesOf(send);
  return converse(
    {
      awaited: expect === '' ? 'answer' : `answer with ${expect}`,
      ...(opening === undefined || opening.length === 0 ? {} : { opening }),
      hear: (received) =>
        isFound(received, expect) ? { isPassing: true, result: `answered ${excerpt(received)}` } : undefined,
    },
    target,
    settings.timeoutMs,
    signal,
  );
}
