import type { OwnResponse } from '../http1/own-response.ts';
import type { RouteRequest } from '../runtime/route-request.ts';

const prefix = '/.well-known/acme-challenge/';

/** The answer to an authority's look (RFC 8555 8.3); undefined = it is none, or of nobody's order here: members may know. */
export function challengeAnswer(answers: ReadonlyMap<string, string>, request: RouteRequest): OwnResponse | undefined {
  const path = request.path();
  const body = path.startsWith(prefix) ? answers.get(path.slice(prefix.length)) : undefined;
  return body === undefined ? undefined : { status: 200, body, contentType: 'application/octet-stream' };
}
