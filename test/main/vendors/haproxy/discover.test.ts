import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import type { ExecResult, HostSession } from '../../../../src-main/transports/transport.ts';
import { parseArguments } from '../../../../src-main/vendors/haproxy/discover-arguments.ts';
import { environmentNames } from '../../../../src-main/vendors/haproxy/discover-environment.ts';
import { findReload } from '../../../../src-main/vendors/haproxy/discover-reload.ts';
import { findSite } from '../../../../src-main/vendors/haproxy/discover-site.ts';
import { openHost } from '../../../../src-main/vendors/haproxy/driver-host.ts';
import { reloadBackCommands, reloadCommands } from '../../../../src-main/vendors/haproxy/plan-reload.ts';

interface FakeProcess {
  readonly pid: number;
  readonly parent?: number;
  readonly words: readonly string[];
  readonly start?: number;
  readonly user?: number;
  readonly cgroup?: string;
  readonly cwd?: string;
}

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
function lookOf(processes: readonly FakeProcess[], account: number): string {
  const records = processes.map(({ pid, parent = 1, words, start = 100, user = 0, cgroup = '0::/\n', cwd = '/' }) =>
    [
      `pid ${pid}`,
      `stat ${hex(`${pid} (haproxy (x)) S ${parent} ${'0 '.repeat(17)}${start} 0 0\n`)}`,
      `status ${hex(`Name:\thaproxy\nUid:\t${user}\t${user}\t${user}\t${user}\n`)}`,
      `cmdline ${hex(words.map((word) => `${word}\0`).join(''))}`,
      `cgroup ${hex(cgroup)}`,
      `exe ${hex('/usr/sbin/haproxy')}`,
      `cwd ${hex(cwd)}`,
    ].join('\n'),
  );
  return `account ${account}\nprogram systemctl ${hex('/bin/systemctl')}\n${records.join('\n')}\n`;
}

/** A host that answers by the first key that a command holds. */
function hostOf(answers: Readonly<Record<string, string>>, sockets: Readonly<Record<string, string>> = {}) {
  const session: HostSession = {
    exec: (command) => {
      const found = Object.entries(answers).find(([key]) => command.includes(key));
      const result: ExecResult = {
        code: found ? 0 : 1,
        signal: null,
        stdout: Buffer.from(found?.[1] ?? ''),
        stderr: Buffer.alloc(0),
      };
      return Promise.resolve(result);
    },
    readFile: () => Promise.reject(new AppError('NOT_FOUND', 'no file')),
    request: (path) => {
      const answer = sockets[path];
      if (answer === undefined) return Promise.reject(new AppError('NOT_FOUND', path));
      return Promise.resolve(Buffer.from(answer));
    },
    isOpen: () => true,
    close: () => undefined,
  };
  return openHost(session, undefined);
}

async function siteOf(processes: readonly FakeProcess[], config?: string, account = 0, answers = {}, sockets = {}) {
  const survey = { 'hex()': lookOf(processes, account), 'one()': 'file /etc/haproxy/haproxy.cfg\0' };
  const host = hostOf({ ...survey, ...answers }, sockets);
  return { host, site: await findSite(host, config, {}) };
}

const usual = ['haproxy', '-Ws', '-f', '/etc/haproxy/haproxy.cfg', '-p', '/run/haproxy.pid'];
const noConfig = { isDaemon: false, pidFile: undefined };

describe('parseArguments', () => {
  it('takes files in their order, after -f and after --', () => {
    expect(parseArguments(['-f', 'a', '-D', '-f', 'b', '--', 'c', '-d']).files).toEqual(['a', 'b', 'c', '-d']);
  });

  it('leaves out of another start what a reload added to this one', () => {
    const words = [
      '-sf',
      '12',
      '13',
      '-x',
      'sockpair@4',
      '-W',
      '-f',
      'a.cfg',
      '-S',
      '/run/m.sock,mode,600',
      '-C',
      'sub',
    ];
    const args = parseArguments(words);
    expect(args.forStart).toEqual(['-W', '-f', 'a.cfg', '-S', '/run/m.sock,mode,600']);
    expect(args).toMatchObject({ isMaster: true, isDaemon: false, masterSocket: '/run/m.sock' });
  });

  it('keeps for a check what changes the reading of the files, and nothing that starts a process', () => {
    const args = parseArguments(['-D', '-L', 'peer1', '-m', '512', '-dr', '-db', '-p', '/run/p', '-f', 'a.cfg']);
    expect(args.forCheck).toEqual(['-L', 'peer1', '-m', '512', '-dr']);
  });
});

describe('environmentNames', () => {
  it('finds variables wherever they may stand, but for those that HAProxy gives itself', () => {
    const text = 'bind "$PORT"\nserver a "${ADDR-127.0.0.1}"\n.if defined(X) || env(Y)\nlog "${HAPROXY_LOCALPEER}"\n';
    expect(environmentNames([{ path: '/a', bytes: Buffer.from(text) }])).toEqual(['ADDR', 'PORT', 'X', 'Y']);
  });
});

describe('findSite', () => {
  it('takes the only one that runs, a master with its workers, the newest first', async () => {
    const { site } = await siteOf([
      { pid: 10, words: usual },
      { pid: 11, parent: 10, words: usual, start: 200 },
      { pid: 12, parent: 10, words: usual, start: 300 },
    ]);
    expect(site.instance?.root.pid).toBe(10);
    expect(site.instance?.workers.map((worker) => worker.pid)).toEqual([12, 11]);
  });

  it('counts a process that finishes after a reload without a master to the new one', async () => {
    const words = ['haproxy', '-D', '-f', '/etc/haproxy/haproxy.cfg'];
    const { site } = await siteOf([
      { pid: 10, words, start: 100 },
      { pid: 20, words: [...words, '-sf', '10'], start: 200 },
    ]);
    expect(site.instance?.root.pid).toBe(20);
    expect(site.instance?.workers.map((worker) => worker.pid)).toEqual([20, 10]);
  });

  it('asks which one is meant where several run and none has the usual file', async () => {
    const both = [
      { pid: 10, words: ['haproxy', '-f', '/a.cfg'] },
      { pid: 20, words: ['haproxy', '-f', 'b.cfg'], cwd: '/srv' },
    ];
    await expect(siteOf(both)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      detail: expect.stringContaining('/a.cfg; /srv/b.cfg') as string,
    });
    expect((await siteOf(both, '/srv/b.cfg')).site.instance?.root.pid).toBe(20);
    expect((await siteOf(both, '/other.cfg')).site.instance).toBeUndefined();
  });

  it('finds the one that loads the directory which the named file stands in', async () => {
    const { site } = await siteOf(
      [{ pid: 10, words: ['haproxy', '-f', '/etc/haproxy/conf.d/'] }],
      '/etc/haproxy/conf.d/a.cfg',
    );
    expect(site.instance?.root.pid).toBe(10);
  });

  it.each([
    ['nothing', ''],
    ['another system', 'BusyBox is not here\n'],
    ['a login banner and bytes', `${'\0\xff'.repeat(1000)}\n`],
  ])('says that the host is not understood when it answers %s', async (_, text) => {
    await expect(findSite(hostOf({ 'hex()': text }), undefined, {})).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
  });
});

describe('findReload', () => {
  const unit = { cgroup: '0::/system.slice/haproxy.service\n' };
  const active = 'MainPID=10\nActiveState=active\nCanReload=yes\n';

  it('lets systemd reload the unit that it keeps, with exactly that command', async () => {
    const { host, site } = await siteOf([{ pid: 10, words: usual, ...unit }], undefined, 0, {
      'systemctl show': active,
    });
    const reload = await findReload(host, site, noConfig, {});
    expect(reload).toEqual({ way: 'systemd', unit: 'haproxy.service', master: 10, isBySudo: false });
    if (reload.way === 'none' || site.instance === undefined) throw new Error('no reload');
    const plan = { reload, instance: site.instance, mark: '/m', environment: [], listenersFrom: undefined };
    expect(reloadCommands(host, plan).map((command) => command.shown)[1]).toBe('systemctl reload haproxy.service');
    const [back] = reloadBackCommands(host, plan).map((command) => command.shown);
    expect(back).toMatch(/^\( \[ -L \/m \] \|\| exit 0\n.*\nsystemctl reload haproxy\.service &&\n/);
  });

  it('has another account reload by the one line of sudoers, where it has that', async () => {
    const line = 'sudo -n -l /usr/bin/systemctl reload haproxy.service';
    const answers = { 'systemctl show': active, [line]: '' };
    const { host, site } = await siteOf([{ pid: 10, words: usual, ...unit }], undefined, 1000, answers);
    const reload = await findReload(host, site, noConfig, {});
    if (reload.way === 'none' || site.instance === undefined) throw new Error('no reload');
    const plan = { reload, instance: site.instance, mark: '/m', environment: [], listenersFrom: undefined };
    expect(reloadCommands(host, plan).map((command) => command.shown)[1]).toBe(
      'sudo -n /usr/bin/systemctl reload haproxy.service',
    );
    const without = await siteOf([{ pid: 10, words: usual, ...unit }], undefined, 1000, { 'systemctl show': active });
    expect(await findReload(without.host, without.site, noConfig, {})).toMatchObject({ way: 'none' });
  });

  it.each([
    ['another main process', 'MainPID=1\nActiveState=active\nCanReload=yes\n'],
    ['a unit that cannot reload', 'MainPID=10\nActiveState=active\nCanReload=no\n'],
    ['no systemd', ''],
  ])('does not trust a control group alone: %s', async (_, shown) => {
    const ssh = { cgroup: '0::/system.slice/ssh.service\n' };
    const { host, site } = await siteOf([{ pid: 10, words: usual, ...ssh }], undefined, 0, { 'systemctl show': shown });
    expect(await findReload(host, site, noConfig, {})).toEqual({ way: 'signal', master: 10 });
  });

  it('lets the init script reload what it started', async () => {
    const words = ['haproxy', '-f', '/etc/haproxy/haproxy.cfg', '-D', '-p', '/var/run/haproxy.pid'];
    const { host, site } = await siteOf([{ pid: 10, words }], undefined, 0, { '/etc/init.d/haproxy': '' });
    const reload = await findReload(host, site, noConfig, {});
    expect(reload).toEqual({ way: 'init', script: '/etc/init.d/haproxy' });
    if (reload.way === 'none' || site.instance === undefined) throw new Error('no reload');
    const plan = { reload, instance: site.instance, mark: '/m', environment: [], listenersFrom: undefined };
    expect(reloadCommands(host, plan).map((command) => command.shown)).toEqual([
      'ln -sfn -- asked /m',
      '/etc/init.d/haproxy reload',
    ]);
  });

  it('takes the master socket where it may, else a signal, else names what is missing', async () => {
    const words = [...usual, '-S', '/run/master.sock'];
    const own = [{ pid: 10, words, user: 1000 }];
    const admin = await siteOf(own, undefined, 1000, {}, { '/run/master.sock': 'admin\n\n' });
    expect(await findReload(admin.host, admin.site, noConfig, {})).toMatchObject({
      way: 'master-socket',
      canSignal: true,
    });
    const user = await siteOf(own, undefined, 1000, {}, { '/run/master.sock': 'user\n\n' });
    expect(await findReload(user.host, user.site, noConfig, {})).toEqual({ way: 'signal', master: 10 });
    const stranger = await siteOf(own, undefined, 1001);
    expect(await findReload(stranger.host, stranger.site, noConfig, {})).toMatchObject({
      way: 'none',
      why: expect.stringContaining('may not signal process 10') as string,
    });
  });
});
