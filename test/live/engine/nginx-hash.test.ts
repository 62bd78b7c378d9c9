import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { algorithms } from '../../../src-main/engine/algorithms/registry.ts';
import { candidates, choice, seeded } from '../../main/engine/candidates.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { speak } from '../../rigs/raw-http.ts';
import { freePort } from '../../rigs/free-port.ts';

const weights = [3, 1, 2];
let nginx: ChildProcess | undefined;
let directory = '';
let ports: number[] = [];
let fronts: number[] = [];

describe.skipIf(isMissing('nginx'))('a choice beside NGINX', () => {
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'steelyard-nginx-'));
    ports = [await freePort(), await freePort(), await freePort()];
    fronts = [await freePort(), await freePort(), await freePort()];
    const servers = ports.map((port, index) => `server 127.0.0.1:${port} weight=${weights[index] ?? 1};`).join(' ');
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
      .join(' ');
    writeFileSync(
      join(directory, 'nginx.conf'),
      `daemon off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log; events { }
http { access_log off; ${temporary}
 upstream ring { hash $request_uri consistent; ${servers} } upstream modulo { hash $request_uri; ${servers} }
 upstream smooth { ${servers} } server { listen 127.0.0.1:${fronts[2] ?? 0}; location / { proxy_pass http://smooth; } }
 server { listen 127.0.0.1:${fronts[0] ?? 0}; location / { proxy_pass http://ring; } }
 server { listen 127.0.0.1:${fronts[1] ?? 0}; location / { proxy_pass http://modulo; } }
 ${ports.map((port) => `server { listen 127.0.0.1:${port}; location / { return 200 "${port}"; } }`).join('\n')} }`,
    );
    nginx = spawn(findProgram('nginx') ?? 'nginx', ['-p', directory, '-c', join(directory, 'nginx.conf')], {
      stdio: 'ignore',
    });
    while ((await speak(fronts[0] ?? 0, '', { timeoutMs: 200 })).ending !== 'open');
  });

  afterAll(async () => {
    const ended = new Promise((resolve) => nginx?.once('exit', resolve));
    nginx?.kill('SIGTERM');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  });

  it('takes turns by weight as it does, choice for choice', async () => {
    const members = candidates(...weights).map((member, index) => ({ ...member, port: ports[index] ?? 0 }));
    const chooser = algorithms.get('round-robin')?.create({ chance: seeded(1), settings: { name: 'round-robin' } });
    for (let turn = 0; turn < 60; turn++) {
      const theirs = await bodyOf(fronts[2] ?? 0, '/');
      expect([turn, String(chooser?.choose(members, choice()).port)]).toEqual([turn, theirs]);
    }
  });

  it.each([
    ['ring', 0],
    ['modulo', 1],
  ] as const)('spreads by %s as it does, choice for choice', async (hash, front) => {
    const members = candidates(...weights).map((member, index) => ({
      ...member,
      address: '127.0.0.1',
      port: ports[index] ?? 0,
    }));
    const chooser = algorithms.get('uri-hash')?.create({ chance: seeded(1), settings: { name: 'uri-hash', hash } });
    for (let turn = 0; turn < 300; turn++) {
      const target = `/file-${turn * 7919}?v=${turn}`;
      const theirs = await bodyOf(fronts[front] ?? 0, target);
      expect([target, String(chooser?.choose(members, choice({ target })).port)]).toEqual([target, theirs]);
    }
  });
});

function bodyOf(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}
