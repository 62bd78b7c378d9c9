import type { Monitor } from '../contract/model.ts';

/**
 * A check's request as devices write it, `GET /path HTTP/1.1\r\nHost: name\r\n...` (the line ends as the two characters `\r\n` or as
 * themselves), taken apart; what is no such request stays whole in `send`.
 */
export function httpRequestOf(text: string): Partial<Monitor> {
  const [first = '', ...rest] = text.split(/\\r\\n|\r\n/);
  const request = /^([A-Z]+) (\S+)(?: HTTP\/(\d\.\d))?\s*$/.exec(first);
  const fields = rest.filter((line) => line !== '').map((line) => /^([^:\s]+):\s*(.*)$/.exec(line));
  if (request === null || fields.includes(null)) return { send: text };
  const [, method = '', path = '', httpVersion] = request;
  const pairs = fields.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const]));
  const host = pairs.find(([field]) => field.toLowerCase() === 'host')?.[1];
  const others = pairs.filter(([field]) => field.toLowerCase() !== 'host');
  return {
    method,
    path,
    ...(host === undefined || host === '' ? {} : { host }),
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
  };
}
