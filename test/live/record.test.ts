import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAddress, type VendorId } from '../../src-main/contract/address.ts';
import type { RecordedFile } from '../../src-main/contract/api.ts';
import type { DeviceModel } from '../../src-main/contract/model.ts';
import { openConsole } from '../../src-main/console.ts';
import { startNetscaler } from '../../src-main/simulate/netscaler/start.ts';
import { replaySession } from '../../src-main/transports/replay.ts';
import { drivers } from '../../src-main/vendors/registry.ts';
import type { DriverTools, OpenDevice } from '../../src-main/vendors/vendor.ts';
import { runCommandLine } from '../rigs/command-line.ts';
import { openCalledConsole } from '../rigs/console-calls.ts';
import { startSite } from '../rigs/haproxy-site.ts';
import { startMibDevice } from '../rigs/mib-device.ts';
import { isMissing } from '../rigs/need.ts';
import { firstDifference } from '../rigs/renamed.ts';
import { startSnmpAgent } from '../rigs/snmp-agent.ts';
import { agentRows } from '../rigs/snmp-recording.ts';
import { startSnmpd } from '../rigs/snmpd.ts';

const tools: DriverTools = {
  now: () => new Date(),
  sleep: () => Promise.resolve(),
  sha256: (bytes) => createHash('sha256').update(bytes).digest('hex'),
  certificate: () => undefined,
};
const signal = AbortSignal.timeout(120_000);

/** The device that a recording of commands replays. */
function replayed(vendor: VendorId, files: readonly RecordedFile[], address: string): OpenDevice {
  const text = files.find(({ path }) => path === `cli/${vendor}.recording`)?.text ?? '';
  const driver = drivers.find(({ id }) => id === vendor);
  if (driver === undefined) throw new Error(vendor);
  return driver.open({ kind: 'host', host: replaySession(text) }, parseAddress(address), tools);
}
function textOf(files: readonly RecordedFile[]): string {
  return files.map(({ path, text }) => `${path}\n${text}`).join('\n');
}
/** Bytes of octets stand in hexadecimal in an snmprec. */
function decoded(text: string): string {
  return text.replaceAll(
    /\|4x\|([0-9a-f]*)/g,
    (_whole, hex: string) => `|4|${Buffer.from(hex, 'hex').toString('latin1')}`,
  );
}

const ltm = '1.3.6.1.4.1.3375.2.2';
function name(text: string): string {
  return [text.length, ...Buffer.from(text)].join('.');
}

describe('a BIG-IP by SNMP, recorded', () => {
  test('replays as the same model but for its names, and tells nobody whose it is', async () => {
    const members = ['/Common/payroll-db1', '/Common/payroll-db2', '/Common/10.44.7.9'];
    const rows = agentRows(
      [
        '1.3.6.1.2.1.1.3.0|67|100',
        '1.3.6.1.2.1.1.1.0|4|BIG-IP 15.1.0 on bigip7.initech.com',
        '1.3.6.1.2.1.1.4.0|4|Milton, +1 555 0100, milton@initech.com',
        '1.3.6.1.2.1.1.5.0|4|bigip7.initech.com',
        '1.3.6.1.2.1.1.6.0|4|basement',
        `${ltm}.10.1.2.1.3.${name('/Common/vs-payroll')}|4x|0a2c0701`,
        `${ltm}.10.1.2.1.6.${name('/Common/vs-payroll')}|2|443`,
        `${ltm}.10.1.2.1.19.${name('/Common/vs-payroll')}|4|/Common/payroll`,
        `${ltm}.5.1.2.1.2.${name('/Common/payroll')}|2|6`,
        ...members.flatMap((member, at) => {
          const index = `${name('/Common/payroll')}.${name(member)}.5432`;
          return [
            `${ltm}.5.3.2.1.3.${index}|4x|0a2c07${String(at + 20).padStart(2, '0')}`,
            `${ltm}.5.3.2.1.6.${index}|2|${at + 1}`,
            `${ltm}.5.6.2.1.5.${index}|2|${at === 1 ? 3 : 1}`,
            `${ltm}.5.6.2.1.8.${index}|4|Pool member ${member} answered, password=Sw0rdf1sh to admin@initech.com`,
            `${ltm}.5.4.3.1.6.${index}|70|18446744073709551000`,
          ];
        }),
      ].join('\n'),
    );
    const agent = await startSnmpAgent({ rows, community: 'tps-reports' });
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-record-'));
    const out = join(dataDir, 'out');
    const { console, call } = await openCalledConsole(dataDir);
    try {
      const address = `f5+snmp://tps-reports@127.0.0.1:${agent.port}`;
      await call('devices.add', { spec: { name: 'initech-edge', address, environment: 'lab' } });
      const given = { openConsole: () => Promise.resolve({ ...console, close: () => Promise.resolve() }) };
      const done = await runCommandLine(['record', 'initech-edge', '--to', out, '--data', dataDir], given);
      expect(done).toMatchObject({ status: 0 });
      expect((await readdir(out)).sort()).toEqual(['README.md', 'snmp']);
      const recorded = await readFile(join(out, 'snmp/f5.snmprec'), 'utf8');
      const clear = decoded(recorded) + (await readFile(join(out, 'README.md'), 'utf8'));
      for (const word of [
        'payroll',
        'initech',
        'tps-reports',
        'Sw0rdf1sh',
        'Milton',
        '555 0100',
        'basement',
        '10.44.7',
        'bigip7',
      ]) {
        expect(clear).not.toContain(word);
      }
      // Names in an index are numbers.
      expect(recorded).not.toContain([...Buffer.from('payroll')].join('.'));
      const model = await call('devices.read', { device: 'initech-edge' });
      const sample = await call('devices.poll', { device: 'initech-edge' });
      const again = await startMibDevice('f5', agentRows(recorded));
      try {
        expect(firstDifference(ordered(model.model), ordered((await again.device.read(signal)).model))).toBeUndefined();
        const { virtualServers, pools } = ordered(await again.device.poll(signal));
        expect(
          firstDifference(
            { virtualServers: sample.virtualServers, pools: ordered(sample).pools },
            { virtualServers, pools },
          ),
        ).toBeUndefined();
        // Three members of one subnet are still of one, and what was 10.x is 10.x.
        const subnets = pools.flatMap((pool) =>
          pool.members.map((one) => one.address?.split('.').slice(0, 3).join('.')),
        );
        expect(new Set(subnets).size).toBe(1);
        expect(subnets[0]).toMatch(/^10\./);
      } finally {
        await again.stop();
      }
      const second = await runCommandLine(['record', 'initech-edge', '--to', out, '--data', dataDir], given);
      expect(second).toMatchObject({ status: 1, stderr: expect.stringContaining('not empty') as string });
    } finally {
      await console.close();
      await agent.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);
});

describe.skipIf(isMissing('haproxy', 'sshd'))('a HAProxy over SSH, recorded', () => {
  test('replays as the same model but for its names, and holds none of the secrets that stood everywhere', async () => {
    const secrets = [
      'hunter2-hunter2',
      'Bearer-9f8e7d6c5b4a',
      'k33per-0f-keys',
      'cookie-monster-1',
      'u5erinf0',
      'stats-pa55',
    ];
    const site = await startSite({
      pool: ['balance roundrobin', `dynamic-cookie-key ${secrets[3] ?? ''}`, 'cookie SRV insert dynamic'],
      more: [
        '# paged to lumbergh@initech.com, password k33per-0f-keys',
        'userlist payroll-admins',
        `    user lumbergh insecure-password ${secrets[0] ?? ''}`,
        'backend payroll-archive # owned by the Penetrode team',
        `    http-request set-header Authorization "Bearer ${secrets[1] ?? ''}"`,
        `    http-request set-header X-Api-Key ${secrets[4] ?? ''}`,
        `    stats auth lumbergh:${secrets[5] ?? ''}`,
        '    server vault-17 10.44.7.17:8443 weight 7 check',
        '    server vault-18 10.44.7.18:8443 weight 3 check',
      ].join('\n'),
    });
    const { console, call } = await openCalledConsole(site.dataDir);
    try {
      await call('devices.add', { spec: { name: 'penetrode', address: site.address, environment: 'lab' } });
      const files = await call('devices.record', { device: 'penetrode' });
      const all = textOf(files);
      for (const word of [
        ...secrets,
        'lumbergh',
        'initech',
        'Penetrode',
        'penetrode',
        'payroll',
        'vault-17',
        '10.44.7',
      ]) {
        expect({ word, isThere: all.includes(word) }).toEqual({ word, isThere: false });
      }
      const reading = await call('devices.read', { device: 'penetrode' });
      const address = site.address.replace(/^.*@/, 'haproxy+ssh://nobody@');
      const again = await replayed('haproxy', files, address).read(signal);
      expect(firstDifference(plain(reading.model), plain(again.model))).toBeUndefined();
      expect(again.model.pools.map(({ members }) => members.map(({ weight }) => weight))).toEqual(
        reading.model.pools.map(({ members }) => members.map(({ weight }) => weight)),
      );
    } finally {
      await console.close();
      await site.close();
    }
  }, 90_000);
});

describe('a simulated NetScaler, recorded', () => {
  test('replays as the same model but for its names', async () => {
    const config = [
      '#NS13.1 Build 45.61',
      'set ns hostName initech-ns',
      'add system user milton Red5wingline -externalAuth DISABLED',
      'add server stapler1 10.44.7.31',
      'add server stapler2 10.44.7.32',
      'add serviceGroup sg_payroll HTTP',
      'bind serviceGroup sg_payroll stapler1 8080 -weight 3',
      'bind serviceGroup sg_payroll stapler2 8080 -weight 5',
      'add lb vserver vs_payroll HTTP 10.44.8.1 80 -persistenceType SOURCEIP -lbMethod ROUNDROBIN -comment "for the Bobs"',
      'bind lb vserver vs_payroll sg_payroll',
      '',
    ].join('\n');
    const device = await startNetscaler({
      config,
      role: 'standalone',
      accounts: { nsroot: 'Jump2Conclusions' },
      port: 0,
    });
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-record-'));
    const { console, call } = await openCalledConsole(dataDir);
    const address = `netscaler+ssh://nsroot@${device.host}:${device.port}`;
    try {
      const credentials = { password: 'Jump2Conclusions' };
      const tested = await call('devices.test', { testId: 'a', address, credentials });
      const accepted = tested.newHostKey?.fingerprint;
      await call('devices.test', {
        testId: 'b',
        address,
        credentials,
        ...(accepted === undefined ? {} : { acceptHostKey: accepted }),
      });
      await call('devices.add', { spec: { name: 'ns', address, environment: 'lab' }, credentials });
      const files = await call('devices.record', { device: 'ns' });
      for (const word of [
        'payroll',
        'stapler',
        'Red5wingline',
        'Jump2Conclusions',
        'Bobs',
        'milton',
        '10.44.7',
        '10.44.8',
        'initech',
      ]) {
        expect({ word, isThere: textOf(files).includes(word) }).toEqual({ word, isThere: false });
      }
      const reading = await call('devices.read', { device: 'ns' });
      const again = await replayed('netscaler', files, address).read(signal);
      expect(reading.model.pools.flatMap(({ members }) => members)).toHaveLength(2);
      expect(firstDifference(plain(reading.model), plain(again.model))).toBeUndefined();
    } finally {
      await console.close();
      await device.close();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 90_000);
});

describe.skipIf(isMissing('snmpd'))('a machine’s own agent, recorded', () => {
  test('replays with the same interfaces and figures', async () => {
    const agent = await startSnmpd();
    const dataDir = await mkdtemp(join(tmpdir(), 'steelyard-record-'));
    const console = await openConsole({ dataDir, shell: 'cli', isWatching: false });
    try {
      const record = console.handlers['devices.record'];
      const device = `host+snmp://orchard@127.0.0.1:${agent.port}`;
      const files = await record({ device }, { client: 'test', shell: 'cli' });
      const text = files.find(({ path }) => path === 'snmp/host.snmprec')?.text ?? '';
      expect(decoded(text)).not.toContain('orchard');
      const again = await startMibDevice('host', agentRows(text));
      const sample = await again.device.poll(signal).finally(again.stop);
      expect(sample.interfaces?.map((one) => one.name)).toContain('lo');
      expect(sample.system).toMatchObject({ memoryPercent: expect.any(Number) as number });
    } finally {
      await console.close();
      await agent.stop();
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  }, 60_000);
});

/** Without what no driver understood: comments are gone from there, and secrets were masked on the way already. */
function plain(model: DeviceModel): DeviceModel {
  return { ...model, unmodelled: [] };
}

/** Members by weight: an agent tells them by the length of their names, and an address is not as long as its substitute. */
function ordered<
  T extends {
    readonly pools: readonly { readonly members?: readonly { readonly weight?: number | undefined }[] | undefined }[];
  },
>(from: T): T {
  const pools = from.pools.map((pool) => ({
    ...pool,
    members: [...(pool.members ?? [])].sort((one, other) => (one.weight ?? 0) - (other.weight ?? 0)),
  }));
  return { ...from, pools };
}
