import { parseDirectives } from '../cache/directives.ts';
import { parseList, readHead, type Fields } from '../cache/fields.ts';
import { negotiate, type Coding } from './negotiate.ts';

/** Shorter bodies fit a packet as they are. */
const leastBytes = 1024;

/** Text and what is like text. Event streams must not wait for a block to fill, so they stay as they are. */
const compressible =
  /^(?:text\/(?!event-stream)[^;]*|application\/(?:json|javascript|ecmascript|xml|wasm|manifest\+json|x-javascript|rtf|vnd\.ms-fontobject|x-ndjson|[^;]*\+(?:json|xml|text))|image\/(?:svg\+xml|bmp|x-icon|vnd\.microsoft\.icon)|font\/(?:ttf|otf|collection))\s*(?:;|$)/i;

/** What does not hold for the compressed form, or is written anew. */
const notKept: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'accept-ranges',
  'content-md5',
  'digest',
  'repr-digest',
  'content-digest',
  'etag',
  'vary',
]);
const varyField: ReadonlySet<string> = new Set(['vary']);

/** What a response becomes: the same with Vary, or compressed too. */
export interface CompressionPlan {
  readonly head: Buffer;
  readonly coding: Coding | undefined;
}

/**
 * Looks at a response with a body: undefined = nothing changes. What could be compressed gets `Vary: Accept-Encoding` also where this
 * client wants it plain; a strong ETag becomes weak with the compression (RFC 9110 8.8.1).
 */
export function planCompression(
  requestHead: string,
  responseHead: string,
  status: number,
  offered: readonly Coding[],
  hasRoom: boolean,
): CompressionPlan | undefined {
  const { startLine, fields } = readHead(responseHead);
  if (!isCompressible(status, fields)) return undefined;
  const request = readHead(requestHead).fields;
  const coding = request.has('range') || !hasRoom ? undefined : negotiate(request.get('accept-encoding'), offered);
  const vary = varyLine(fields);
  if (coding === undefined) {
    if (vary === undefined) return undefined;
    return { head: render(startLine, fields.without(varyField), vary), coding };
  }
  const etag = fields.get('etag');
  const weak = etag === undefined ? '' : `ETag: ${etag.startsWith('"') ? 'W/' : ''}${etag}\r\n`;
  const lines = `${weak}${vary ?? `Vary: ${fields.get('vary') ?? ''}\r\n`}Content-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n`;
  return { head: render(startLine, fields.without(notKept), lines), coding };
}

function isCompressible(status: number, fields: Fields): boolean {
  if (status < 200 || status === 204 || status === 206 || status === 304) return false;
  if (fields.has('content-encoding') || fields.has('content-range')) return false;
  if (!compressible.test(fields.get('content-type') ?? '')) return false;
  if (parseDirectives(fields.get('cache-control')).noTransform) return false;
  return Number(fields.get('content-length') ?? leastBytes) >= leastBytes;
}

/** Undefined where it says so already. */
function varyLine(fields: Fields): string | undefined {
  const names = parseList(fields.get('vary'));
  if (names.some((name) => name === '*' || name.toLowerCase() === 'accept-encoding')) return undefined;
  return `Vary: ${[...names, 'Accept-Encoding'].join(', ')}\r\n`;
}

function render(startLine: string, fields: Fields, lines: string): Buffer {
  return Buffer.from(`${startLine}\r\n${fields.render()}${lines}\r\n`, 'latin1');
}
