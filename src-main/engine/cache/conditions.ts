import { parseHttpDate, parseList, type Fields } from './fields.ts';

/** Is the client's own copy still good (RFC 9110 13.1.2, 13.1.3)? Then 304 is enough. */
export function isNotModified(request: Fields, response: Fields): boolean {
  const noneMatch = request.get('if-none-match');
  const etag = response.get('etag');
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return true;
    return etag !== undefined && parseList(noneMatch).some((each) => weak(each) === weak(etag));
  }
  const sinceMs = parseHttpDate(request.get('if-modified-since'));
  const modifiedMs = parseHttpDate(response.get('last-modified') ?? response.get('date'));
  return sinceMs !== undefined && modifiedMs !== undefined && modifiedMs <= sinceMs;
}

/** Does `If-Range` let the part be served (RFC 9110 13.1.5)? Strong comparison, or the exact date. */
export function isRangeCurrent(ifRange: string | undefined, response: Fields): boolean {
  if (ifRange === undefined) return true;
  if (ifRange.startsWith('"')) return ifRange === response.get('etag');
  if (ifRange.startsWith('W/')) return false;
  const modified = response.get('last-modified');
  return (
    modified !== undefined && parseHttpDate(modified) === parseHttpDate(ifRange) && parseHttpDate(ifRange) !== undefined
  );
}

function weak(etag: string): string {
  return etag.startsWith('W/') ? etag.slice(2) : etag;
}
