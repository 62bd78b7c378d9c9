/** What came of one case at one proxy. */
export interface Seen {
  /** All that the client got, latin1. */
  readonly text: string;
  /** Of the first final response; 0 = none came. */
  readonly status: number;
  /** Statuses of all responses in order, interim ones too. */
  readonly statuses: readonly number[];
  /** All that members heard. */
  readonly heard: string;
  readonly ending: 'end' | 'reset' | 'open';
}

/** One fact of the standard: bytes that a client sends, what the member answers, and whether what was seen is right. */
export interface ConformanceCase {
  readonly group: string;
  readonly name: string;
  readonly source: string;
  readonly send: string;
  /** Default: 200 with the body `ok` and the end of the connection. */
  readonly answer?: string;
  /** The client sends nothing more; default false: it waits for the proxy to close or to answer. */
  readonly until?: RegExp;
  readonly isRight: (seen: Seen) => boolean;
}

/** Not forwarded, and answered with an error or by closing. */
export function isRefused({ heard, status }: Seen): boolean {
  return heard === '' && (status === 0 || status >= 400);
}

/** Refused, and with one of these statuses. */
export function isRefusedWith(...statuses: readonly number[]): (seen: Seen) => boolean {
  return (seen) => isRefused(seen) && statuses.includes(seen.status);
}

export function isAnswered({ status, heard }: Seen): boolean {
  return status === 200 && heard !== '';
}

/** Answered, and the member heard (or, with `!`, did not hear) each of these, upper and lower case alike. */
export function isForwarded(...parts: readonly string[]): (seen: Seen) => boolean {
  return (seen) => {
    const heard = seen.heard.toLowerCase();
    return (
      isAnswered(seen) &&
      parts.every((part) =>
        part.startsWith('!') ? !heard.includes(part.slice(1).toLowerCase()) : heard.includes(part.toLowerCase()),
      )
    );
  };
}

/** Refused, or forwarded with exactly one request and without ambiguity: never as it came. */
export function isSafe(...forbidden: readonly string[]): (seen: Seen) => boolean {
  return (seen) =>
    isRefused(seen) ||
    (seen.heard.split(' HTTP/1.').length === 2 &&
      forbidden.every((part) => !seen.heard.toLowerCase().includes(part.toLowerCase())));
}

export function request(line: string, fields: readonly string[], body = ''): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n${body}`;
}
