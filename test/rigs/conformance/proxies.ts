import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilListening, type Pinned } from '../../bench/engine/processes.ts';
import { openEngine } from '../engine-process.ts';
import { openAuthority, type IssuedCertificate } from '../certificates.ts';
import { findProgram } from '../need.ts';
import { freePort } from '../free-port.ts';

export const proxyNames = ['haproxy', 'nginx', 'engine'] as const;

export type ProxyName = (typeof proxyNames)[number];

/**
 * What clients speak to the proxy and what members hear: HTTP; `told` = behind a PROXY header of either version, `late` = that,
 * with half a second for it; `v1` and `v2` = HTTP, members get such a header; `relay-v1`, `relay-v2` = TCP with one on both sides;
 * `tls` = HTTP/1.1 behind TLS, with a certificate of ECDSA and one of RSA; `h2-members` = members hear HTTP/2 (not from NGINX);
 * `tls-hsts` = `tls` that says so by RFC 6797.
 */
export type Spoken =
  | 'http1'
  | 'http2'
  | 'told'
  | 'told-http2'
  | 'late'
  | 'v1'
  | 'v2'
  | 'relay-v1'
  | 'relay-v2'
  | 'tls'
  | 'tls-hsts'
  | 'h2-members';

export interface WantedListener {
  readonly spoken: Spoken;
  readonly member: number;
}

const hsts = { maxAgeS: 31_536_000, includeSubDomains: true, preload: true };
/** As others want it written. */
const hstsValue = 'max-age=31536000; includeSubDomains; preload';

/** One process with these listeners; ports in their order. */
export interface Proxy {
  readonly ports: readonly number[];
  readonly close: () => Promise<void>;
}

export async function openProxy(name: ProxyName, listeners: readonly WantedListener[]): Promise<Proxy> {
  if (!listeners.some(({ spoken }) => isTls(spoken))) return openers[name](listeners, []);
  const authority = openAuthority();
  const certificates = (['ec', 'rsa'] as const).map((key) => authority.issue({ names: ['a.example'], key }));
  const proxy = await openers[name](listeners, certificates);
  return {
    ports: proxy.ports,
    close: async () => {
      await proxy.close();
      authority.close();
    },
  };
}

/** Those of the listeners that speak TLS. */
type Certificates = readonly IssuedCertificate[];

const openers = { haproxy: openHaproxy, nginx: openNginx, engine: openOurs };

function isTold(spoken: Spoken): boolean {
  return ['told', 'told-http2', 'late'].includes(spoken) || isRelay(spoken);
}

function isRelay(spoken: Spoken): boolean {
  return spoken.startsWith('relay');
}

function isTls(spoken: Spoken): boolean {
  return spoken.startsWith('tls');
}

function isHttp2(spoken: Spoken): boolean {
  return spoken.endsWith('http2');
}

function sentVersion(spoken: Spoken): 'v1' | 'v2' | undefined {
  return spoken.endsWith('v1') ? 'v1' : spoken.endsWith('v2') ? 'v2' : undefined;
}

async function openOurs(listeners: readonly WantedListener[], certificates: Certificates): Promise<Proxy> {
  const engine = await openEngine({
    version: 1,
    virtualServers: listeners.map(({ spoken }, at) => ({
      name: `v${at}`,
      listen: ['127.0.0.1:0'],
      pool: `p${at}`,
      ...(isTold(spoken) ? { proxyProtocol: 'either' as const } : {}),
      ...(isRelay(spoken) ? { protocol: 'tcp' as const } : {}),
      ...(isHttp2(spoken) ? { http: { http2: true } } : {}),
      ...(spoken === 'late' ? { http: { headerTimeoutMs: 500 } } : {}),
      ...(isTls(spoken)
        ? { tls: { certificates: [...certificates], ...(spoken === 'tls-hsts' ? { hsts } : {}) } }
        : {}),
    })),
    pools: listeners.map(({ spoken, member }, at) => {
      const version = sentVersion(spoken);
      return {
        name: `p${at}`,
        members: [{ name: 'm', address: '127.0.0.1', port: member }],
        retry: { attempts: 0 },
        ...(version === undefined ? {} : { sendProxyProtocol: version }),
        ...(spoken === 'h2-members' ? { http2: true } : {}),
      };
    }),
  });
  return { ports: listeners.map((_, at) => engine.port(`v${at}`)), close: engine.stop };
}

function openHaproxy(listeners: readonly WantedListener[], certificates: Certificates): Promise<Proxy> {
  // It wants certificate and key in one file.
  const bundles = certificates.map(({ certFile, keyFile }) => {
    const file = `${certFile}.both`;
    writeFileSync(file, readFileSync(certFile, 'utf8') + readFileSync(keyFile, 'utf8'), { mode: 0o600 });
    return file;
  });
  return start(
    'haproxy',
    listeners.length,
    (file) => ['-db', '-f', file],
    (ports) => haproxyText(listeners, ports, bundles),
  );
}

function haproxyText(
  listeners: readonly WantedListener[],
  ports: readonly number[],
  bundles: readonly string[],
): string {
  const tls = `ssl ${bundles.map((file) => `crt ${file}`).join(' ')} alpn http/1.1`;
  const parts = listeners.map(({ spoken, member }, at) => {
    const version = sentVersion(spoken);
    const sent = version === undefined ? '' : version === 'v1' ? 'send-proxy' : 'send-proxy-v2';
    const mode = isRelay(spoken) ? 'tcp' : 'http';
    return `frontend f${at}
  mode ${mode}
  bind 127.0.0.1:${ports[at] ?? 0} ${isTold(spoken) ? 'accept-proxy' : ''} ${isHttp2(spoken) ? 'proto h2' : ''} ${isTls(spoken) ? tls : ''}
  ${spoken === 'tls-hsts' ? `http-after-response set-header Strict-Transport-Security "${hstsValue}"` : ''}
  ${spoken === 'late' ? 'timeout client 500ms' : ''}
  default_backend b${at}
backend b${at}
  mode ${mode}
  server m 127.0.0.1:${member} ${sent} ${spoken === 'h2-members' ? 'proto h2' : ''}
`;
  });
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
  option forwardfor
${parts.join('')}`;
}

const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Towards members it knows the PROXY protocol for streams alone, and version 1 alone. */
function openNginx(listeners: readonly WantedListener[], certificates: Certificates): Promise<Proxy> {
  return start(
    'nginx',
    listeners.length,
    (file, directory) => ['-p', directory, '-c', file],
    (ports) => nginxText(listeners, ports, certificates),
  );
}

function nginxText(listeners: readonly WantedListener[], ports: readonly number[], certificates: Certificates): string {
  // Its own default still has TLS 1.0 and not 1.3.
  const files = certificates.map(
    ({ certFile, keyFile }) => `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`,
  );
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path @/${kind};`);
  const parts = listeners.map(({ spoken, member }, at) =>
    isRelay(spoken) ? '' : nginxServer(spoken, ports[at] ?? 0, member, at, files.join(' ')),
  );
  const relays = listeners.map(({ spoken, member }, at) =>
    isRelay(spoken)
      ? ` server { listen 127.0.0.1:${ports[at] ?? 0} proxy_protocol; set_real_ip_from 127.0.0.1; proxy_protocol on; proxy_pass 127.0.0.1:${member}; }\n`
      : '',
  );
  const hasStream = existsSync(streamModule) && relays.join('') !== '';
  return `user root; daemon off; worker_processes 1; pid @/pid; error_log @/error.log; ${hasStream ? `load_module ${streamModule};` : ''} events { }
http { access_log off; ${temporary.join(' ')} map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${parts.join('')}}
${hasStream ? `stream { ${relays.join('')} }` : ''}
`;
}

function nginxServer(spoken: Spoken, port: number, member: number, at: number, files: string): string {
  const words = `${isHttp2(spoken) ? ' http2' : ''}${isTold(spoken) ? ' proxy_protocol' : ''}${isTls(spoken) ? ' ssl' : ''}`;
  const client = isTold(spoken) ? '$remote_addr' : '$proxy_add_x_forwarded_for';
  return ` upstream b${at} { server 127.0.0.1:${member} max_fails=0; keepalive 16; }
 server { listen 127.0.0.1:${port}${words}; ${spoken === 'late' ? 'client_header_timeout 500ms;' : ''} ${isTls(spoken) ? `ssl_protocols TLSv1.2 TLSv1.3; ${files}` : ''} ${spoken === 'tls-hsts' ? `add_header Strict-Transport-Security "${hstsValue}" always;` : ''}
  set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol; location / { proxy_pass http://b${at};
  proxy_http_version 1.1; proxy_next_upstream off;
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For ${client};
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } }
`;
}

type Words = (file: string, directory: string) => readonly string[];

/** Another process may take a port before the program does: then it is tried with others. */
async function start(name: ProxyName, count: number, words: Words, textOf: Text): Promise<Proxy> {
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(name, await Promise.all(Array.from({ length: count }, freePort)), words, textOf);
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

type Text = (ports: readonly number[]) => string;

async function startOnce(name: ProxyName, ports: readonly number[], words: Words, textOf: Text): Promise<Proxy> {
  const directory = mkdtempSync(join(tmpdir(), `steelyard-${name}-`));
  const file = join(directory, 'proxy.conf');
  writeFileSync(file, textOf(ports).replaceAll('@/', `${directory}/`));
  const child = spawn(findProgram(name) ?? name, words(file, directory), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
    child.on('error', () => {
      resolve();
    });
  });

  async function close(): Promise<void> {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  }

  const program: Pinned = {
    pid: child.pid ?? 0,
    hasEnded: () => child.exitCode !== null,
    said: () => said,
    stop: () => ended,
  };
  try {
    const listening = ports.filter((port) => textOf(ports).includes(`127.0.0.1:${port}`));
    for (const port of listening) await untilListening(port, program);
    // Somebody else may be listening there.
    if (program.hasEnded()) throw new Error(said);
  } catch (error) {
    await close();
    throw error;
  }
  return { ports, close };
}
