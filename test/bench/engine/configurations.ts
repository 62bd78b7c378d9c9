import { existsSync } from 'node:fs';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';

/** How each proxy is set up: one thread or worker, round robin over the same back ends, X-Forwarded-For, checks where it has them. */

/** What a proxy speaks to its clients. */
export type Protocol = 'http' | 'https' | 'tcp';

export interface Site {
  /** Holds certificates, process ids, and what the back ends serve. */
  readonly directory: string;
  readonly port: number;
  readonly backends: readonly number[];
  readonly protocol: Protocol;
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';
const manyFiles = 'worker_rlimit_nofile 60000; events { worker_connections 28000; accept_mutex off; }';

/** Connections that a proxy must be able to hold: 10,000 idle ones, and room. */
const maxConnections = 12_000;

export function backendConfig(directory: string, ports: readonly number[]): string {
  const small = 'x'.repeat(1024);
  return `worker_processes 1; daemon off; pid ${directory}/backend.pid; error_log ${directory}/backend.err warn;
${manyFiles}
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; sendfile on; tcp_nodelay on; server_tokens off;
 open_file_cache max=100; default_type application/octet-stream;
 server { ${ports.map((port) => `listen 127.0.0.1:${port} backlog=4096;`).join(' ')} root ${directory}/www;
  location = /1k { return 200 "${small}"; } } }
`;
}

export function haproxyConfig(site: Site, bufferBytes: number): string {
  const { directory, port, backends, protocol } = site;
  const tls = protocol === 'https' ? `ssl crt ${directory}/both.pem ssl-min-ver TLSv1.3 alpn h2,http/1.1 ` : '';
  const isTcp = protocol === 'tcp';
  return `global
  nbthread 1
  no strict-limits
  maxconn ${maxConnections}
  tune.bufsize ${bufferBytes}
  tune.ssl.cachesize 20000
  ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384
defaults
  mode ${isTcp ? 'tcp' : 'http'}
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
${isTcp ? '' : '  http-reuse always\n  option forwardfor\n'}  option splice-auto
frontend f
  bind 127.0.0.1:${port} ${tls}backlog 4096
  default_backend b
backend b
  balance roundrobin
${isTcp ? '' : '  option httpchk GET /1k\n'}${backends.map((each, index) => `  server s${index} 127.0.0.1:${each} check`).join('\n')}
`;
}

/** NGINX has no active checks; of a build without the stream module no tcp is asked (see `hasStream`). */
export function nginxConfig({ directory, port, backends, protocol }: Site): string {
  const common = `worker_processes 1; daemon off; pid ${directory}/proxy-${port}.pid; error_log ${directory}/proxy.err warn;\n${manyFiles}\n`;
  const servers = backends.map((each) => `server 127.0.0.1:${each};`).join(' ');
  if (protocol === 'tcp')
    return `load_module ${streamModule};\n${common}stream { upstream b { ${servers} } server { listen 127.0.0.1:${port} backlog=4096; proxy_pass b; } }\n`;
  const listen =
    protocol === 'https'
      ? `listen 127.0.0.1:${port} ssl http2 backlog=4096; ssl_certificate ${directory}/cert.pem; ssl_certificate_key ${directory}/key.pem; ssl_protocols TLSv1.3;`
      : `listen 127.0.0.1:${port} backlog=4096;`;
  return `${common}http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on; proxy_max_temp_file_size 0;
 upstream b { keepalive 256; keepalive_requests 100000000; ${servers} }
 proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
 server { ${listen} location / { proxy_pass http://b; } } }
`;
}

export function hasStream(): boolean {
  return existsSync(streamModule);
}

export function caddyConfig({ directory, port, backends, protocol }: Site): string {
  const tls = protocol === 'https' ? ` tls ${directory}/cert.pem ${directory}/key.pem { protocols tls1.3 }\n` : '';
  return `{
 admin off
 auto_https off
 log {
  output discard
 }
}
${protocol}://127.0.0.1:${port}, ${protocol}://localhost:${port} {
${tls.replace('{ ', '{\n  ').replace(' }', '\n }')} reverse_proxy ${backends.map((each) => `127.0.0.1:${each}`).join(' ')} {
  lb_policy round_robin
  health_uri /1k
  health_interval 2s
  transport http {
   keepalive_idle_conns_per_host 256
   keepalive_idle_conns 1024
  }
 }
}
`;
}

/** The engine with what people switch on: checks, limits, statistics, forwarding fields. */
export function engineConfig({ directory, port, backends, protocol }: Site): EngineConfig {
  const members = backends.map((each, index) => ({
    name: `s${index}`,
    address: '127.0.0.1',
    port: each,
    maxConnections: 20_000,
  }));
  const pools = [{ name: 'app', members, monitors: ['m'], keepAlive: { maxIdle: 1000 } }];
  const server = { name: 'web', listen: [`127.0.0.1:${port}`], pool: 'app', connectionLimit: 20_000 };
  const http = { clientTimeoutMs: 600_000 };
  if (protocol === 'tcp')
    return {
      version: 1,
      virtualServers: [{ ...server, protocol: 'tcp' }],
      pools,
      monitors: [{ name: 'm', type: 'tcp' }],
    };
  const monitors: EngineConfig['monitors'] = [{ name: 'm', type: 'http', path: '/1k' }];
  if (protocol === 'http') return { version: 1, virtualServers: [{ ...server, http }], pools, monitors };
  const tls: NonNullable<EngineConfig['virtualServers']>[number]['tls'] = {
    profile: 'custom',
    minVersion: '1.3',
    cipherSuites: ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384'],
    alpn: ['h2', 'http/1.1'],
    certificates: [{ certFile: `${directory}/cert.pem`, keyFile: `${directory}/key.pem` }],
  };
  return { version: 1, virtualServers: [{ ...server, http, tls }], pools, monitors };
}
