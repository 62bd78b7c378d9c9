import type { MonitorSettings } from '../config/settings.ts';
import { converse } from './dialogue.ts';
import { excerpt } from './expectation.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/**
 * `PING` as a RESP array must bring `+PONG` (Redis serialization protocol specification). An error, `-NOAUTH` and `-LOADING` among
 * them, is a failure: the server would answer clients' commands no better.
 */
export const redisMonitor: MonitorKind = { type: 'redis', settings: [], probe };

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  const dialogue = { awaited: '+PONG', opening: '*1\r\n$4\r\nPING\r\n', hear: judge };
  return converse(dialogue, target, settings.timeoutMs, signal);
}

function judge(received: Buffer): Verdict | undefined {
  if (received[0] !== 0x2b && received[0] !== 0x2d) {
    return { isPassing: false, result: `expected +PONG, got ${excerpt(received)}` };
  }
  const end = received.indexOf('\r\n');
  if (end < 0) return undefined;
  const line = received.subarray(0, end);
  if (line.toString('latin1') === '+PONG') return { isPassing: true, result: '+PONG' };
  return { isPassing: false, result: `expected +PONG, got ${excerpt(line)}` };
}
