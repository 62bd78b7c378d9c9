import type { MonitorStep } from '../../../contract/model.ts';
import { maskSecrets } from './secrets.ts';
import { escapeHex, escapeSent, isPattern, spellSent } from './sent-text.ts';
import { readCount } from './units.ts';

export type CheckKeyword = 'http-check' | 'tcp-check';

/**
 * A rule of a check's dialogue as a step of the model (manual 4.2, `http-check` and `tcp-check`). `args` are the words after the
 * keyword, `source` their text: what the model has no words for is a step by that text.
 */
export function readStep(keyword: CheckKeyword, args: readonly string[], source: string): MonitorStep {
  const [kind = '', ...words] = args;
  return readKind(keyword, kind, words) ?? { native: maskSecrets(source) };
}

/** What a check does as text to compare: keys in one order, bytes in one spelling. */
export function keyOfCheck(check: unknown): string {
  return JSON.stringify(check, (key, value: unknown) => {
    if ((key === 'send' || key === 'expect') && typeof value === 'string') return spellSent(value);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  });
}

function readKind(keyword: CheckKeyword, kind: string, words: readonly string[]): MonitorStep | undefined {
  if (kind === 'comment') return words.length === 1 ? { comment: words[0] } : undefined;
  if (kind === 'connect') return readConnect(words);
  if (kind === 'expect') return readExpect(keyword, words);
  if (keyword === 'http-check') return kind === 'send' ? readRequest(words) : undefined;
  const [text = '', next, comment, ...more] = words;
  if ((next !== undefined && (next !== 'comment' || comment === undefined)) || more.length > 0) return undefined;
  const send = kind === 'send' && text !== '' ? escapeSent(text) : kind === 'send-binary' ? escapeHex(text) : undefined;
  return send === undefined ? undefined : { send: maskSecrets(send), ...commented(comment) };
}

function commented(comment: string | undefined): Pick<MonitorStep, 'comment'> {
  return comment === undefined ? {} : { comment };
}

function readConnect(words: readonly string[]): MonitorStep | undefined {
  let connect: NonNullable<MonitorStep['connect']> = {};
  let comment: string | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const [word, value] = [words[at], words[at + 1]];
    if (word === 'ssl') connect = { ...connect, tls: true };
    else if (word === 'send-proxy') connect = { ...connect, proxyProtocol: true };
    else if (word === 'via-socks4') connect = { ...connect, viaSocks4: true };
    else {
      if (value === undefined) return undefined;
      at += 1;
      const port = word === 'port' ? readCount(value, 65_535) : undefined;
      if (port !== undefined) connect = { ...connect, port };
      else if (word === 'addr') connect = { ...connect, address: value };
      else if (word === 'sni') connect = { ...connect, serverName: value };
      else if (word === 'alpn') connect = { ...connect, alpn: value.split(',') };
      else if (word === 'comment') comment = value;
      else return undefined; // a port by an expression, `default`, `linger`, `proto`
    }
  }
  return { connect, ...commented(comment) };
}

function readExpect(keyword: CheckKeyword, words: readonly string[]): MonitorStep | undefined {
  const rest = [...words];
  const comment = rest[0] === 'comment' ? rest.splice(0, 2)[1] : undefined;
  const isNegated = rest[0] === '!';
  if (isNegated) rest.shift();
  const [kind, value, ...more] = rest;
  if (value === undefined || value === '' || more.length > 0) return undefined;
  const expected = keyword === 'http-check' ? httpExpectation(kind, value) : tcpExpectation(kind, value);
  return expected && { ...expected, ...(isNegated ? { isNegated: true } : {}), ...commented(comment) };
}

function httpExpectation(kind: string | undefined, value: string): MonitorStep | undefined {
  if (kind === 'status') {
    const expectStatus = value.split(',').map((part) => part.trim());
    return expectStatus.every((status) => /^[1-5]\d\d(-[1-5]\d\d)?$/.test(status)) ? { expectStatus } : undefined;
  }
  if (kind === 'rstatus') return readStatusPattern(value);
  if (kind === 'rstring') return { expectBody: `/${value}/` };
  return kind === 'string' && !isPattern.test(value) ? { expectBody: value } : undefined;
}

/** The expressions that versions before 2.2 get for ranges: `^([2-3]..|404)$`. Others stay the device's own words. */
function readStatusPattern(pattern: string): MonitorStep | undefined {
  const parts = /^\^\((.+)\)\$$/.exec(pattern)?.[1]?.split('|') ?? [];
  const statuses = parts.map((part) => {
    const [, low, high = low] = /^\[?([1-5])(?:-([1-5])\])?\.\.$/.exec(part) ?? [];
    if (low !== undefined && high !== undefined) return `${low}00-${high}99`;
    return /^[1-5]\d\d$/.test(part) ? part : undefined;
  });
  const expectStatus = statuses.filter((status) => status !== undefined);
  return parts.length > 0 && expectStatus.length === parts.length ? { expectStatus } : undefined;
}

function tcpExpectation(kind: string | undefined, value: string): MonitorStep | undefined {
  if (kind === 'rstring') return { expect: `/${value}/` };
  const expect = kind === 'string' ? escapeSent(value) : kind === 'binary' ? escapeHex(value) : undefined;
  return expect === undefined || isPattern.test(expect) ? undefined : { expect };
}

/** The arguments of `http-check send`; a header or body by a format with samples in it stands there as its text. */
function readRequest(words: readonly string[]): MonitorStep | undefined {
  let request: NonNullable<MonitorStep['request']> = {};
  const headers: Record<string, string> = {};
  let comment: string | undefined;
  for (let at = 0; at < words.length; at += 2) {
    const [word, value] = [words[at], words[at + 1]];
    if (value === undefined) return undefined;
    if (word === 'meth') request = { ...request, method: value };
    else if (word === 'uri') request = { ...request, path: value };
    else if (word === 'ver') {
      const httpVersion = /^HTTP\/(\S+)$/i.exec(value)?.[1];
      if (httpVersion === undefined) return undefined;
      request = { ...request, httpVersion };
    } else if (word === 'body') request = { ...request, body: maskSecrets(value) };
    else if (word === 'comment') comment = value;
    else if (word === 'hdr') {
      const text = words[at + 2];
      if (text === undefined || value in headers) return undefined;
      if (value.toLowerCase() === 'host' && request.host === undefined) request = { ...request, host: text };
      else headers[value] = maskSecrets(`${value}: ${text}`).slice(value.length + 2);
      at += 1;
    } else return undefined;
  }
  if (Object.keys(headers).length > 0) request = { ...request, headers };
  return { request, ...commented(comment) };
}
