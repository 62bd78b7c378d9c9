import type { Monitor, MonitorStep } from '../../../contract/model.ts';
import { maskSecrets } from './secrets.ts';

export type CheckRequest = NonNullable<MonitorStep['request']>;

/** The request that `option httpchk [METHOD] [URI [VERSION]]` asks for (manual 4.2). */
export function readOptionRequest(args: readonly string[]): CheckRequest {
  const [method, path, version, ...rest] = args.length === 1 ? [undefined, args[0]] : args;
  // Before 2.2 headers were smuggled in after the version: "HTTP/1.1\r\nHost: www".
  const [plain = '', ...smuggled] = [version, ...rest]
    .filter((word) => word !== undefined)
    .join(' ')
    .split(/\r\n|\n/);
  const [versionWord, atVersion] = plain.split(' ');
  const httpVersion = /^HTTP\/(\S+)$/i.exec(versionWord ?? '')?.[1];
  let host = atVersion;
  const headers: Record<string, string> = {};
  for (const line of smuggled) {
    const cut = line.indexOf(':');
    if (cut <= 0) continue;
    const [name, value] = [line.slice(0, cut).trim(), line.slice(cut + 1).trim()];
    if (name.toLowerCase() === 'host') host = value;
    else headers[name] = maskSecrets(`${name}: ${value}`).slice(name.length + 2);
  }
  return {
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(host === undefined ? {} : { host }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
}

/** A later request over an earlier one, as HAProxy lays its first `http-check send` over the option's. */
export function mergeRequests(base: CheckRequest, over: CheckRequest): CheckRequest {
  const headers = { ...base.headers, ...over.headers };
  return { ...base, ...over, ...(Object.keys(headers).length === 0 ? {} : { headers }) };
}

type RequestKeys = Pick<Monitor, 'method' | 'path' | 'httpVersion' | 'host' | 'headers' | 'send'>;

/** The request as keys of a monitor, whose `send` is the body. */
export function keysOfRequest({ body, ...request }: CheckRequest): RequestKeys {
  return { ...request, ...(body === undefined ? {} : { send: body }) };
}

export function requestOfKeys({ method, path, httpVersion, host, headers, send }: RequestKeys): CheckRequest {
  return {
    ...(method === undefined ? {} : { method }),
    ...(path === undefined ? {} : { path }),
    ...(httpVersion === undefined ? {} : { httpVersion }),
    ...(host === undefined ? {} : { host }),
    ...(headers === undefined ? {} : { headers }),
    ...(send === undefined ? {} : { body: send }),
  };
}
