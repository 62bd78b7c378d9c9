import type { Endpoint } from '../http1/request-view.ts';
import type { PoolSettings } from '../config/settings.ts';
import { renderProxyHeader } from './proxy-protocol.ts';

/** What a new connection to a member of this pool says first; undefined = nothing. */
export function greetingOf(
  { settings }: { readonly settings: Pick<PoolSettings, 'sendProxyProtocol'> },
  endpoint: Endpoint,
): Buffer | undefined {
  return settings.sendProxyProtocol === 'none' ? undefined : renderProxyHeader(settings.sendProxyProtocol, endpoint);
}
