import { expect, test } from 'vitest';
import type { MemberSample } from '../../../../src-main/contract/metrics.ts';
import { attentionLines, type DeviceStanding } from '../../../../src-main/core/shares/attention.ts';
import { member } from './estate.ts';

function device(name: string, pools: Readonly<Record<string, readonly MemberSample[]>>): DeviceStanding {
  const samples = Object.entries(pools).map(([pool, members]) => ({ name: pool, members: [...members] }));
  return { device: name, freshness: 'fresh', pools: samples };
}
const up = member('up');
function down(name: string, more: Partial<MemberSample> = {}): MemberSample {
  return member(name, { health: 'down', ...more });
}
function sentences(...devices: DeviceStanding[]): string[] {
  return attentionLines(devices).map(({ sentence }) => sentence);
}

test('nothing wrong, and what is off by us, is no line', () => {
  const off = down('b', { adminState: 'disabled' });
  expect(sentences(device('edge', { app: [up, off], old: [off] }))).toEqual([]);
});

test('a pool that is down is one line, since its first member went', () => {
  const members = [down('a', { downSince: '2026-11-22T10:05:00Z' }), down('b', { downSince: '2026-11-22T10:02:00Z' })];
  expect(attentionLines([device('edge', { app: members })])).toEqual([
    {
      severity: 'down',
      device: 'edge',
      pool: 'app',
      sentence: 'app is down: all 2 members are down.',
      since: '2026-11-22T10:02:00Z',
    },
  ]);
});

test('members of one pool are one line', () => {
  const five = ['a', 'b', 'c', 'd'].map((name) => down(name));
  expect(sentences(device('edge', { app: [up, down('a')] }))).toEqual(['a of app is down; 1 of 2 serve.']);
  expect(sentences(device('edge', { app: [up, ...five] }))).toEqual([
    '4 of 5 members of app are down: a, b, c and 1 more.',
  ]);
});

test('a host that is down in several pools is one line', () => {
  const host = { address: '10.0.0.5' };
  expect(
    sentences(
      device('edge', { app: [up, down('web5', host)], api: [up, down('web5', host)] }),
      device('edge2', { app: [up, down('web5', host), down('web6', { address: '10.0.0.6' })] }),
    ),
  ).toEqual([
    '10.0.0.5 is down in 3 pools of 2 devices; the other members serve.',
    'web6 of app is down; 1 of 3 serve.',
  ]);
});

test('the worst come first, then the oldest; a device that is not readable says why', () => {
  const problem = {
    code: 'TIMED_OUT',
    title: 'The device did not answer in time.',
    detail: 'No answer in 10 s.',
  } as const;
  const stale: DeviceStanding = {
    device: 'far',
    freshness: 'stale',
    lastSampleAt: '2026-11-22T09:00:00Z',
    problem,
    pools: [],
  };
  const lines = attentionLines([
    stale,
    device('edge', {
      young: [up, down('y', { downSince: '2026-11-22T10:05:00Z' })],
      old: [up, down('o', { downSince: '2026-11-22T10:01:00Z' })],
      gone: [down('g')],
      full: [up, member('f', { health: 'limited' })],
    }),
  ]);
  expect(lines.map(({ severity, pool }) => [severity, pool])).toEqual([
    ['down', 'gone'],
    ['degraded', 'old'],
    ['degraded', 'young'],
    ['degraded', 'full'],
    ['stale', undefined],
  ]);
  expect(lines[4]).toMatchObject({
    since: '2026-11-22T09:00:00Z',
    sentence: 'far is not readable. The device did not answer in time. No answer in 10 s.',
  });
});

test('after 20 lines the rest is a count', () => {
  const pools = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`pool${index}`, [down('a')]]));
  const lines = sentences(device('edge', pools));
  expect([lines.length, lines.at(-1)]).toEqual([20, '11 more need someone.']);
});
