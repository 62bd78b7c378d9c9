/**
 * A second, slow reading of HTTP/1.1 requests, written from RFC 9112 with regular expressions and strings: what the engine's
 * scanner is compared with. It shares no code with it.
 */
export type Reading =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly target: string;
      readonly isHttp10: boolean;
      readonly contentLength: number;
      readonly isChunked: boolean;
      readonly keepsAlive: boolean;
      readonly headBytes: number;
    };

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21\x22\x24-\x7e]+) HTTP\/1\.(\d)$/;
const fieldLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const hostPattern = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=%[\]]+|\[[0-9a-fA-F:.]+\])(?::\d*)?$/;

/** Reads the first message of `text` (latin1). Only a head that is whole is judged. */
export function readRequest(text: string, maxFields: number): Reading {
  let start = 0;
  for (let empty = 0; empty < 2 && text.startsWith('\r\n', start); empty++) start += 2;
  const end = text.indexOf('\r\n\r\n', start);
  if (end < 0) return { kind: 'incomplete' };
  const lines = text.slice(start, end).split('\r\n');
  const top = requestLine.exec(lines[0] ?? '');
  if (top === null || lines.length - 1 > maxFields) return { kind: 'refused' };
  const [, method = '', target = '', minor = ''] = top;
  const fields: [string, string][] = [];
  for (const line of lines.slice(1)) {
    const field = fieldLine.exec(line);
    if (field === null) return { kind: 'refused' };
    fields.push([(field[1] ?? '').toLowerCase(), (field[2] ?? '').replace(/[ \t]+$/, '')]);
  }
  const isHttp10 = minor === '0';
  function values(name: string): string[] {
    return fields.filter(([each]) => each === name).map(([, value]) => value);
  }
  const options = connectionOptions(values('connection'));
  const hosts = values('host');
  const lengths = values('content-length');
  const codings = values('transfer-encoding');
  const isRefused =
    options === undefined ||
    options.some((option) => ['host', 'content-length', 'transfer-encoding', 'cookie'].includes(option)) ||
    method === 'CONNECT' ||
    !isTarget(target, method) ||
    hosts.length > 1 ||
    (hosts.length === 0 && !isHttp10) ||
    hosts.some((host) => !isHost(host)) ||
    lengths.length > 1 ||
    lengths.some((length) => !/^\d{1,15}$/.test(length)) ||
    codings.length > 1 ||
    codings.some((coding) => coding.toLowerCase() !== 'chunked') ||
    (codings.length > 0 && (lengths.length > 0 || isHttp10));
  if (isRefused) return { kind: 'refused' };
  return {
    kind: 'request',
    method,
    target,
    isHttp10,
    contentLength: lengths.length === 0 ? -1 : Number(lengths[0]),
    isChunked: codings.length > 0,
    keepsAlive: !options.includes('close') && (!isHttp10 || options.includes('keep-alive')),
    headBytes: end + 4,
  };
}

function connectionOptions(values: readonly string[]): string[] | undefined {
  const options = values.flatMap((value) => value.split(',').map((option) => option.replace(/^[ \t]+|[ \t]+$/g, '')));
  const isBroken = options.some((option) => option !== '' && !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(option));
  return isBroken ? undefined : options.map((option) => option.toLowerCase());
}

function isTarget(target: string, method: string): boolean {
  if (target.startsWith('/')) return true;
  if (target === '*') return method === 'OPTIONS';
  const authority = /^https?:\/\/([^/?]*)/i.exec(target)?.[1];
  return authority !== undefined && isHost(authority);
}

function isHost(host: string): boolean {
  if (host === '' || host.startsWith(':') || !hostPattern.test(host)) return false;
  return !host.startsWith('[') || /^\[[0-9a-fA-F:.]+\](?::\d*)?$/.test(host);
}

/** A chunked body: where it ends, or that it is incomplete or refused. */
export function readChunked(
  text: string,
):
  | { readonly kind: 'incomplete' | 'refused' }
  | { readonly kind: 'body'; readonly data: string; readonly bytes: number } {
  let at = 0;
  let data = '';
  for (;;) {
    const size = /^([0-9a-fA-F]{1,13})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?\r\n/.exec(text.slice(at, at + 1000));
    if (size === null)
      return { kind: !text.includes('\n', at) && isPrefixOfSize(text.slice(at)) ? 'incomplete' : 'refused' };
    at += size[0].length;
    const length = Number.parseInt(size[1] ?? '', 16);
    if (length === 0) break;
    data += text.slice(at, at + length);
    if (text.length < at + length + 2) {
      return { kind: '\r\n'.startsWith(text.slice(at + length)) ? 'incomplete' : 'refused' };
    }
    if (text.slice(at + length, at + length + 2) !== '\r\n') return { kind: 'refused' };
    at += length + 2;
  }
  const trailers = /^((?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/.exec(text.slice(at));
  return trailers === null ? { kind: 'incomplete' } : { kind: 'body', data, bytes: at + trailers[0].length };
}

function isPrefixOfSize(text: string): boolean {
  return text === '' || /^[0-9a-fA-F]{1,13}(?:[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?)?\r?$/.test(text);
}
