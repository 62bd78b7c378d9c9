import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../engine-process.ts';
import { findProgram } from '../need.ts';
import { speak, startRawMember } from '../raw-http.ts';
import { freePort, untilListening, type Pinned } from '../../bench/engine/processes.ts';
import type { ConformanceCase, Seen } from './case.ts';

/** A proxy with one member of its own that answers what the case says. */
export interface ConformancePeer {
  readonly name: string;
  readonly run: (one: ConformanceCase) => Promise<Seen>;
  readonly close: () => Promise<void>;
}

const defaultAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok';

export async function openPeer(name: 'haproxy' | 'nginx' | 'engine'): Promise<ConformancePeer> {
  let answer = defaultAnswer;
  const answered = new WeakMap<object, number>();
  const member = await startRawMember((socket, said) => {
    if (!said.includes('\r\n\r\n') || answered.has(socket)) return;
    answered.set(socket, 1);
    const isTunnel = answer.startsWith('HTTP/1.1 101');
    // A body may still be on its way: the member's end comes only once the sender has had time to say everything.
    socket.write(Buffer.from(answer, 'latin1'));
    if (!isTunnel) setTimeout(() => socket.end(), 20);
  });
  const proxy = await openers[name](member.port);
  return {
    name,
    run: async (one) => {
      answer = one.answer ?? defaultAnswer;
      const before = member.heard.length;
      const { text, ending } = await speak(proxy.port, Buffer.from(one.send, 'latin1'), {
        timeoutMs: 1500,
        ...(one.until === undefined ? {} : { until: one.until }),
      });
      const statuses = [...text.matchAll(/(?:^|\n|[^\n])HTTP\/1\.\d (\d{3})/g)].map((match) => Number(match[1]));
      const heard = member.heard.slice(before).join('');
      return { text, ending, heard, statuses, status: statuses.find((each) => each >= 200) ?? 0 };
    },
    close: async () => {
      await proxy.close();
      await member.close();
    },
  };
}

interface Proxy {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const openers = { haproxy: openHaproxy, nginx: openNginx, engine: openOurs };

async function openOurs(memberPort: number): Promise<Proxy> {
  const engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members: [{ name: 'm', address: '127.0.0.1', port: memberPort }], retry: { attempts: 0 } }],
  });
  return { port: engine.port('web'), close: engine.stop };
}

async function openHaproxy(memberPort: number): Promise<Proxy> {
  const port = await freePort();
  const text = `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  retries 0
  option forwardfor
frontend f
  bind 127.0.0.1:${port}
  default_backend b
backend b
  server m 127.0.0.1:${memberPort}
`;
  return start('haproxy', port, (file) => ['-db', '-f', file], text);
}

async function openNginx(memberPort: number): Promise<Proxy> {
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path @/${kind};`);
  const text = `daemon off; worker_processes 1; pid @/pid; error_log @/error.log; events { }
http { access_log off; ${temporary.join(' ')} map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
 upstream b { server 127.0.0.1:${memberPort} max_fails=0; keepalive 16; }
 server { listen 127.0.0.1:${port}; location / { proxy_pass http://b; proxy_http_version 1.1; proxy_next_upstream off;
  proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; } } }
`;
  return start('nginx', port, (file, directory) => ['-p', directory, '-c', file], text);
}

async function start(
  name: string,
  port: number,
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
  await untilListening(port, program);
  return {
    port,
    close: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await ended;
      clearTimeout(timer);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
