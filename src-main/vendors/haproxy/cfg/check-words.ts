import { AppError } from '../../../contract/errors.ts';
import type { MonitorStep } from '../../../contract/model.ts';
import { compareVersions } from './conditions.ts';
import type { CheckKeyword } from './check-steps.ts';
import { quoteWord } from './quoting.ts';
import { bytesOfSent, wordOfBytes } from './sent-text.ts';

/** The version in which HAProxy's checks learned to talk HTTP in turns (manual of 2.2, `http-check connect`, `send`). */
export const dialogueVersion = '2.2.0';

/** True where the version is known and older. */
export function isOlder(version: string | undefined, than: string): boolean {
  const age = version === undefined ? undefined : compareVersions(version, than);
  return age !== undefined && age < 0;
}

/**
 * The words after `http-check` or `tcp-check` for a step, as they stand on a line. Throws PLAN_INVALID for a step that says nothing
 * or two things, CAPABILITY_MISSING for one that this kind of check, or this version, has no words for.
 */
export function stepText(keyword: CheckKeyword, step: MonitorStep, version: string | undefined): string {
  const { comment, isNegated, ...what } = step;
  const said = Object.keys(what).filter((key) => what[key as keyof typeof what] !== undefined); // keys of the schema
  if (said.length > 1)
    throw new AppError('PLAN_INVALID', `A step of a check does one thing, not ${said.join(' and ')}.`);
  const note = comment === undefined ? '' : ` comment ${quoteWord(comment)}`;
  const isOld = isOlder(version, dialogueVersion);
  if (isOld && keyword === 'http-check' && said[0] !== 'expectStatus' && said[0] !== 'expectBody') {
    throw lacking(`HAProxy ${version ?? ''} has no such step: 2.2 and later have`);
  }
  if (step.native !== undefined) return nativeText(step.native);
  if (step.connect !== undefined) return `connect${connectText(step.connect, isOld)}${note}`;
  if (step.request !== undefined) {
    if (keyword === 'tcp-check') throw lacking('a tcp-check sends no HTTP request: write it as text to send');
    return `send${requestText(step.request)}${note}`;
  }
  if (step.send !== undefined) {
    if (keyword === 'http-check') throw lacking('an HTTP check sends requests alone');
    return `${bytesText('send', 'send-binary', step.send)}${note}`;
  }
  const expected = expectText(keyword, step, isOld);
  if (expected !== undefined) return `expect${note}${isNegated === true ? ' !' : ''} ${expected}`;
  if (comment !== undefined) return note.slice(1);
  throw new AppError('PLAN_INVALID', 'A step of a check says nothing.');
}

/** Words of HAProxy as they were read, or as a person knows them. */
function nativeText(text: string): string {
  if (/[\r\n\0]/.test(text) || text.trim() === '') {
    throw new AppError('PLAN_INVALID', 'A step in HAProxy’s own words is one line, without the keyword before it.');
  }
  if (text.includes('***')) {
    throw new AppError('PLAN_INVALID', 'A step in HAProxy’s own words holds a masked secret. Write the secret itself.');
  }
  return text.trim();
}

function connectText(connect: NonNullable<MonitorStep['connect']>, isOld: boolean): string {
  const { port, address, tls, serverName, alpn, proxyProtocol, viaSocks4 } = connect;
  if (isOld && [address, serverName, alpn, viaSocks4].some((each) => each !== undefined)) {
    throw lacking('this version connects to another port alone, with TLS or a PROXY header: 2.2 and later know more');
  }
  return [
    port === undefined ? '' : ` port ${port}`,
    address === undefined ? '' : ` addr ${quoteWord(address)}`,
    proxyProtocol === true ? ' send-proxy' : '',
    viaSocks4 === true ? ' via-socks4' : '',
    tls === true ? ' ssl' : '',
    serverName === undefined ? '' : ` sni ${quoteWord(serverName)}`,
    alpn === undefined ? '' : ` alpn ${quoteWord(alpn.join(','))}`,
  ].join('');
}

/** The keywords of `http-check send` with their arguments, in the manual's order. */
export function requestPairs(request: NonNullable<MonitorStep['request']>): readonly (readonly string[])[] {
  const { method, path, httpVersion, host, headers = {}, body } = request;
  return [
    ...(method === undefined ? [] : [['meth', method]]),
    ...(path === undefined ? [] : [['uri', path]]),
    ...(httpVersion === undefined ? [] : [['ver', `HTTP/${httpVersion}`]]),
    ...(host === undefined ? [] : [['hdr', 'Host', host]]),
    ...Object.entries(headers).map(([name, value]) => ['hdr', name, value]),
    ...(body === undefined ? [] : [['body', body]]),
  ];
}

function requestText(request: NonNullable<MonitorStep['request']>): string {
  return requestPairs(request)
    .map(([keyword = '', ...args]) => ` ${keyword} ${args.map(unmasked).map(quoteWord).join(' ')}`)
    .join('');
}

function unmasked(value: string): string {
  if (!value.includes('***')) return value;
  throw new AppError('PLAN_INVALID', 'A header or body of a check holds a masked secret. Write the secret itself.');
}

function expectText(keyword: CheckKeyword, step: MonitorStep, isOld: boolean): string | undefined {
  const { expect, expectStatus, expectBody } = step;
  if (expectStatus !== undefined) {
    if (keyword === 'tcp-check') throw lacking('a tcp-check knows no status');
    if (isOld && (expectStatus.length !== 1 || expectStatus[0]?.length !== 3))
      return `rstatus ${statusPattern(expectStatus)}`;
    return `status ${expectStatus.join(',')}`;
  }
  const text = keyword === 'http-check' ? expectBody : expect;
  if (text === undefined) {
    const other = keyword === 'http-check' ? expect : expectBody;
    if (other === undefined) return undefined;
    throw lacking(keyword === 'http-check' ? 'an HTTP check awaits a status or a body' : 'a tcp-check awaits text');
  }
  const pattern = /^\/(.+)\/$/s.exec(text)?.[1];
  if (pattern !== undefined) return `rstring ${quoteWord(pattern)}`;
  return keyword === 'http-check' ? `string ${quoteWord(text)}` : bytesText('string', 'binary', text);
}

/** `200-399` as the expression that versions before 2.2 need: hundreds and single statuses alone. */
function statusPattern(statuses: readonly string[]): string {
  const parts = statuses.map((status) => {
    const [, low, high] = /^(\d)00-(\d)99$/.exec(status) ?? [];
    if (low !== undefined && high !== undefined) return low === high ? `${low}..` : `[${low}-${high}]..`;
    if (status.length === 3) return status;
    throw lacking(`this version awaits whole hundreds of statuses, such as 200-399, not ${status}`);
  });
  return `^(${parts.join('|')})$`;
}

function bytesText(plain: string, binary: string, text: string): string {
  if (text.includes('***')) {
    throw new AppError('PLAN_INVALID', 'What a check sends or awaits holds a masked secret. Write the secret itself.');
  }
  const bytes = bytesOfSent(text);
  if (bytes.length === 0) throw new AppError('PLAN_INVALID', 'A step of a check sends or awaits nothing.');
  const word = wordOfBytes(bytes);
  return word === undefined ? `${binary} ${bytes.toString('hex')}` : `${plain} ${word}`;
}

function lacking(why: string): AppError {
  return new AppError('CAPABILITY_MISSING', `A step of the check cannot be written into haproxy.cfg: ${why}.`);
}
