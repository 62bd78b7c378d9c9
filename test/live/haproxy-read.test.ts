import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sampleSchema } from '../../src-main/contract/metrics.ts';
import { type Accounts, makeAccountsIfRoot } from '../rigs/accounts.ts';
import { type Backends, sendRequests, startBackends } from '../rigs/backends.ts';
import { type HaproxyDevice, openHaproxyDevice } from '../rigs/haproxy-device.ts';
import { type Haproxy, type HaproxyOptions, startHaproxy } from '../rigs/haproxy.ts';
import { isMissing } from '../rigs/need.ts';
import { type Sshd, startSshd } from '../rigs/sshd.ts';

const signal = AbortSignal.timeout(600_000);

describe.skipIf(isMissing('haproxy', 'sshd', 'ssh-keygen'))('HAProxy read over SSH', () => {
  let sshd: Sshd;
  let backends: Backends;
  let accounts: Accounts | undefined;
  const rigs: Haproxy[] = [];
  const devices: HaproxyDevice[] = [];
  beforeAll(async () => {
    accounts = makeAccountsIfRoot();
    sshd = await startSshd({ accounts });
    backends = await startBackends(3);
  });
  afterAll(async () => {
    for (const { session } of devices) session.close();
    for (const rig of rigs) await rig.close();
    await backends.close();
    await sshd.close();
    accounts?.close();
  });

  /** By the account that reads, but where a query or an environment is asked for, which takes the owner of the process: the other one. */
  async function start(options: HaproxyOptions, query?: (rig: Haproxy) => string) {
    const reader = query === undefined && options.env === undefined ? accounts : undefined;
    const rig = await startHaproxy({ accounts, isPushersOwn: reader === undefined, ...options });
    rigs.push(rig);
    const config = query?.(rig) ?? `config=${rig.configFile}`;
    const opened =
      reader === undefined
        ? await openHaproxyDevice(sshd, config)
        : await openHaproxyDevice(sshd, `${config}&socket=${join(rig.directory, 'read.sock')}`, reader.reader);
    devices.push(opened);
    return { rig, ...opened };
  }
  /** The address names no socket: it is found. */
  function configAlone(rig: Haproxy): string {
    return `config=${rig.configFile}`;
  }
  function serverLines(more = ''): string {
    return backends.ports.map((port, index) => `    server b${index + 1} 127.0.0.1:${port}${more}`).join('\n');
  }

  test('every counter equals what back ends and clients counted', async () => {
    const { rig, device } = await start({ sections: `backend app\n${serverLines()}\n` });
    const before = backends.counts();
    const clients = await sendRequests(rig.port, 300, { path: '/?bytes=5000' });
    const sample = await device.poll(signal);

    expect(sampleSchema.parse(sample)).toEqual(sample);
    const members = sample.pools.find((pool) => pool.name === 'app')?.members ?? [];
    expect(members).toHaveLength(3);
    for (const member of members) {
      const served = (backends.counts()[member.name]?.requests ?? 0) - (before[member.name]?.requests ?? 0);
      expect(served).toBe(100);
      expect(member.requests).toBe(String(served));
      expect(member.totalConnections).toBe(String(served));
      expect(member.responses?.['2xx']).toBe(String(served));
      expect(clients.byBackend[member.name]).toBe(served);
      // Bodies of 5,000 bytes go out to the client; in go heads of requests.
      expect(Number(member.bytesOut)).toBeGreaterThan(served * 5000);
      expect(Number(member.bytesIn)).toBeLessThan(served * 500);
      expect(member).toMatchObject({ health: 'unmonitored', adminState: 'enabled', weight: 1, address: '127.0.0.1' });
    }
    expect(sample.virtualServers).toMatchObject([{ name: 'web', health: 'up', requests: '300' }]);
    expect(sample.pools[0]).toMatchObject({ name: 'app', algorithm: 'round-robin', health: 'up' });
  });

  test('a member that is down says since when and why; one that is out of rotation says who took it out', async () => {
    const { rig, device } = await start({
      sections: `backend app
    server ok 127.0.0.1:${backends.ports[0] ?? 0} check inter 100ms
    server dead 127.0.0.1:1 check inter 100ms fall 1
    server off 127.0.0.1:1 disabled
    server light 127.0.0.1:${backends.ports[1] ?? 0} weight 0 check inter 100ms
    server full 127.0.0.1:${backends.ports[2] ?? 0}
`,
    });
    await rig.ask('set server app/full state drain');
    await expect
      .poll(async () => (await device.poll(signal)).pools[0]?.members[1]?.health, { timeout: 10_000 })
      .toBe('down');
    await expect
      .poll(async () => (await device.poll(signal)).pools[0]?.members[0]?.health, { timeout: 10_000 })
      .toBe('up');
    const members = (await device.poll(signal)).pools[0]?.members;
    expect(members).toMatchObject([
      {
        name: 'ok',
        health: 'up',
        adminState: 'enabled',
        lastCheck: { result: expect.stringMatching(/^L4OK/) as string },
      },
      { name: 'dead', health: 'down', downSince: expect.any(String) as string },
      { name: 'off', health: 'unknown', adminState: 'disabled' },
      { name: 'light', health: 'up', adminState: 'enabled', weight: 0 },
      { name: 'full', health: 'unmonitored', adminState: 'draining', weight: 1 },
    ]);
    expect(members?.[1]?.lastCheck?.result).toMatch(/^L4CON: .*Connection refused/);
    await rig.ask('set server app/dead state drain');
    expect((await device.poll(signal)).pools[0]?.members[1]).toMatchObject({ health: 'down', adminState: 'draining' });
  });

  test('the configuration is read with its files in order, and the model has what HAProxy itself lists', async () => {
    const { rig, device } = await start({
      sections: `backend app\n    default-server weight 7\n${serverLines()}\n`,
      more: { 'second.cfg': 'backend other\n    balance leastconn\n    server x 127.0.0.1:1 weight 0\n' },
    });
    const reading = await device.read(signal);
    expect(reading.files.map((file) => file.path)).toEqual([rig.configFile, join(rig.directory, 'second.cfg')]);
    expect(reading.files[0]?.bytes.toString()).toBe(rig.readConfig());
    const sample = await device.poll(signal);
    const asked = sample.pools.map((pool) => [pool.name, pool.members.map(({ name, weight }) => [name, weight])]);
    const written = reading.model.pools.map((pool) => [
      pool.name,
      pool.members.map(({ name, weight }) => [name, weight]),
    ]);
    expect(written).toEqual(asked);
    expect(reading.model.pools.map((pool) => pool.name)).toEqual(['app', 'other']);
    expect(reading.facts).toMatchObject({ vendor: 'haproxy', weightRange: { lowest: 0, highest: 256 } });
    expect(reading.facts.version).toMatch(/^\d+\.\d+/);
    expect((await device.read(signal)).fingerprint).toBe(reading.fingerprint);
    writeFileSync(join(rig.directory, 'second.cfg'), 'backend other\n    server x 127.0.0.1:1 weight 1\n');
    expect((await device.read(signal)).fingerprint).not.toBe(reading.fingerprint);
  });

  test('a directory of files is read as HAProxy loads it', async () => {
    const { rig, device } = await start({
      directory: {
        '20-b.cfg': `backend app\n${serverLines()}\n`,
        '10-a.cfg': 'backend first\n    server x 127.0.0.1:1\n',
        '.hidden.cfg': 'this is not even a configuration\n',
        'README.txt': 'nor is this\n',
      },
      sections: '',
    });
    const reading = await device.read(signal);
    expect(reading.files.map((file) => file.path.slice(rig.directory.length))).toEqual([
      '/haproxy.cfg',
      '/conf.d/10-a.cfg',
      '/conf.d/20-b.cfg',
    ]);
    expect(reading.model.pools.map((pool) => pool.name)).toEqual(['first', 'app']);
  });

  test('environment variables and conditions are read as the running process has them', async () => {
    const { device } = await start({
      env: { HEAVY: '3', SY_ODD: "it's $HOME\nand more" },
      sections: `backend app
    server a 127.0.0.1:1 weight "\${HEAVY}"
    .if defined(SY_ODD)
    server b 127.0.0.1:2 weight "\${ABSENT-9}"
    .endif
    .if defined(SY_NOT_SET)
    server c 127.0.0.1:3
    .endif
`,
    });
    const { model } = await device.read(signal);
    expect(model.pools[0]?.members.map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 3],
      ['b', 9],
    ]);
    const sample = await device.poll(signal);
    expect(sample.pools[0]?.members.map(({ name, weight }) => [name, weight])).toEqual([
      ['a', 3],
      ['b', 9],
    ]);
  });

  test('a configuration reached by a symbolic link in a directory with an odd name is read', async () => {
    const { rig } = await start({ sections: `backend app\n${serverLines()}\n` });
    const odd = join(rig.directory, 'it\'s $(touch pwned) `x` ; & "q".cfg');
    symlinkSync(rig.configFile, odd);
    const opened = await openHaproxyDevice(sshd, `config=${encodeURIComponent(odd)}&socket=${rig.socket}`);
    devices.push(opened);
    const reading = await opened.device.read(signal);
    expect(reading.files.map((file) => file.path)).toEqual([odd]);
    expect(reading.model.pools.map((pool) => pool.name)).toEqual(['app']);
  });

  test('the wizard is told what was found, step by step', async () => {
    const { rig, device } = await start(
      { sections: `backend app\n${serverLines()}\n`, socketWords: 'mode 600 level operator' },
      configAlone,
    );
    const steps: string[] = [];
    const { facts, discovered } = await device.test((step) => {
      if (step.state !== 'running') steps.push(`${step.id} ${step.state}`);
    }, signal);
    expect(steps).toEqual(['privilege done', 'version done', 'read done']);
    expect(discovered).toEqual({ socket: rig.socket });
    const missing = facts.capabilities.filter((capability) => !capability.isPresent).map((capability) => capability.id);
    expect(missing).toContain('run-time');
    expect(facts.capabilities.find((capability) => capability.id === 'run-time')?.why).toContain('level operator');
  });

  test('a configuration without a socket is read, and polling says what to add', async () => {
    const { rig, device } = await start({ sections: `backend app\n${serverLines()}\n` }, configAlone);
    writeFileSync(rig.configFile, rig.readConfig().replace(/ *stats socket .*\n/g, ''));
    const reading = await device.read(signal);
    expect(reading.model.pools).toHaveLength(1);
    expect(reading.facts.capabilities.find((capability) => capability.id === 'poll')).toMatchObject({
      isPresent: false,
    });
    await expect(device.poll(signal)).rejects.toMatchObject({
      code: 'CAPABILITY_MISSING',
      detail: expect.stringContaining('stats socket') as string,
    });
  });

  test('counters that begin anew are of another epoch', async () => {
    const { rig, device } = await start({ sections: `backend app\n${serverLines()}\n` });
    await sendRequests(rig.port, 10);
    const before = await device.poll(signal);
    const old = await rig.answeringPid();
    rig.reload();
    while ((await rig.answeringPid()) === old) await sleep(20);
    const after = await device.poll(signal);
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.pools[0]?.members[0]?.requests).toBe('0');
  });
});
