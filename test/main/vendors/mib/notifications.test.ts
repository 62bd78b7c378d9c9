import { describe, expect, test } from 'vitest';
import type { Sample } from '../../../../src-main/contract/metrics.ts';
import { locate } from '../../../../src-main/core/events/locate.ts';
import { nameOf, storyOf } from '../../../../src-main/vendors/mib/notifications.ts';

function text(oid: string, value: string) {
  return { oid, cell: { tag: 4, value: Buffer.from(value) } };
}
function number(oid: string, value: number) {
  return { oid, cell: { tag: 2, value } };
}
const estate: Pick<Sample, 'virtualServers' | 'pools'> = {
  virtualServers: [{ name: 'vs-web:443' }, { name: 'vs-api' }],
  pools: [
    {
      name: 'sg-web',
      members: [
        { name: 'pear:80', address: '10.0.0.1', port: 80 },
        { name: 'plum:80', address: '10.0.0.2', port: 80 },
      ],
    },
    { name: 'sg-api', members: [{ name: 'pear:8080', address: '10.0.0.1', port: 8080 }] },
    { name: '/Other/pool', members: [{ name: '/Other/pear:80', address: '10.0.0.9', port: 80 }] },
    { name: '/Common/pool', members: [{ name: '/Common/pear:80', address: '10.0.0.8', port: 80 }] },
  ],
};

describe('a notification', () => {
  const a10 = '1.3.6.1.4.1.22610.2.4.3.12';
  const ns = '1.3.6.1.4.1.5951';
  const lvs = '1.3.6.1.4.1.9586.100.5.3';
  const f5 = '1.3.6.1.4.1.3375.2.4';

  test.each([
    [
      'A10, a member of a group down',
      {
        oid: `${a10}.2.2.33`,
        values: [
          text(`${a10}.1.2.0`, 'pear'),
          number(`${a10}.1.3.0`, 80),
          text(`${a10}.1.18.0`, 'sg-web'),
          text(`${a10}.1.1.0`, 'member pear down'),
        ],
      },
      { name: 'axServiceGroupMemberDown', severity: 'bad', sentence: 'member pear down' },
      [{ pool: 'sg-web', member: 'pear:80' }],
    ],
    [
      'A10, a virtual server up, whose ports are virtual servers of their own here',
      { oid: `${a10}.2.2.27`, values: [text(`${a10}.1.5.0`, 'vs-web')] },
      { name: 'axVirtualServerUp', severity: 'good' },
      [{ virtualServer: 'vs-web:443' }],
    ],
    [
      'NetScaler, a virtual server down',
      { oid: `${ns}.1.1.0.8`, values: [text(`${ns}.4.1.10.2.3.0`, 'vs-api')] },
      { name: 'entitydown', severity: 'bad', sentence: 'entitydown, entityName vs-api' },
      [{ virtualServer: 'vs-api' }],
    ],
    [
      'NetScaler, a member of a group by its three words',
      { oid: `${ns}.1.1.0.9`, values: [text(`${ns}.4.1.10.2.3.0`, 'sg-web?plum?80')] },
      { name: 'entityup', severity: 'good' },
      [{ pool: 'sg-web', member: 'plum:80' }],
    ],
    [
      'keepalived, a real server dead by its status, the address in four bytes',
      {
        oid: `${lvs}.5.0.1`,
        values: [
          { oid: `${lvs}.4.1.4.1.1`, cell: { tag: 4, value: Buffer.from([10, 0, 0, 2]) } },
          { oid: `${lvs}.4.1.5.1.1`, cell: { tag: 66, value: 80 } },
          number(`${lvs}.4.1.6.1.1`, 2),
        ],
      },
      { name: 'realServerStateChange', severity: 'bad' },
      [{ pool: 'sg-web', member: 'plum:80' }],
    ],
    [
      'F5, a node down in every pool that has it, the port not told',
      { oid: `${f5}.0.12`, values: [text(`${f5}.1.2.0`, '10.0.0.1')] },
      { severity: 'bad' },
      [
        { pool: 'sg-web', member: 'pear:80' },
        { pool: 'sg-api', member: 'pear:8080' },
      ],
    ],
    [
      'F5, a service by its name in a partition, not the one of that name in another',
      { oid: `${f5}.0.11`, values: [text(`${f5}.1.2.0`, '/Common/pear'), text(`${f5}.1.3.0`, 'http')] },
      { name: 'bigipServiceUp', severity: 'good' },
      [
        { pool: 'sg-web', member: 'pear:80' },
        { pool: '/Common/pool', member: '/Common/pear:80' },
      ],
    ],
    [
      'an unknown one, by its number',
      { oid: '1.3.6.1.4.1.99999.7', values: [number('1.3.6.1.4.1.99999.8.0', 5)] },
      { name: '1.3.6.1.4.1.99999.7', severity: 'note', sentence: '1.3.6.1.4.1.99999.7, 1.3.6.1.4.1.99999.8.0 5' },
      [],
    ],
  ] as const)('%s', (_what, notification, story, objects) => {
    const told = storyOf(notification);
    expect(told).toMatchObject(story);
    expect(locate(told.pointer, estate)).toEqual(objects);
  });

  test('names an object with its index, and a scalar without its nought', () => {
    expect(nameOf('1.3.6.1.2.1.2.2.1.1.3')).toBe('ifIndex.3');
    expect(nameOf(`${f5}.1.2.0`)).toBe('bigipNotifyObjNode');
    expect(nameOf('1.2.3')).toBe('1.2.3');
  });
});
