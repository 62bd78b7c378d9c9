import type { MonitorStep } from '$contract/model.ts';

/**
 * The steps of a check as people write them, one a line: `send PING\r\n`, `expect +PONG`, `expect not ERR`, `status 200, 301`,
 * `body ready`, `connect`, `connect 443 tls`, `comment why`, `native ...` for the device's own words. A step with more to it is a line of JSON.
 */
export function stepsText(steps: readonly MonitorStep[]): string {
  return steps.map(lineOf).join('\n');
}

function lineOf(step: MonitorStep): string {
  const line = plainLine(step);
  return line !== undefined && JSON.stringify(sorted(stepOf(line))) === JSON.stringify(sorted(step))
    ? line
    : JSON.stringify(step);
}

function plainLine({
  connect,
  send,
  expect,
  expectStatus,
  expectBody,
  native,
  comment,
  isNegated,
}: MonitorStep): string | undefined {
  const not = isNegated === true ? 'not ' : '';
  if (send !== undefined) return `send ${send}`;
  if (expect !== undefined) return `expect ${not}${expect}`;
  if (expectStatus !== undefined) return `status ${not}${expectStatus.join(', ')}`;
  if (expectBody !== undefined) return `body ${not}${expectBody}`;
  if (native !== undefined) return `native ${native}`;
  if (connect !== undefined) {
    return ['connect', connect.port, connect.tls === true ? 'tls' : undefined]
      .filter((word) => word !== undefined)
      .join(' ');
  }
  return comment === undefined ? undefined : `comment ${comment}`;
}

function sorted(step: MonitorStep | undefined): unknown {
  return Object.entries(step ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The steps of such a text; undefined where a line is none. */
export function stepsOf(text: string): readonly MonitorStep[] | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const steps = lines.filter((line) => line !== '').map(stepOf);
  const known = steps.filter((step) => step !== undefined);
  return known.length === steps.length ? known : undefined;
}

function stepOf(line: string): MonitorStep | undefined {
  if (line.startsWith('{')) return readJson(line);
  const [, word = '', rest = ''] = /^(\S+)(?:\s+(.*))?$/s.exec(line) ?? [];
  if (word === 'connect') {
    const [, port, tls] = /^(\d{1,5})?\s*(tls)?$/.exec(rest) ?? ['', undefined, undefined];
    if (rest !== '' && port === undefined && tls === undefined) return undefined;
    return {
      connect: { ...(port === undefined ? {} : { port: Number(port) }), ...(tls === undefined ? {} : { tls: true }) },
    };
  }
  if (rest === '') return undefined;
  if (word === 'send') return { send: rest };
  if (word === 'native') return { native: rest };
  if (word === 'comment') return { comment: rest };
  const [, not, what = ''] = /^(not\s+)?(.*)$/s.exec(rest) ?? [];
  const negated = not === undefined ? {} : { isNegated: true };
  if (word === 'expect') return { expect: what, ...negated };
  if (word === 'body') return { expectBody: what, ...negated };
  const expectStatus = what.split(',').map((status) => status.trim());
  const isStatus = expectStatus.every((status) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(status));
  return word === 'status' && isStatus ? { expectStatus, ...negated } : undefined;
}

/** The plan's own schema judges what stands in it. */
function readJson(line: string): MonitorStep | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
