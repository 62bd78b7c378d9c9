import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogEntry, LogPage } from '../../src-main/contract/log.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { freePort } from '../rigs/free-port.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';
import { type Syslog, startSyslog } from '../rigs/syslog.ts';

describe.skipIf(isMissing('haproxy', 'sshd'))('the log of a running HAProxy', { timeout: 120_000 }, () => {
  let site: Site;
  let syslog: Syslog;
  let called: CalledConsole;
  let directory = '';
  let [denied, refused, plain] = [0, 0, 0];
  let page: LogPage;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'steelyard-log-'));
    chmodSync(directory, 0o755);
    syslog = await startSyslog(join(directory, 'haproxy.log'));
    [denied, refused, plain] = [await freePort(), await freePort(), await freePort()];
    const log = `log 127.0.0.1:${syslog.port} local0`;
    site = await startSite({
      more: `frontend denying
    bind 127.0.0.1:${denied}
    ${log}
    log-format "state=%ts to=%b/%s code=%ST %{+Q}r"
    http-request deny if { path /secret }
    default_backend app
frontend refusing
    bind 127.0.0.1:${refused}
    ${log}
    option httplog
    default_backend gone
backend gone
    retries 0
    server away 127.0.0.1:${await freePort()}
listen raw
    bind 127.0.0.1:${plain}
    mode tcp
    ${log}
    option tcplog
    server b1 127.0.0.1:${denied}`,
    });
    called = await openCalledConsole(site.dataDir);
    const address = `${site.address}&log=${encodeURIComponent(syslog.file)}`;
    await called.call('devices.add', { spec: { name: 'lb', address, environment: 'staging' } });
    page = await called.call('log.read', { device: 'lb' });
  });
  afterAll(async () => {
    await called.console.close();
    await site.close();
    syslog.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** What comes after `page` until an entry is among it that is wanted; `page` goes on. */
  async function until(isWanted: (entry: LogEntry) => boolean): Promise<LogEntry> {
    let found: LogEntry | undefined;
    async function read(): Promise<boolean> {
      page = await called.call('log.read', { device: 'lb', after: page.cursor });
      found = page.entries.find(isWanted);
      return found !== undefined;
    }
    await expect.poll(read, { timeout: 30_000 }).toBe(true);
    if (found === undefined) throw new Error('not reached');
    return found;
  }

  test('is empty until something happens, and says where it stands', () => {
    expect(page).toMatchObject({ source: syslog.file, entries: [] });
  });

  test('tells in words how sessions ended, by the usual formats and by an own one', async () => {
    await (await fetch(`http://127.0.0.1:${denied}/`)).text();
    expect(await until((entry) => entry.pool === 'app')).toMatchObject({
      member: expect.stringMatching(/^b\d$/) as string,
      status: 200,
      request: 'GET / HTTP/1.1',
      state: { code: '--', isNormal: true },
    });
    await (await fetch(`http://127.0.0.1:${denied}/secret`)).text();
    const blocked = await until((entry) => entry.status === 403);
    expect(blocked.state).toMatchObject({ code: 'PR', isNormal: false });
    expect(blocked.state?.words.join()).toContain('deny rule');
    await (await fetch(`http://127.0.0.1:${refused}/`)).text();
    expect(await until((entry) => entry.virtualServer === 'refusing')).toMatchObject({
      pool: 'gone',
      member: 'away',
      status: 503,
      client: '127.0.0.1',
      state: { words: ['The server broke it off or refused it while connecting to the server.'] },
    });
    await new Promise<void>((resolve) => {
      const socket = connect(plain, '127.0.0.1', () => {
        socket.end('GET / HTTP/1.0\r\n\r\n');
      });
      socket.resume().on('close', () => {
        resolve();
      });
    });
    expect(await until((entry) => entry.pool === 'raw')).toMatchObject({ member: 'b1', state: { code: '--' } });
  });

  test('is read over a rotation without losing or repeating a line', async () => {
    await (await fetch(`http://127.0.0.1:${denied}/before`)).text();
    await expect
      .poll(async () => (await called.call('log.read', { device: 'lb' })).entries.at(-1)?.request, { timeout: 30_000 })
      .toContain('/before');
    syslog.rotate();
    await (await fetch(`http://127.0.0.1:${denied}/after`)).text();
    const seen: string[] = [];
    await expect
      .poll(
        async () => {
          page = await called.call('log.read', { device: 'lb', after: page.cursor });
          seen.push(
            ...page.entries.flatMap(({ request }) => (request === undefined ? [] : [request.split(' ')[1] ?? ''])),
          );
          return seen.includes('/after');
        },
        { timeout: 30_000 },
      )
      .toBe(true);
    expect(seen.filter((path) => path === '/before' || path === '/after')).toEqual(['/before', '/after']);
  });

  test.skipIf(isMissing('useradd') || process.getuid?.() !== 0)(
    'that the account may not read is a missing right that names the remedy',
    async () => {
      chmodSync(syslog.file, 0o600);
      await expect(called.call('log.read', { device: 'lb' })).rejects.toMatchObject({
        code: 'CAPABILITY_MISSING',
        detail: expect.stringMatching(/may not read .*haproxy\.log \(it belongs to .*adm.*sudo=1/) as string,
      });
      chmodSync(syslog.file, 0o644);
    },
  );
});
