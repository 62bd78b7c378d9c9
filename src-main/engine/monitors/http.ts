import { request, type IncomingMessage } from 'node:http';
import type { MonitorSettings } from '../config/settings.ts';
import type { MonitorKind, ProbeTarget, Verdict } from './monitor.ts';

/** How much of a body is read when its text matters. */
const maxBodyBytes = 65_536;

/** One request on a connection of its own: status and, where asked for, a substring or `/regex/` of the body. */
export const httpMonitor: MonitorKind = {
  type: 'http',
  settings: ['method', 'path', 'host', 'headers', 'expectStatus', 'expectBody', 'drainStatus'],
  probe,
};

function probe(settings: MonitorSettings, target: ProbeTarget, signal: AbortSignal): Promise<Verdict> {
  return new Promise((resolve) => {
    const outgoing = request({
      host: target.address,
      port: target.port,
      method: settings.method,
      path: settings.path,
      headers: {
        host: settings.host === '' ? hostOf(target) : settings.host,
        connection: 'close',
        ...settings.headers,
      },
      agent: false,
      signal,
    });
    const timer = setTimeout(() => {
      finish({ isPassing: false, result: `no answer within ${settings.timeoutMs} ms` });
    }, settings.timeoutMs);
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      finish({ isPassing: false, result: error.code ?? error.message });
    });
    outgoing.on('response', (response) => {
      judge(settings, response, finish);
    });
    outgoing.end();

    function finish(verdict: Verdict): void {
      clearTimeout(timer);
      resolve(verdict);
      outgoing.destroy();
    }
  });
}

function judge(settings: MonitorSettings, response: IncomingMessage, finish: (verdict: Verdict) => void): void {
  const status = response.statusCode ?? 0;
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
      body = (body + text).slice(0, maxBodyBytes);
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

/** `/text/` is a regular expression, anything else a substring. */
function isExpected(body: string, expected: string): boolean {
  const regex = /^\/(.+)\/$/s.exec(expected)?.[1];
  return regex === undefined ? body.includes(expected) : new RegExp(regex).test(body);
}

function hostOf(target: ProbeTarget): string {
  return target.address.includes(':') ? `[${target.address}]:${target.port}` : `${target.address}:${target.port}`;
}
