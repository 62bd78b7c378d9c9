import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columns } from '../../../src-main/engine/haproxy-socket/columns.ts';
import { parseStatCsv } from '../../../src-main/vendors/haproxy/stats-csv.ts';
import { parseRunning } from '../../../src-main/vendors/haproxy/runtime-state.ts';
import { sendRequests, startBackends, type Backends } from '../../rigs/backends.ts';
import { freePort } from '../../rigs/free-port.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';

const directory = mkdtempSync(join(tmpdir(), 'steelyard-haproxy-socket-'));
const path = join(directory, 'admin.sock');
const children: ChildProcess[] = [];
let backends: Backends;
let engine: TestEngine;

function configOf(socket: string | { readonly path: string; readonly level: 'admin' }) {
  const [a = 0, b = 0] = backends.ports;
  return {
    version: 1 as const,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', connectionLimit: 500, http: { http2: false } },
    ],
    pools: [
      {
        name: 'app',
        monitors: ['check'],
        members: [
          { name: 'a', address: '127.0.0.1', port: a, weight: 3 },
          { name: 'b', address: '127.0.0.1', port: b, weight: 1 },
          { name: 'gone', address: '127.0.0.1', port: 1, priority: -1 },
        ],
      },
    ],
    monitors: [{ name: 'check', type: 'tcp' as const, intervalMs: 50, timeoutMs: 5000, fall: 1 }],
    haproxySocket: socket,
  };
}

beforeAll(async () => {
  backends = await startBackends(['a', 'b']);
  engine = await openEngine(configOf({ path, level: 'admin' }));
});

afterAll(async () => {
  for (const child of children) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await engine.stop();
  await backends.close();
  rmSync(directory, { recursive: true, force: true });
});

/** What the socket answers until it closes. */
function ask(text: string, socketPath = path): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part: string) => (answer += part));
    socket.on('end', () => {
      socket.end();
      resolve(answer);
    });
    socket.on('error', reject);
  });
}

async function rowsOf(text = 'show stat\n') {
  return parseStatCsv(await ask(text)).rows;
}

describe('the HAProxy-compatible socket', () => {
  it('shows what was counted to the reader that reads HAProxy', async () => {
    const counts = await sendRequests(engine.port('web'), 80, { concurrency: 4, path: '/?bytes=1000' });
    expect(counts.byBackend).toEqual({ a: 60, b: 20 });
    const [server] = (await engine.stats()).virtualServers;
    for (let turn = 0; turn < 200 && (await rowsOf()).at(4)?.('status') !== 'UP'; turn++);
    const rows = await rowsOf();
    const table = rows.map((row) =>
      ['pxname', 'svname', 'status', 'weight', 'act', 'bck', 'type', 'hrsp_2xx'].map((name) => row(name) ?? ''),
    );
    expect(table).toEqual([
      ['web', 'FRONTEND', 'OPEN', '', '', '', '0', '80'],
      ['app', 'a', 'UP', '3', '1', '0', '2', '60'],
      ['app', 'b', 'UP', '1', '1', '0', '2', '20'],
      ['app', 'gone', 'DOWN', '1', '0', '1', '2', '0'],
      ['app', 'BACKEND', 'UP', '4', '2', '0', '1', '80'],
    ]);
    const [frontend, , , gone, backend] = rows;
    expect(frontend?.('slim')).toBe('500');
    expect(frontend?.('req_tot')).toBe('80');
    expect(frontend?.('bout')).toBe(String(server?.bytesOut));
    expect(gone?.('check_status')).toBe('L4CON');
    expect(gone?.('last_chk')).toBe('ECONNREFUSED');
    expect(backend?.('algo')).toBe('roundrobin');
    const running = parseRunning(await ask('show info;show stat;show servers state\n'));
    expect(running.info.pid).toBe((await engine.stats()).pid);
    expect(running.algorithms.get('app')).toBe('roundrobin');
    expect([...running.servers.values()].map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 3],
      ['b', 1],
      ['gone', 1],
    ]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("changes weights and states, and says what is wrong in HAProxy's words", async () => {
    async function say(command: string): Promise<string> {
      return ask(`${command}\n`);
    }
    expect(await say('set server app/a weight 12; get weight app/a')).toBe('\n12 (initial 3)\n\n');
    expect(await say('set weight app/a 100%; get weight app/a')).toBe('\n3 (initial 3)\n\n');
    expect(await say('set server app/b state drain')).toBe('\n');
    expect((await rowsOf())[2]?.('status')).toBe('DRAIN');
    expect((await sendRequests(engine.port('web'), 10)).byBackend).toEqual({ a: 10 });
    expect(await say('disable server app/b')).toBe('\n');
    expect((await rowsOf())[2]?.('status')).toBe('MAINT');
    expect(await say('show servers state app')).toMatch(/\n\d+ app 2 b 127\.0\.0\.1 0 1 1 1 /);
    expect(await say('enable server app/b')).toBe('\n');
    expect(await say('set server app/b weight 300')).toBe(
      'Absolute weight can only be between 0 and 256 inclusive.\n\n',
    );
    expect(await say('set server app/x weight 1')).toBe('No such server.\n\n');
    expect(await say('set server nope/x state ready')).toBe('No such backend.\n\n');
    expect(await say('set server app/b state foo')).toContain("expects 'ready', 'drain' and 'maint'");
    expect(await say('show stat nope 7 -1')).toBe('No such proxy.\n\n');
    expect(await say('drop tables')).toMatch(/^Unknown command/);
  });

  it('filters rows, and stays open after prompt', async () => {
    const names = (await rowsOf('show stat app 4 -1\n')).map((row) => row('svname'));
    expect(names).toEqual(['a', 'b', 'gone']);
    expect(await ask('prompt\nshow backend\nquit\n')).toBe('\n> # name\napp\n\n> ');
  });

  it('changes nothing where its level does not let it', async () => {
    const other = join(directory, 'read.sock');
    const reader = await openEngine(configOf(other));
    expect(await ask('set server app/a weight 9\n', other)).toBe('Permission denied\n\n');
    expect(await ask('get weight app/a\n', other)).toBe('3 (initial 3)\n\n');
    await reader.stop();
  });

  it.skipIf(isMissing('socat'))('answers socat as HAProxy does', () => {
    const input = 'show version;show backend\n';
    const answer = execFileSync(findProgram('socat') ?? '', ['-', `UNIX-CONNECT:${path}`], { input }).toString();
    expect(answer).toMatch(/^\S+\n\n# name\napp\n\n$/);
  });

  it.skipIf(isMissing('haproxy'))(
    'says of each value what the HAProxy that is installed says, typed and as JSON',
    async () => {
      const socket = join(directory, 't.sock');
      const file = join(directory, 't.cfg');
      const [a = 0] = backends.ports;
      writeFileSync(
        file,
        `global
  stats socket ${socket}
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
frontend web
  maxconn 500
  bind unix@${join(directory, 't-web.sock')}
  default_backend app
backend app
  cookie SRV insert
  option httpchk
  server a 127.0.0.1:${a} check inter 100 cookie a maxconn 9
  server gone 127.0.0.1:1 check inter 100 fall 1 cookie b backup
`,
      );
      children.push(spawn(findProgram('haproxy') ?? '', ['-f', file, '-db'], { stdio: 'ignore' }));
      /** `Server check_code` with place, tags and type. */
      function layoutOf(typed: string): Map<string, string> {
        const lines = typed.matchAll(/^(?:([FBS])\.\d+\.\d+\.)?(\d+)\.([^.]+)\.1:(\w{3}:\w+):/gm);
        return new Map(
          [...lines].map(([, kind = '', place = '', name = '', what = '']) => [`${kind} ${name}`, `${place} ${what}`]),
        );
      }
      for (const command of ['show stat', 'show info']) {
        let theirs = new Map<string, string>();
        await expect
          .poll(
            async () => {
              theirs = layoutOf(await ask(`${command} typed\n`, socket).catch(() => ''));
              return theirs.size > 50 && (command === 'show info' || theirs.has('S last_chk'));
            },
            { timeout: 30_000 },
          )
          .toBe(true);
        const typed = await ask(`${command} typed\n`);
        const ours = layoutOf(typed);
        expect(ours.size).toBeGreaterThan(15);
        expect([...ours].filter(([name]) => theirs.has(name))).toEqual(
          [...ours].flatMap(([name]) => {
            const layout = theirs.get(name);
            return layout === undefined ? [] : [[name, layout]];
          }),
        );
        // What the real one writes only where there is such a thing.
        expect([...ours.keys()].filter((name) => !theirs.has(name)).sort()).toEqual([]);
        /** Every object of the JSON, as a line of the typed form would have it. */
        function shapes(json: string): Set<string> {
          const found = new Set<string>();
          for (const each of (JSON.parse(json) as unknown[]).flat()) {
            found.add(
              JSON.stringify(each, (key, value: unknown) =>
                ['proxyId', 'id', 'value', 'processNum'].includes(key) && typeof value !== 'object' ? 0 : value,
              ),
            );
          }
          return found;
        }
        const [our, their] = [shapes(await ask(`${command} json\n`)), shapes(await ask(`${command} json\n`, socket))];
        expect([...our].filter((shape) => !their.has(shape))).toEqual([]);
      }
      expect((await ask('show stat app 4 -1 typed\n')).match(/^S\.3\.\d\.1\.svname/gm)).toHaveLength(3);
    },
  );

  it.skipIf(isMissing('haproxy'))('has the columns of the HAProxy that is installed', async () => {
    const socket = join(directory, 'h.sock');
    const file = join(directory, 'h.cfg');
    const listen = `listen x\n  mode http\n  bind unix@${join(directory, 'x.sock')}\n`;
    writeFileSync(
      file,
      `global\n  stats socket ${socket}\ndefaults\n  timeout connect 1s\n  timeout client 1s\n  timeout server 1s\n${listen}`,
    );
    children.push(spawn(findProgram('haproxy') ?? '', ['-f', file, '-db'], { stdio: 'ignore' }));
    let header = '';
    for (let turn = 0; turn < 400 && header === ''; turn++) {
      header = await ask('show stat\n', socket).catch(() => '');
      if (header === '') await new Promise((resolve) => setTimeout(resolve, 25));
    }
    const theirs = (header.split('\n', 1)[0] ?? '').replace(/^# |,$/g, '').split(',');
    // A later HAProxy adds columns; those of 2.6 stay before the modules' own.
    expect(theirs.slice(0, columns.indexOf('-'))).toEqual(columns.slice(0, columns.indexOf('-')));
  });

  it.skipIf(isMissing('prometheus-haproxy-exporter'))('feeds the Prometheus exporter for HAProxy', async () => {
    const port = await freePort();
    const args = [`--web.listen-address=127.0.0.1:${port}`, `--haproxy.scrape-uri=unix:${path}`];
    children.push(spawn(findProgram('prometheus-haproxy-exporter') ?? '', args, { stdio: 'ignore' }));
    let text = '';
    for (let turn = 0; turn < 400 && !text.includes('haproxy_up'); turn++) {
      text = await fetch(`http://127.0.0.1:${port}/metrics`)
        .then((response) => response.text())
        .catch(() => '');
      if (text === '') await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(text).toContain('\nhaproxy_up 1\n');
    expect(text).toContain('\nhaproxy_server_http_responses_total{backend="app",code="2xx",server="a"} 70\n');
    expect(text).toContain('\nhaproxy_exporter_csv_parse_failures_total 0\n');
  });
});

describe.skipIf(isMissing('promtool'))('the metrics', () => {
  it('follow the rules for names and types', async () => {
    const { body } = await engine.admin('GET', '/metrics');
    const check = promisify(execFile)(findProgram('promtool') ?? '', ['check', 'metrics']);
    check.child.stdin?.end(body);
    expect(await check).toEqual({ stdout: '', stderr: '' });
  });
});
