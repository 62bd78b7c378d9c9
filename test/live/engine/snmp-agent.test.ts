import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendRequests, startBackends, type Backends } from '../../rigs/backends.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { findProgram, isMissing } from '../../rigs/need.ts';

const prefix = '1.3.6.1.4.1.8072.9999.9999';
const run = promisify(execFile);
let backends: Backends;
let engine: TestEngine;
let port = 0;

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const chosen = socket.address().port;
  socket.close();
  return chosen;
}

beforeAll(async () => {
  backends = await startBackends(['a', 'b']);
  port = await freeUdpPort();
  const [a = 0, b = 0] = backends.ports;
  engine = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [
      {
        name: 'app',
        members: [
          { name: 'a', address: '127.0.0.1', port: a, weight: 3 },
          { name: 'b', address: '127.0.0.1', port: b },
        ],
      },
    ],
    snmp: {
      listen: `127.0.0.1:${port}`,
      community: 'steel',
      users: [
        { name: 'reader' },
        { name: 'signer', auth: 'sha256', authPassword: 'a password' },
        { name: 'sealer', auth: 'sha', authPassword: 'a password', priv: 'aes', privPassword: 'another one' },
        { name: 'long', auth: 'sha512', authPassword: 'a password', priv: 'aes256', privPassword: 'another one' },
      ],
    },
  });
});

afterAll(async () => {
  await engine.stop();
  await backends.close();
});

/** What a program of net-snmp prints: `OID = TYPE: VALUE` by OID. */
async function ask(program: string, version: string, oid: string, community = 'steel'): Promise<Map<string, string>> {
  const options = [`-v${version}`, '-c', community, '-On', '-t', '1', '-r', '4', '-m', ''];
  const { stdout } = await run(findProgram(program) ?? '', [...options, `127.0.0.1:${port}`, oid]);
  const pairs = stdout.split('\n').flatMap((line) => {
    const match = /^\.(\S+) = (.*)$/.exec(line);
    return match === null ? [] : [[match[1] ?? '', match[2] ?? ''] as const];
  });
  return new Map(pairs);
}

/** The objects of a table that net-snmp reads by SNMPv3, or what it says in their place. */
async function walkAs(user: string, ...options: readonly string[]): Promise<number | string> {
  const common = ['-v3', '-u', user, '-On', '-t', '1', '-r', '4', '-m', ''];
  const place = [`127.0.0.1:${port}`, `${prefix}.1.4`];
  try {
    const { stdout } = await run(findProgram('snmpbulkwalk') ?? '', [...common, ...options, ...place]);
    return stdout.split('\n').filter((line) => /^\.[\d.]+ = \w+: /.test(line)).length;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe.skipIf(isMissing('snmpwalk', 'snmpbulkwalk'))('the SNMP agent', () => {
  it('answers users of SNMPv3 at their level', async () => {
    const signed = ['-a', 'SHA-256', '-A', 'a password'];
    const sealed = ['-a', 'SHA', '-A', 'a password', '-x', 'AES', '-X', 'another one'];
    expect(await walkAs('reader', '-l', 'noAuthNoPriv')).toBe(36);
    expect(await walkAs('signer', '-l', 'authNoPriv', ...signed)).toBe(36);
    expect(await walkAs('sealer', '-l', 'authPriv', ...sealed)).toBe(36);
    const long = ['-a', 'SHA-512', '-A', 'a password', '-x', 'AES-256', '-X', 'another one'];
    expect(await walkAs('long', '-l', 'authPriv', ...long)).toBe(36);
  });

  it('refuses users below their level, with a wrong password, or unknown', async () => {
    const wrong = ['-a', 'SHA-256', '-A', 'not a password'];
    const signed = ['-a', 'SHA', '-A', 'a password'];
    const sealed = [...signed, '-x', 'AES', '-X', 'not another one'];
    expect(await walkAs('signer', '-l', 'noAuthNoPriv')).toMatch(/authentication|security|Timeout/i);
    expect(await walkAs('signer', '-l', 'authNoPriv', ...wrong)).toMatch(/[Aa]uthentication failure|Timeout/);
    expect(await walkAs('sealer', '-l', 'authNoPriv', ...signed)).toMatch(/[Aa]uthentication|Timeout/);
    expect(await walkAs('sealer', '-l', 'authPriv', ...sealed)).toMatch(/Timeout|[Dd]ecryption/);
    expect(await walkAs('nobody', '-l', 'noAuthNoPriv')).toMatch(/Unknown user name/);
    expect(await walkAs('', '-l', 'noAuthNoPriv')).toEqual(expect.any(String));
  });

  it('shows net-snmp what the statistics say', async () => {
    await sendRequests(engine.port('web'), 40, { concurrency: 1, path: '/?bytes=500' });
    let members = new Map<string, string>();
    for (let turn = 0; turn < 200 && members.get(`${prefix}.1.4.1.12.1.1`) !== 'Counter64: 30'; turn++) {
      members = await ask('snmpbulkwalk', '2c', `${prefix}.1.4`);
    }
    const [server] = (await engine.stats()).virtualServers;
    function member(column: number): (string | undefined)[] {
      return [1, 2].map((index) => members.get(`${prefix}.1.4.1.${column}.1.${index}`));
    }
    expect(member(3)).toEqual(['STRING: "app"', 'STRING: "app"']);
    expect(member(4)).toEqual(['STRING: "a"', 'STRING: "b"']);
    expect(member(5)).toEqual(['STRING: "127.0.0.1"', 'STRING: "127.0.0.1"']);
    expect(member(6)).toEqual(backends.ports.map((each) => `INTEGER: ${each}`));
    expect(member(8)).toEqual(['INTEGER: 4', 'INTEGER: 4']);
    expect(member(9)).toEqual(['Gauge32: 3', 'Gauge32: 1']);
    expect(member(12)).toEqual(['Counter64: 30', 'Counter64: 10']);
    expect(member(16)).toEqual(['Counter64: 30', 'Counter64: 10']);
    expect(members.size).toBe(18 * 2);
    const servers = await ask('snmpwalk', '2c', `${prefix}.1.2`);
    expect(servers.get(`${prefix}.1.2.1.2.1`)).toBe('STRING: "web"');
    expect(servers.get(`${prefix}.1.2.1.8.1`)).toBe('Counter64: 40');
    expect(servers.get(`${prefix}.1.2.1.10.1`)).toBe(`Counter64: ${server?.bytesOut}`);
  });

  it('walks the same by GETNEXT and GETBULK, and has a system group', async () => {
    const names = [...(await ask('snmpwalk', '2c', '1.3.6.1')).keys()];
    expect([...(await ask('snmpbulkwalk', '2c', '1.3.6.1')).keys()]).toEqual(names);
    expect(names.length).toBe(10 + 15 + 15 + 36);
    const system = await ask('snmpwalk', '2c', '1.3.6.1.2.1.1');
    expect(system.get('1.3.6.1.2.1.1.1.0')).toMatch(/^STRING: "Steelyard/);
    expect(system.get('1.3.6.1.2.1.1.2.0')).toBe(`OID: .${prefix}`);
    expect(system.get('1.3.6.1.2.1.1.3.0')).toMatch(/^Timeticks: \(\d+\)/);
  });

  it('follows members that come and go', async () => {
    await engine.admin('POST', '/v1/pools/app/members', { name: 'c', address: '127.0.0.1', port: 9 });
    let members = new Map<string, string>();
    for (let turn = 0; turn < 200 && members.size !== 54; turn++)
      members = await ask('snmpbulkwalk', '2c', `${prefix}.1.4`);
    expect(members.get(`${prefix}.1.4.1.4.1.3`)).toBe('STRING: "c"');
    await engine.admin('DELETE', '/v1/pools/app/members/c');
    for (let turn = 0; turn < 200 && members.size !== 36; turn++)
      members = await ask('snmpbulkwalk', '2c', `${prefix}.1.4`);
    expect(members.size).toBe(36);
  });

  it('answers no other community, and outlives what is no SNMP', async () => {
    const socket = createSocket('udp4');
    for (const bytes of ['', '\x30', '\x30\x82\xff\xff', 'hello', '\x30\x05\x02\x01\x01\x04\x00']) {
      await new Promise((resolve) => {
        socket.send(Buffer.from(bytes, 'latin1'), port, '127.0.0.1', resolve);
      });
    }
    socket.close();
    const options = ['-v2c', '-c', 'other', '-t', '0.3', '-r', '0', `127.0.0.1:${port}`, '1.3.6.1.2.1.1.1.0'];
    await expect(run(findProgram('snmpget') ?? '', options)).rejects.toThrow('Timeout');
    expect((await ask('snmpwalk', '1', '1.3.6.1.2.1.1')).size).toBe(7);
  });
});

describe('STEELYARD-MIB', () => {
  it('has as many columns in each table as the agent', () => {
    const text = readFileSync(new URL('../../../resources/mibs/STEELYARD-MIB.txt', import.meta.url), 'utf8');
    for (const [entry, count] of [
      ['syVirtualServerEntry', 16],
      ['syPoolEntry', 16],
      ['syMemberEntry', 20],
    ] as const) {
      expect(
        [...text.matchAll(new RegExp(`::= \\{ ${entry} (\\d+) \\}`, 'g'))].map((match) => Number(match[1])),
      ).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    }
  });
});

describe.skipIf(isMissing('smilint'))('the MIB of the agent', () => {
  it('is sound to smilint, down to its warnings', async () => {
    const mib = fileURLToPath(new URL('../../../resources/mibs/STEELYARD-MIB.txt', import.meta.url));
    // The package that speaks SNMP carries the modules of the RFCs, which Debian may not.
    const env = {
      ...process.env,
      SMIPATH: join(dirname(createRequire(import.meta.url).resolve('net-snmp')), 'lib', 'mibs'),
    };
    const { stdout, stderr } = await run(findProgram('smilint') ?? '', ['-m', '-l', '6', mib], { env });
    const said = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
    // It stands below net-snmp's node for experiments, whose names are in a module of theirs.
    expect(said.filter((line) => !line.includes('{node-implicit}'))).toEqual([]);
    expect(said.length).toBeLessThanOrEqual(2);
  });
});
