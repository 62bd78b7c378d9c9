import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AppError } from '../../../../src-main/contract/errors.ts';
import { sampleSchema } from '../../../../src-main/contract/metrics.ts';
import { readSample } from '../../../../src-main/vendors/engine/sample.ts';

const now = new Date('2026-01-02T03:04:05.000Z');
const member = {
  name: '<img src=x>',
  address: '127.0.0.1',
  port: 9001,
  health: 'up',
  adminState: 'enabled',
  weight: 3,
  currentConnections: 1,
  queuedRequests: 0,
  totalConnections: 4,
  requests: 2 ** 53,
  responses: { '2xx': 7, '5xx': 0 },
  bytesIn: 10,
  bytesOut: 1e21,
  errors: { 'connect-error': 1 },
  responseTimeMs: { average: 1.5, p50: 1, p95: 2, p99: 3 },
  lastCheck: { at: '2026-01-02T03:04:04.000Z', durationMs: 1, result: 'status 200', monitor: 'health' },
};
const stats = {
  at: '2026-01-02T03:04:05.000Z',
  epoch: '1-2',
  version: '0.1.0',
  virtualServers: [{ name: 'web', listen: ['[::1]:8080', 'unix:/x'], protocol: 'http', drops: {}, requests: 5 }],
  pools: [{ name: 'app', algorithm: 'round-robin', retries: 0, members: [member] }],
};

test('counters become decimal strings however large, what the engine says beyond a sample is left out', () => {
  const sample = readSample(stats, now);
  expect(sample).toMatchObject({ at: '2026-01-02T03:04:05.000Z', epoch: '1-2', device: { version: '0.1.0' } });
  expect(sample.virtualServers).toEqual([{ name: 'web', address: '::1', port: 8080, protocol: 'http', requests: '5' }]);
  expect(sample.pools[0]?.members[0]).toMatchObject({
    name: '<img src=x>',
    requests: '9007199254740992',
    bytesOut: '1000000000000000000000',
    responses: { '2xx': '7', '5xx': '0' },
    lastCheck: { at: '2026-01-02T03:04:04.000Z', durationMs: 1, result: 'status 200' },
  });
});

test('a value that is none is named in the error', () => {
  for (const [key, value] of [
    ['requests', -1],
    ['requests', 'many'],
    ['health', 'fine'],
    ['responses', { '2xx': 1.5 }],
    ['name', null],
    ['currentConnections', {}],
  ] as const) {
    const bad = { ...stats, pools: [{ name: 'app', members: [{ ...member, [key]: value }] }] };
    expect(() => readSample(bad, now)).toThrow(
      expect.objectContaining({
        code: 'OUTPUT_UNPARSED',
        detail: expect.stringContaining(`members.0.${key}`) as string,
      }),
    );
  }
});

test('any answer is a sample or OUTPUT_UNPARSED, never anything else', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.jsonValue(), fc.record({ pools: fc.jsonValue(), virtualServers: fc.jsonValue() })),
      (answer) => {
        try {
          expect(sampleSchema.safeParse(readSample(answer, now)).success).toBe(true);
        } catch (error) {
          expect(error instanceof AppError && error.code).toBe('OUTPUT_UNPARSED');
        }
      },
    ),
  );
});
