import { parseDirectives, type Directives } from './directives.ts';
import { readHead, type Fields } from './fields.ts';

/** A GET or HEAD as the cache looks at it. */
export interface CacheRequest {
  readonly key: string;
  readonly target: string;
  readonly fields: Fields;
  readonly directives: Directives;
  readonly isHead: boolean;
  /** It wants an answer that was asked for now. */
  readonly mustAsk: boolean;
  readonly isConditional: boolean;
  readonly range: string | undefined;
}

/** Reads a rewritten request head (origin form, Host there). Undefined = not for a cache. */
export function readRequest(head: string): CacheRequest | undefined {
  const isHead = head.startsWith('HEAD ');
  if (!isHead && !head.startsWith('GET ')) return undefined;
  const { startLine, fields } = readHead(head);
  if (fields.has('if-match') || fields.has('if-unmodified-since')) return undefined;
  const target = startLine.slice(isHead ? 5 : 4, startLine.lastIndexOf(' '));
  const control = fields.get('cache-control');
  const directives = parseDirectives(control);
  return {
    key: keyOf(fields.get('host') ?? '', target),
    target,
    fields,
    directives,
    isHead,
    mustAsk: directives.noCache || (control === undefined && /\bno-cache\b/i.test(fields.get('pragma') ?? '')),
    isConditional: fields.has('if-none-match') || fields.has('if-modified-since'),
    range: isHead ? undefined : fields.get('range'),
  };
}

/** What tells one resource from another: host without the default port, path and query. */
export function keyOf(host: string, target: string): string {
  return `${host.toLowerCase().replace(/:(80)?$/, '')}${target}`;
}

/** The key of a URL as a person writes it; undefined where it is none. */
export function keyOfUrl(url: string): string | undefined {
  const match = /^(?:https?:)?\/\/([^/?#]+)([^#]*)/i.exec(url);
  if (match === null) return undefined;
  const [, host = '', rest = ''] = match;
  return keyOf(host.replace(/^.*@/, ''), rest.startsWith('/') ? rest : `/${rest}`);
}

/** A part is of the plain body: parts of what is compressed anew each time do not fit together. */
export function withoutCodings(request: CacheRequest): CacheRequest {
  return { ...request, fields: request.fields.without(codings) };
}

const codings: ReadonlySet<string> = new Set(['accept-encoding']);
const notForwarded: ReadonlySet<string> = new Set(['range', 'if-range', 'if-none-match', 'if-modified-since']);

/** The request that fills the cache: the whole, or whether the stored one is still good. */
export function fillRequest(request: CacheRequest, validators: Fields | undefined): Buffer {
  const etag = validators?.get('etag');
  const modified = validators?.get('last-modified');
  const lines = request.fields.without(notForwarded).render();
  return Buffer.from(
    `GET ${request.target} HTTP/1.1\r\n${lines}` +
      (etag === undefined ? '' : `If-None-Match: ${etag}\r\n`) +
      (modified === undefined ? '' : `If-Modified-Since: ${modified}\r\n`) +
      '\r\n',
    'latin1',
  );
}
