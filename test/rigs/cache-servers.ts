import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEngine } from './engine-process.ts';
import { findProgram } from './need.ts';
import { freePort } from './free-port.ts';

/** A cache before an origin. */
export interface CacheServer {
  readonly name: string;
  readonly port: number;
  readonly close: () => Promise<void>;
}

export async function startEngineCache(originPort: number): Promise<CacheServer> {
  const engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', cache: {} }],
    pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: originPort }] }],
  });
  return { name: 'engine', port: engine.port('web'), close: () => engine.stop() };
}

/** As it comes, but that it makes up no lifetime and grace beyond what responses say. */
export async function startVarnish(originPort: number): Promise<CacheServer> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-varnish-'));
  chmodSync(directory, 0o755);
  const port = await freePort();
  const vcl = join(directory, 'cache.vcl');
  writeFileSync(vcl, `vcl 4.1;\nbackend default { .host = "127.0.0.1"; .port = "${originPort}"; }\n`);
  const child = spawn(
    findProgram('varnishd') ?? 'varnishd',
    [
      '-F',
      '-f',
      vcl,
      '-a',
      `127.0.0.1:${port}`,
      '-n',
      join(directory, 'work'),
      '-s',
      'malloc,64m',
      '-p',
      'default_grace=0',
      '-p',
      'default_keep=3600',
    ],
    { stdio: 'ignore' },
  );
  return untilListening('varnish', child, port, directory);
}

export async function startNginxCache(originPort: number): Promise<CacheServer> {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-nginx-cache-'));
  chmodSync(directory, 0o755);
  mkdirSync(join(directory, 'store'));
  chmodSync(join(directory, 'store'), 0o777);
  const port = await freePort();
  const file = join(directory, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events {}
http {
  access_log off;
  proxy_cache_path ${directory}/store keys_zone=one:10m inactive=1h;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi; uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${originPort}; proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_cache one; proxy_cache_revalidate on; proxy_cache_lock on; proxy_cache_background_update on;
    }
  }
}
`,
  );
  const child = spawn(findProgram('nginx') ?? 'nginx', ['-c', file, '-e', join(directory, 'error.log')], {
    stdio: 'ignore',
  });
  return untilListening('nginx', child, port, directory);
}

async function untilListening(
  name: string,
  child: ChildProcess,
  port: number,
  directory: string,
): Promise<CacheServer> {
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  async function close(): Promise<void> {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  }
  for (let turn = 0; turn < 300 && child.exitCode === null; turn++) {
    if (await listens(port)) return { name, port, close };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await close();
  throw new Error(`${name} did not listen`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}
