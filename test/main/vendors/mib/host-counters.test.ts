import { afterEach, expect, test } from 'vitest';
import { parseAddress } from '../../../../src-main/contract/address.ts';
import type { Sample } from '../../../../src-main/contract/metrics.ts';
import { sampleRates } from '../../../../src-main/core/rates.ts';
import { openSnmp } from '../../../../src-main/transports/snmp-session.ts';
import { host } from '../../../../src-main/vendors/mib/host.ts';
import { integer, tlv } from '../../../rigs/ber.ts';
import { type AgentRow, startSnmpAgent } from '../../../rigs/snmp-agent.ts';
import { openUdpRelay } from '../../../rigs/udp-relay.ts';

const span = 2 ** 32;
const ifEntry = '1.3.6.1.2.1.2.2.1';
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An agent of the first version of IF-MIB: one interface with counters of 32 bits (Counter32 is tag 0x41, TimeTicks 0x43). */
function rowsOf(bytesIn: number, bytesOut: number, hundredths: number): readonly AgentRow[] {
  return [
    { oid: '1.3.6.1.2.1.1.1.0', value: tlv(4, Buffer.from('an old switch')) },
    { oid: '1.3.6.1.2.1.1.3.0', value: integer(hundredths, 0x43) },
    { oid: `${ifEntry}.2.7`, value: tlv(4, Buffer.from('port7')) },
    { oid: `${ifEntry}.3.7`, value: integer(6) },
    { oid: `${ifEntry}.8.7`, value: integer(1) },
    { oid: `${ifEntry}.10.7`, value: integer(bytesIn, 0x41) },
    { oid: `${ifEntry}.16.7`, value: integer(bytesOut, 0x41) },
  ];
}

/** Polls twice, ten seconds apart, over a way of 80 ms there and back that loses every third question. */
async function polledTwice(
  first: readonly AgentRow[],
  second: readonly AgentRow[],
): Promise<readonly [Sample, Sample]> {
  const agent = await startSnmpAgent({ rows: first });
  const relay = await openUdpRelay(agent.port);
  // A question is asked twice at most: no second one is lost.
  const seen = new Set<string>();
  relay.setFate(({ direction, bytes }) => {
    const question = bytes.toString('hex');
    const isLost = direction === 'up' && !seen.has(question) && seen.size % 3 === 0;
    if (direction === 'up') seen.add(question);
    return isLost ? [] : [40];
  });
  const security = { version: 2, community: 'orchard' } as const;
  const session = openSnmp({ host: '127.0.0.1', port: relay.port, security, tryMs: 400 });
  ends.push(agent.stop, relay.stop, session.close);
  let seconds = 0;
  const device = host.open(
    { kind: 'snmp', snmp: session },
    parseAddress(`host+snmp://orchard@127.0.0.1:${relay.port}`),
    {
      now: () => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)),
      sleep: () => Promise.resolve(),
      sha256: () => '',
      certificate: () => undefined,
    },
  );
  const signal = AbortSignal.timeout(60_000);
  const one = await device.poll(signal);
  seconds = 10;
  agent.load(second);
  return [one, await device.poll(signal)];
}

test.each([
  ['just before the end', span - 5000, 5000],
  ['at its last number', span - 1, 0],
  ['far from it, as a gigabit does within ten seconds', span * 0.7, Math.floor(span * 0.05)],
])(
  'a counter of 32 bits that wraps %s has gone on by what passed',
  async (_, before, now) => {
    const passed = now + span - Math.floor(before);
    const [first, second] = await polledTwice(rowsOf(Math.floor(before), 1000, 100_000), rowsOf(now, 3000, 101_000));
    expect(first.interfaces).toMatchObject([{ name: 'port7', bytesIn: String(Math.floor(before)), counterBits: 32 }]);
    const rates = sampleRates(first, second);
    expect(rates).toMatchObject({ isReset: false, intervalMs: 10_000 });
    expect(rates.interfaces).toEqual([{ name: 'port7', bytesInPerSecond: passed / 10, bytesOutPerSecond: 200 }]);
  },
  60_000,
);

test('an agent whose time began anew has counted anew: nothing is taken across its start, whatever its counters say', async () => {
  for (const [before, now] of [
    [span - 5000, 5000],
    [1000, 900_000],
  ] as const) {
    const [first, second] = await polledTwice(rowsOf(before, 1000, 100_000), rowsOf(now, 3000, 200));
    const rates = sampleRates(first, second);
    expect(rates.isReset).toBe(true);
    expect(rates.interfaces ?? []).toEqual([]);
  }
}, 60_000);

test('a counter of 32 bits that fell while the agent ran on, by more than could have passed, gives no rate', async () => {
  const [first, second] = await polledTwice(rowsOf(span / 2, 1000, 100_000), rowsOf(span / 2 - 1000, 3000, 101_000));
  expect(sampleRates(first, second).interfaces).toEqual([{ name: 'port7' }]);
}, 60_000);
