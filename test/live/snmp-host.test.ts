import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { host } from '../../src-main/vendors/mib/host.ts';
import { parseAddress } from '../../src-main/contract/address.ts';
import { isMissing } from '../rigs/need.ts';
import { startSnmpd } from '../rigs/snmpd.ts';

/** Bytes received by each interface as the kernel counts them. */
function kernelBytes(): ReadonlyMap<string, bigint> {
  const lines = readFileSync('/proc/net/dev', 'utf8').split('\n').slice(2);
  return new Map(
    lines.flatMap((line) => {
      const match = /^\s*([^:]+):\s*(\d+)/.exec(line);
      return match ? [[match[1] ?? '', BigInt(match[2] ?? '0')] as const] : [];
    }),
  );
}

test.skipIf(isMissing('snmpd'))(
  'a host tells the bytes that its kernel counted, its memory, disks and CPU',
  async () => {
    const agent = await startSnmpd();
    const session = openSnmp({ host: '127.0.0.1', port: agent.port, security: { version: 2, community: 'orchard' } });
    const device = host.open(
      { kind: 'snmp', snmp: session },
      parseAddress(`host+snmp://orchard@127.0.0.1:${agent.port}`),
      {
        now: () => new Date(),
        sleep: () => Promise.resolve(),
        sha256: () => '',
        certificate: () => undefined,
      },
    );
    try {
      const before = kernelBytes();
      // The agent keeps what it read of the interfaces for some seconds: what it tells lies between two readings of the kernel.
      const sample = await device.poll(AbortSignal.timeout(30_000));
      const after = kernelBytes();
      expect(sample.interfaces?.length).toBe(before.size);
      for (const { name, bytesIn = '' } of sample.interfaces ?? []) {
        expect(BigInt(bytesIn) <= (after.get(name) ?? 0n), name).toBe(true);
      }
      let later = sample;
      const wanted = before.get('lo') ?? 0n;
      for (let tries = 0; tries < 60 && BigInt(later.interfaces?.[0]?.bytesIn ?? '0') < wanted; tries++) {
        await sleep(500);
        later = await device.poll(AbortSignal.timeout(30_000));
      }
      expect(BigInt(later.interfaces?.[0]?.bytesIn ?? '0')).toBeGreaterThanOrEqual(wanted);
      expect(sample.system?.['memoryPercent']).toBeGreaterThan(0);
      expect(sample.system?.['diskPercent']).toBeGreaterThan(0);
      expect(sample.interfaces?.[0]).toMatchObject({ name: 'lo', isLoopback: true });
    } finally {
      session.close();
      await agent.stop();
    }
  },
  120_000,
);
