import type { Protocol } from './configurations.ts';
import type { HeadKind } from './wrk-script.ts';

/** What is measured: the rows of the table, by name. */
export interface Row {
  readonly name: string;
  readonly title: string;
  readonly protocol: Protocol;
  readonly load: Load;
  /** What a lower figure of is better: the row's ratios are of it. */
  readonly unit: 'cpuUs' | 'cpuSPerGib' | 'kibPerConnection';
  /** Proxies beside those that every row has. */
  readonly also?: readonly ProxyName[];
  readonly proxies?: readonly ProxyName[];
}

export type ProxyName =
  | 'haproxy'
  | 'haproxy-256k'
  | 'nginx'
  | 'caddy'
  | 'http-proxy-3'
  | 'fast-proxy'
  | 'undici'
  | 'engine'
  | 'engine-2-workers';

export type Load =
  | { readonly tool: 'wrk'; readonly path: string; readonly connections: number; readonly head: HeadKind }
  | {
      readonly tool: 'h2load';
      readonly isHttp1: boolean;
      readonly path: string;
      readonly connections: number;
      readonly streams: number;
      /** Requests a second; absent = as many as it takes. */
      readonly rate?: number;
    }
  | { readonly tool: 'idle'; readonly connections: number };

/** Rows whose unit is processor time count all of the proxy's process tree, divided by what was answered. */
export const rows: readonly Row[] = [
  wrk('h1-small', 'HTTP/1.1 keep-alive, 1 KiB, small heads', 'http', '/1k', 64, 'small'),
  wrk('h1-browser', 'HTTP/1.1 keep-alive, 1 KiB, browser heads', 'http', '/1k', 64, 'browser'),
  {
    name: 'h1-rate',
    title: 'HTTP/1.1 at 4,000 requests/s, 32 connections',
    protocol: 'http',
    load: { tool: 'h2load', isHttp1: true, path: '/1k', connections: 32, streams: 1, rate: 4000 },
    unit: 'cpuUs',
  },
  wrk('h1-close', 'one request per connection, 1 KiB', 'http', '/1k', 64, 'close'),
  { ...wrk('h1-64k', '64 KiB bodies', 'http', '/64k', 32, 'small'), unit: 'cpuSPerGib', also: ['haproxy-256k'] },
  { ...wrk('h1-10m', '10 MiB bodies', 'http', '/10m', 8, 'small'), unit: 'cpuSPerGib', also: ['haproxy-256k'] },
  wrk('tls-keep-alive', 'TLS 1.3 keep-alive, 1 KiB', 'https', '/1k', 64, 'small'),
  wrk('tls-handshake', 'TLS 1.3 full handshakes, a request each', 'https', '/1k', 64, 'close'),
  { ...wrk('tls-10m', 'TLS 1.3, 10 MiB bodies', 'https', '/10m', 8, 'small'), unit: 'cpuSPerGib' },
  {
    name: 'h2',
    title: 'HTTP/2 over TLS, 16 connections x 16 streams, 1 KiB',
    protocol: 'https',
    load: { tool: 'h2load', isHttp1: false, path: '/1k', connections: 16, streams: 16 },
    unit: 'cpuUs',
  },
  {
    ...wrk('workers', 'two workers beside one, on one core', 'http', '/1k', 64, 'small'),
    proxies: ['engine', 'engine-2-workers'],
  },
  {
    name: 'idle',
    title: 'memory per idle keep-alive connection, 10,000 of them',
    protocol: 'http',
    load: { tool: 'idle', connections: 10_000 },
    unit: 'kibPerConnection',
  },
  { ...wrk('l4-bytes', 'TCP pass-through, 10 MiB each', 'tcp', '/10m', 8, 'small'), unit: 'cpuSPerGib' },
  wrk('l4-connections', 'TCP pass-through, a connection per request', 'tcp', '/1k', 64, 'close'),
];

/** Who can be measured at all over a protocol. The Node proxies bring no TLS of their own, and no TCP. */
export const proxiesOf: Readonly<Record<Protocol, readonly ProxyName[]>> = {
  http: ['haproxy', 'nginx', 'caddy', 'http-proxy-3', 'fast-proxy', 'undici', 'engine'],
  https: ['haproxy', 'nginx', 'caddy', 'engine'],
  tcp: ['haproxy', 'nginx', 'engine'],
};

function wrk(
  name: string,
  title: string,
  protocol: Protocol,
  path: string,
  connections: number,
  head: HeadKind,
): Row & { readonly unit: 'cpuUs' } {
  return { name, title, protocol, load: { tool: 'wrk', path, connections, head }, unit: 'cpuUs' };
}
