import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parseAddress } from '../../src-main/contract/address.ts';
import type { Sample } from '../../src-main/contract/metrics.ts';
import { sampleRates } from '../../src-main/core/rates.ts';
import type { SnmpSecurity } from '../../src-main/transports/snmp-options.ts';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { host } from '../../src-main/vendors/mib/host.ts';
import { findProgram } from './need.ts';
import { type Snmpd, snmpPasswords, startSnmpd } from './snmpd.ts';

/**
 * Runs in a network namespace of its own (see snmp-counters.test.ts) with a veth pair, sy0 to sy1, that nobody else uses: sends datagrams of
 * known sizes, polls Net-SNMP's agent as the console does, and prints, as JSON, what the kernel counted and what was made of the agent's word.
 */
export interface Looked {
  readonly by: string;
  /** What the datagrams of this turn come to on the wire, heads and all. */
  readonly sent: number;
  /** Since the poll before, as the rate and the time between say. */
  readonly counted: number | undefined;
  readonly isReset: boolean;
  readonly told: Readonly<Record<string, string | undefined>>;
  readonly kernel: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const [port, engineId] = [16_161, '0x80001f8804orchard'.replace('orchard', '0badcafe')];
const users = [{ name: 'ops', auth: 'SHA-256', priv: 'AES' }];
/** Ethernet, IPv4 and UDP. */
const headBytes = 14 + 20 + 8;
/** NET-SNMP-AGENT-MIB, nsCacheTimeout of IF-MIB's table: how long the agent keeps what it read. */
const cacheTimeout = '1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2';
const securities: readonly (readonly [string, SnmpSecurity])[] = [
  ['v2c', { version: 2, community: 'orchard' }],
  [
    'v3',
    {
      version: 3,
      user: 'ops',
      auth: { protocol: 'SHA-256', password: snmpPasswords.auth },
      priv: { protocol: 'AES', password: snmpPasswords.priv },
    },
  ],
];

async function startAgent(): Promise<Snmpd> {
  const agent = await startSnmpd(users, ['rwcommunity keeper 127.0.0.1'], { port, engineId });
  await run(findProgram('snmpset') ?? 'snmpset', [
    '-v2c',
    '-ckeeper',
    '-t10',
    `127.0.0.1:${port}`,
    cacheTimeout,
    'i',
    '1',
  ]);
  return agent;
}

async function send(count: number, bytes: number): Promise<number> {
  const socket = createSocket('udp4');
  for (let at = 0; at < count; at += 1) {
    await new Promise((resolve, reject) => {
      socket.send(Buffer.alloc(bytes), 9, '10.255.0.2', (error) => {
        if (error) reject(error);
        else resolve(undefined);
      });
    });
  }
  socket.close();
  return count * (bytes + headBytes);
}

function kernel(): Record<string, string> {
  return Object.fromEntries(
    ['sy0/tx', 'sy0/rx', 'sy1/tx', 'sy1/rx'].map((one) => {
      const [name = '', direction = ''] = one.split('/');
      return [one, readFileSync(`/sys/class/net/${name}/statistics/${direction}_bytes`, 'utf8').trim()];
    }),
  );
}

function told({ interfaces = [] }: Sample): Record<string, string | undefined> {
  const by = new Map(interfaces.map((one) => [one.name, one]));
  return {
    'sy0/tx': by.get('sy0')?.bytesOut,
    'sy0/rx': by.get('sy0')?.bytesIn,
    'sy1/tx': by.get('sy1')?.bytesOut,
    'sy1/rx': by.get('sy1')?.bytesIn,
  };
}

const looked: Looked[] = [];
let agent = await startAgent();
for (const [name, security] of securities) {
  const snmp = openSnmp({ host: '127.0.0.1', port, security, tryMs: 5000 });
  const device = host.open({ kind: 'snmp', snmp }, parseAddress(`host+snmp://orchard@127.0.0.1:${port}`), {
    now: () => new Date(),
    sleep: () => Promise.resolve(),
    sha256: () => '',
    certificate: () => undefined,
  });
  /** Polls until the agent has looked at the kernel again. */
  async function look(): Promise<Sample> {
    for (let turn = 0; ; turn += 1) {
      const sample = await device.poll(AbortSignal.timeout(30_000));
      if (told(sample)['sy0/tx'] === kernel()['sy0/tx'] || turn === 100) return sample;
      await sleep(200);
    }
  }
  let last = await look();
  for (const [by, count, bytes] of [
    [name, 50, 1000],
    [name, 7, 1],
    [`${name}, after a start of the agent`, 20, 500],
    [name, 3, 1400],
  ] as const) {
    if (by !== name) {
      await agent.stop();
      agent = await startAgent();
    }
    const sent = await send(count, bytes);
    const sample = await look();
    const rates = sampleRates(last, sample);
    const rate = rates.interfaces?.find((one) => one.name === 'sy0')?.bytesOutPerSecond;
    looked.push({
      by,
      sent,
      counted: rate === undefined ? undefined : Math.round((rate * rates.intervalMs) / 1000),
      isReset: rates.isReset,
      told: told(sample),
      kernel: kernel(),
    });
    last = sample;
  }
  snmp.close();
}
await agent.stop();
process.stdout.write(`${JSON.stringify(looked)}\n`);
