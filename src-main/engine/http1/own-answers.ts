import type { VirtualServerRuntime } from '../runtime/virtual-server.ts';
import type { OwnResponse } from './own-response.ts';
import type { RequestView } from './request-view.ts';

/** What a virtual server without a pool for the request answers. */
export function defaultResponse(server: VirtualServerRuntime): OwnResponse {
  const { fixedResponse, redirect } = server.settings;
  if (redirect !== undefined) return { status: redirect.status, body: '', extraLines: `Location: ${redirect.to}\r\n` };
  return fixedResponse ?? { status: 503 };
}

/** To the same place on port 443: what stands in Host may be another port, which speaks clear text. */
export function httpsRedirect(request: RequestView): OwnResponse {
  const location = `https://${request.host().replace(/:\d*$/, '')}${request.target()}`;
  return { status: 308, body: '', extraLines: `Location: ${location}\r\n` };
}
