import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';
import { freePort } from '../../rigs/free-port.ts';

const modes = ['insert', 'rewrite', 'prefix', 'learn'] as const;
const members: RawMember[] = [];
const theirPorts: number[] = [];
let theirs: ChildProcess | undefined;
let ours: TestEngine | undefined;
let directory = '';

/** What members set, by path. */
const answers: Readonly<Record<string, string>> = {
  '/set': 'Set-Cookie: SRV=orig; Path=/x\r\n',
  '/quoted': 'Set-Cookie: SRV="or ig"; HttpOnly\r\n',
  '/empty': 'Set-Cookie: SRV=; Max-Age=0\r\n',
  '/bare': 'Set-Cookie: SRV\r\n',
  '/two': 'Set-Cookie: SRV=one\r\nSet-Cookie: SRV=two; Secure\r\n',
  '/spaces': 'Set-Cookie:  SRV = orig ; Path=/\r\n',
  '/other': 'Set-Cookie: XSRV=1; SRV=no\r\n',
};

/** Path, and the cookies that the client comes with. */
const requests: readonly (readonly [string, string])[] = [
  ...['/', ...Object.keys(answers)].map((path) => [path, ''] as const),
  ...['b1', 'b1~orig', 'zz~orig', 'b1~', '~orig', 'b1~x~y', 'orig', '"b1~q"', 'one', 'two'].flatMap((value) => [
    ['/', `SRV=${value}`] as const,
    ['/set', `SRV=${value}`] as const,
  ]),
  ['/', 'x=1; SRV=b1~orig; y=2'],
  ['/', 'SRV=a1~1; SRV=b1~2'],
  ['/', 'SRV=a1; SRV=b1'],
  ['/', 'x=1;SRV=b1'],
];

function haproxyConfig(): string {
  const servers = members
    .map(({ port }, index) => ` server s${index} 127.0.0.1:${port} cookie ${index === 0 ? 'a1' : 'b1'}`)
    .join('\n');
  const sections = modes.map((mode, index) => {
    const rule = {
      insert: 'cookie SRV insert indirect httponly',
      rewrite: 'cookie SRV rewrite',
      prefix: 'cookie SRV prefix',
      learn:
        'stick-table type string len 64 size 1k expire 10m\n stick match req.cook(SRV)\n stick store-response res.cook(SRV)',
    }[mode];
    return `listen ${mode}\n bind 127.0.0.1:${theirPorts[index] ?? 0}\n ${rule}\n${servers}`;
  });
  return `defaults\n mode http\n timeout connect 5s\n timeout client 5s\n timeout server 5s\n${sections.join('\n')}\n`;
}

function engineConfig(): EngineConfig {
  const list = members.map(({ port }, index) => ({
    name: `s${index}`,
    address: '127.0.0.1',
    port,
    cookieValue: index === 0 ? 'a1' : 'b1',
  }));
  return {
    version: 1,
    virtualServers: modes.map((mode) => ({ name: mode, listen: ['127.0.0.1:0'], pool: mode })),
    pools: modes.map((mode) => ({ name: mode, members: list, persistence: { method: `cookie-${mode}` } })),
  };
}

/** Who answered, the cookies that the member saw, and those that came back. */
async function exchange(port: number, path: string, cookie: string) {
  for (const member of members) member.heard.splice(0);
  const field = cookie === '' ? [] : [`Cookie: ${cookie}`];
  const { text } = await speak(
    port,
    [`GET ${path} HTTP/1.1`, 'Host: l', 'Connection: close', ...field, '', ''].join('\r\n'),
  );
  const heard = members.flatMap((member) => member.heard).join('');
  return {
    member: /X-Member: (.)/i.exec(text)?.[1] ?? text,
    seen: [...heard.matchAll(/^cookie: (.*)$/gim)].map(([, value]) => value?.trim()),
    set: [...text.matchAll(/^set-cookie: (.*)$/gim)].map(([, value]) =>
      value?.trim().replace('; Path=/; HttpOnly', '; path=/; HttpOnly'),
    ),
  };
}

describe.skipIf(isMissing('haproxy'))('cookies beside HAProxy', () => {
  beforeAll(async () => {
    for (const name of ['a', 'b']) {
      members.push(
        await startRawMember((socket, said) => {
          if (!said.endsWith('\r\n\r\n')) return;
          const set = answers[/^GET (\S*)/.exec(said)?.[1] ?? ''] ?? '';
          socket.write(
            `HTTP/1.1 200 OK\r\nDate: now\r\n${set}X-Member: ${name}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
          );
          socket.end();
        }),
      );
    }
    directory = mkdtempSync(join(tmpdir(), 'steelyard-haproxy-'));
    while (theirPorts.length < modes.length) theirPorts.push(await freePort());
    writeFileSync(join(directory, 'haproxy.cfg'), haproxyConfig());
    theirs = spawn(findProgram('haproxy') ?? 'haproxy', ['-db', '-f', join(directory, 'haproxy.cfg')], {
      stdio: 'ignore',
    });
    while ((await speak(theirPorts[0] ?? 0, 'x', { timeoutMs: 200, ends: true })).text === '');
    ours = await openEngine(engineConfig());
  }, 30_000);

  afterAll(async () => {
    const ended = new Promise((resolve) => theirs?.once('exit', resolve));
    theirs?.kill('SIGTERM');
    await ended;
    await ours?.stop();
    for (const member of members) await member.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it.each(modes)('%s: the same members see and set the same, request by request', async (mode) => {
    const theirPort = theirPorts[modes.indexOf(mode)] ?? 0;
    for (const [path, cookie] of requests) {
      const wanted = await exchange(theirPort, path, cookie);
      expect([path, cookie, await exchange(ours?.port(mode) ?? 0, path, cookie)]).toEqual([path, cookie, wanted]);
    }
  });
});
