/** Configurations of the peers: one thread or worker, round robin over the same back ends, X-Forwarded-For added. */

export function backendConfig(directory: string, ports: readonly number[], www: string): string {
  const small = 'x'.repeat(1024);
  return `worker_processes 1; daemon off; pid ${directory}/backend.pid; error_log ${directory}/backend.err warn;
worker_rlimit_nofile 20000; events { worker_connections 8000; accept_mutex off; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; sendfile on; tcp_nodelay on; server_tokens off;
 open_file_cache max=100; default_type application/octet-stream;
 server { ${ports.map((port) => `listen 127.0.0.1:${port} backlog=4096;`).join(' ')} root ${www};
  location = /1k { return 200 "${small}"; } } }
`;
}

export function haproxyConfig(port: number, backends: readonly number[], bufferBytes: number): string {
  return `global
  nbthread 1
  maxconn 4000
  tune.bufsize ${bufferBytes}
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 600s
  timeout http-keep-alive 600s
  http-reuse always
  option forwardfor
frontend f
  bind 127.0.0.1:${port} backlog 4096
  default_backend b
backend b
  balance roundrobin
  option httpchk GET /1k
${backends.map((each, index) => `  server s${index} 127.0.0.1:${each} check`).join('\n')}
`;
}

export function nginxConfig(directory: string, port: number, backends: readonly number[]): string {
  return `worker_processes 1; daemon off; pid ${directory}/proxy.pid; error_log ${directory}/proxy.err warn;
worker_rlimit_nofile 20000; events { worker_connections 8000; accept_mutex off; }
http { access_log off; keepalive_requests 100000000; keepalive_timeout 600s; tcp_nodelay on; proxy_max_temp_file_size 0;
 upstream b { keepalive 256; keepalive_requests 100000000; ${backends.map((each) => `server 127.0.0.1:${each};`).join(' ')} }
 proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
 server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass http://b; } } }
`;
}

/** The engine with what people switch on: checks, limits, statistics, forwarding fields. */
export function engineConfig(port: number, backends: readonly number[]): string {
  const members = backends.map((each, index) => ({
    name: `s${index}`,
    address: '127.0.0.1',
    port: each,
    maxConnections: 10_000,
  }));
  return JSON.stringify({
    version: 1,
    virtualServers: [{ name: 'web', listen: [`127.0.0.1:${port}`], pool: 'app' }],
    pools: [{ name: 'app', members, monitors: ['m'], keepAlive: { maxIdle: 1000 } }],
    monitors: [{ name: 'm', type: 'http', path: '/1k' }],
  });
}

/** A wrk script: what a load's requests look like, and its figures as one JSON line. */
export function wrkScript(kind: 'small' | 'browser' | 'close'): string {
  const fields = {
    small: [],
    close: ['wrk.headers["Connection"] = "close"'],
    browser: browserFields.map(([name, value]) => `wrk.headers["${name}"] = [[${value}]]`),
  }[kind];
  return `${fields.join('\n')}
done = function(s, l, r)
  local e = s.errors
  io.write(string.format('\\nJSON{"requests":%d,"durationUs":%d,"bytes":%d,"p50Us":%d,"p99Us":%d,"errors":%d}\\n',
    s.requests, s.duration, s.bytes, l:percentile(50), l:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`;
}

/** What a current browser sends beside Host: about 1 KiB in 14 fields. */
const browserFields = [
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cache-Control', 'max-age=0'],
  [
    'Cookie',
    `session=${'0123456789abcdef'.repeat(4)}; theme=dark; visitor=GA1.2.1234567890.1700000000; csrf=${'AbCdEf12'.repeat(4)}`,
  ],
  ['Referer', 'https://files.example.com/catalogue/items?page=12&sort=price&direction=ascending'],
  ['Sec-Ch-Ua', '"Chromium";v="140", "Not=A?Brand";v="24"'],
  ['Sec-Ch-Ua-Mobile', '?0'],
  ['Sec-Ch-Ua-Platform', '"Linux"'],
  ['Sec-Fetch-Dest', 'document'],
  ['Sec-Fetch-Mode', 'navigate'],
  ['Sec-Fetch-Site', 'same-origin'],
  ['Upgrade-Insecure-Requests', '1'],
] as const;
