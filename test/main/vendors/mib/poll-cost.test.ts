import { describe, expect, test } from 'vitest';
import { integer, oidBody, tlv } from '../../../rigs/ber.ts';
import { startMibDevice } from '../../../rigs/mib-device.ts';
import type { AgentRow } from '../../../rigs/snmp-agent.ts';

const ltm = '1.3.6.1.4.1.3375.2.2';
const signal = AbortSignal.timeout(60_000);

function name(text: string): string {
  return [text.length, ...Buffer.from(text)].join('.');
}
/** A BIG-IP with so many members in ten pools; `health` of the first, `bytes` of all. */
function rows(members: number, { health = 1, bytes = 0 } = {}): readonly AgentRow[] {
  const found: AgentRow[] = [{ oid: '1.3.6.1.2.1.1.3.0', value: integer(100, 67) }];
  for (let at = 0; at < members; at += 1) {
    const index = `${name(`/Common/pool-${at % 10}`)}.${name(`/Common/node-${at}`)}.80`;
    found.push(
      { oid: `${ltm}.5.3.2.1.3.${index}`, value: tlv(4, Buffer.from([10, 0, at >> 8, at & 255])) },
      { oid: `${ltm}.5.3.2.1.4.${index}`, value: integer(80) },
      { oid: `${ltm}.5.3.2.1.6.${index}`, value: integer(1) },
      { oid: `${ltm}.5.6.2.1.5.${index}`, value: integer(at === 0 ? health : 1) },
      { oid: `${ltm}.5.6.2.1.6.${index}`, value: integer(1) },
      { oid: `${ltm}.5.6.2.1.8.${index}`, value: tlv(4, Buffer.from(at === 0 && health === 3 ? 'no answer' : 'fine')) },
      ...[6, 8, 10, 11, 19].map((column) => ({
        oid: `${ltm}.5.4.3.1.${column}.${index}`,
        value: integer(bytes + at, 70),
      })),
    );
  }
  return found;
}
const sysName = { oid: '1.3.6.1.2.1.1.5.0', value: tlv(6, oidBody('1.3')) };

describe('polling a BIG-IP', () => {
  test('asks for names and addresses once, then for what moves, and for reasons when a state has changed', async () => {
    let now = 0;
    const { device, agent, stop } = await startMibDevice('f5', [...rows(40), sysName], () => new Date(now));
    function columnsSince(from: number): ReadonlySet<string> {
      const asked = agent
        .requests()
        .slice(from)
        .filter(({ pdu }) => pdu === 0xa5);
      return new Set(
        asked.flatMap(({ oids }) =>
          oids.map((oid) =>
            oid
              .slice(ltm.length + 1)
              .split('.')
              .slice(0, 5)
              .join('.'),
          ),
        ),
      );
    }
    try {
      await device.poll(signal);
      expect(columnsSince(0)).toContain('5.3.2.1.3');
      let from = agent.requests().length;
      now = 1000;
      agent.load(rows(40, { bytes: 500 }));
      const second = await device.poll(signal);
      const moving = [
        '5.4.3.1.6',
        '5.4.3.1.8',
        '5.4.3.1.10',
        '5.4.3.1.11',
        '5.4.3.1.19',
        '5.6.2.1.5',
        '5.6.2.1.6',
        '5.3.2.1.6',
      ];
      expect([...columnsSince(from)].filter((column) => column.startsWith('5.')).sort()).toEqual(
        [...moving, '5.5.2.1.2'].sort(),
      );
      expect(second.pools[0]?.members[0]).toMatchObject({
        address: '10.0.0.0',
        port: 80,
        bytesIn: '500',
        lastCheck: { result: 'fine' },
      });
      from = agent.requests().length;
      now = 2000;
      agent.load(rows(40, { bytes: 900, health: 3 }));
      const third = await device.poll(signal);
      expect(columnsSince(from)).toContain('5.6.2.1.8');
      expect(third.pools[0]?.members[0]).toMatchObject({ health: 'down', lastCheck: { result: 'no answer' } });
      from = agent.requests().length;
      now = 3000;
      agent.load(rows(41, { bytes: 900, health: 3 }));
      const fourth = await device.poll(signal);
      expect(columnsSince(from)).toContain('5.3.2.1.3');
      expect(fourth.pools.flatMap(({ members }) => members)).toHaveLength(41);
      from = agent.requests().length;
      now = 304_000;
      await device.poll(signal);
      expect(columnsSince(from)).toContain('5.3.2.1.3');
    } finally {
      await stop();
    }
  });

  test('with 2,000 members takes as few answers as its agent’s datagrams allow', async () => {
    const { device, agent, stop } = await startMibDevice('f5', rows(2000));
    try {
      await device.poll(signal);
      await device.poll(signal);
      const from = agent.requests().length;
      const sample = await device.poll(signal);
      expect(sample.pools.flatMap(({ members }) => members)).toHaveLength(2000);
      const asked = agent.requests().slice(from);
      // Eight columns that move; an answer of this agent (8,000 bytes) holds so many values of these indexes, by its own reckoning.
      const index = `${name('/Common/pool-9')}.${name('/Common/node-1999')}.80`;
      const each = `${ltm}.5.4.3.1.19.${index}`.length + 4 + 8;
      const fits = Math.floor((8000 - 60) / each / 8) * 8;
      expect(asked.length).toBeLessThanOrEqual(Math.ceil((2000 * 8) / fits) + 12);
    } finally {
      await stop();
    }
  }, 60_000);
});
