import type { Readable } from 'node:stream';
import { unixPathOf } from '../config/listen-address.ts';
import type { MonitorSettings } from '../config/settings.ts';
import { isExpected, maxAnswerBytes } from './expectation.ts';
import type { ProbeTarget, Verdict } from './monitor.ts';

/** What the status of an answer says and, where it is asked for, its body. */
export function judge(
  settings: MonitorSettings,
  status: number,
  response: Readable,
  finish: (verdict: Verdict) => void,
): void {
  const result = `HTTP ${status}`;
  if (isInRanges(status, settings.drainStatus)) {
    finish({ isPassing: true, isDraining: true, result });
  } else if (!isInRanges(status, settings.expectStatus)) {
    finish({ isPassing: false, result });
  } else if (settings.expectBody === '') {
    finish({ isPassing: true, result });
  } else {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      body = (body + text).slice(0, maxAnswerBytes);
    });
    response.on('error', (error) => {
      finish({ isPassing: false, result: error.message });
    });
    response.on('end', () => {
      const isPassing = isExpected(body, settings.expectBody);
      finish({ isPassing, result: isPassing ? result : `${result}, but the body lacks the expected text` });
    });
  }
}

function isInRanges(status: number, ranges: readonly string[]): boolean {
  return ranges.some((range) => {
    const [low = '', high = low] = range.split('-');
    return status >= Number(low) && status <= Number(high);
  });
}

/** What Host says where the monitor names none. */
export function hostOf(target: ProbeTarget): string {
  if (unixPathOf(target.address) !== undefined) return 'localhost';
  return target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
}
