import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, untilListening, type Pinned } from '../../bench/engine/processes.ts';
import { openEngine } from '../engine-process.ts';
import { findProgram } from '../need.ts';

export const proxyNames = ['haproxy', 'nginx', 'engine'] as const;

export type ProxyName = (typeof proxyNames)[number];

/** What clients speak to the proxy; members hear HTTP/1.1. */
export type Spoken = 'http1' | 'http2';

/** One process with a listener for each member, in their order. */
export interface Proxy {
  readonly ports: readonly number[];
  readonly close: () => Promise<void>;
}

export function openProxy(name: ProxyName, spoken: Spoken, members: readonly number[]): Promise<Proxy> {
  return openers[name](spoken, members);
}

const openers = { haproxy: openHaproxy, nginx: openNginx, engine: openOurs };

async function openOurs(spoken: Spoken, members: readonly number[]): Promise<Proxy> {
  const engine = await openEngine({
    version: 1,
    virtualServers: members.map((_, at) => ({
      name: `v${at}`,
      listen: ['127.0.0.1:0'],
      pool: `p${at}`,
      ...(spoken === 'http2' ? { http: { http2: true } } : {}),
    })),
    pools: members.map((port, at) => ({
      name: `p${at}`,
      members: [{ name: 'm', address: '127.0.0.1', port }],
      retry: { attempts: 0 },
    })),
  });
  return { ports: members.map((_, at) => engine.port(`v${at}`)), close: engine.stop };
}

async function openHaproxy(spoken: Spoken, members: readonly number[]): Promise<Proxy> {
  const ports = await freePorts(members.length);
  const parts = members.map(
    (member, at) => `frontend f${at}
  bind 127.0.0.1:${ports[at] ?? 0} ${spoken === 'http2' ? 'proto h2' : ''}
  default_backend b${at}
backend b${at}
  server m 127.0.0.1:${member}
`,
  );
  const text = `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
  option forwardfor
${parts.join('')}`;
  return start('haproxy', ports, (file) => ['-db', '-f', file], text);
}

async function openNginx(spoken: Spoken, members: readonly number[]): Promise<Proxy> {
  const ports = await freePorts(members.length);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path @/${kind};`);
  const parts = members.map(
    (member, at) => ` upstream b${at} { server 127.0.0.1:${member} max_fails=0; keepalive 16; }
 server { listen 127.0.0.1:${ports[at] ?? 0}${spoken === 'http2' ? ' http2' : ''}; location / { proxy_pass http://b${at};
  proxy_http_version 1.1; proxy_next_upstream off;
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } }
`,
  );
  const text = `user root; daemon off; worker_processes 1; pid @/pid; error_log @/error.log; events { }
http { access_log off; ${temporary.join(' ')} map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
${parts.join('')}}
`;
  return start('nginx', ports, (file, directory) => ['-p', directory, '-c', file], text);
}

async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freePort());
  return ports;
}

async function start(
  name: string,
  ports: readonly number[],
  words: (file: string, directory: string) => readonly string[],
  text: string,
): Promise<Proxy> {
  const directory = mkdtempSync(join(tmpdir(), `steelyard-${name}-`));
  const file = join(directory, 'proxy.conf');
  writeFileSync(file, text.replaceAll('@/', `${directory}/`));
  const child = spawn(findProgram(name) ?? name, words(file, directory), { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
    child.on('error', () => {
      resolve();
    });
  });
  const program: Pinned = {
    pid: child.pid ?? 0,
    hasEnded: () => child.exitCode !== null,
    said: () => '',
    stop: () => ended,
  };
  for (const port of ports) await untilListening(port, program);
  return {
    ports,
    close: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await ended;
      clearTimeout(timer);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
