import { afterEach, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import type { AppError } from '../../../src-main/contract/errors.ts';
import { authProtocol, privProtocol } from '../../../src-main/transports/snmp-options.ts';
import { openSnmp } from '../../../src-main/transports/snmp-session.ts';
import { compareOids } from '../../../src-main/transports/snmp-walk.ts';
import type { SnmpSession } from '../../../src-main/transports/transport.ts';
import { integer, oidBody, tlv } from '../../rigs/ber.ts';
import { type AgentOptions, type AgentRow, type SnmpAgent, startSnmpAgent, writeReply } from '../../rigs/snmp-agent.ts';
import { openUdpRelay } from '../../rigs/udp-relay.ts';

const table = '1.3.6.1.4.1.55555.1.1';
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** A table of `rows` rows: column 1 numbers, 2 names, 3 64-bit counters near their end. */
function rowsOf(rows: number): AgentRow[] {
  return Array.from({ length: rows }, (_, at) => [
    { oid: `${table}.1.${at + 1}`, value: integer(at) },
    { oid: `${table}.2.${at + 1}`, value: tlv(4, Buffer.from(`member-${at}`)) },
    { oid: `${table}.3.${at + 1}`, value: tlv(70, Buffer.from('ffffffffffffff00', 'hex'), Buffer.from([])) },
  ]).flat();
}
async function rig(
  options: AgentOptions,
  security: { version: 1 | 2; community: string } = { version: 2, community: 'orchard' },
) {
  const agent = await startSnmpAgent(options);
  endings.push(agent.stop);
  return { agent, session: sessionTo(agent.port, security) };
}
function sessionTo(
  port: number,
  security: { version: 1 | 2; community: string } = { version: 2, community: 'orchard' },
): SnmpSession {
  const session = openSnmp({ host: '127.0.0.1', port, security, tryMs: 100 });
  endings.push(session.close);
  return session;
}
function bulks(agent: SnmpAgent): (readonly [number, number])[] {
  return agent.requests().map(({ oids, numbers }) => [oids.length, numbers[1]] as const);
}
function code(error: unknown): string {
  return (error as AppError).code; // only AppErrors are thrown here
}

describe('a walk of columns', () => {
  test('gives every cell of every column, side by side', async () => {
    const { session } = await rig({ rows: rowsOf(250) });
    const columns = await session.walk([`${table}.1`, `${table}.2`, `${table}.9`]);
    expect(columns.map(({ size }) => size)).toEqual([250, 250, 0]);
    expect([...(columns[0]?.keys() ?? [])]).toEqual(Array.from({ length: 250 }, (_, at) => `${at + 1}`));
    expect(columns[1]?.get('250')).toEqual({ tag: 4, value: Buffer.from('member-249') });
  });

  test('asks for more rows at once as long as answers come whole, and the next time for as many as there were', async () => {
    const { agent, session } = await rig({ rows: rowsOf(70) });
    await session.walk([`${table}.1`, `${table}.2`]);
    expect(bulks(agent)).toEqual([
      [2, 10],
      [2, 20],
      [2, 40],
      [2, 80],
    ]);
    await session.walk([`${table}.1`, `${table}.2`]);
    expect(bulks(agent).slice(4)).toEqual([[2, 71]]);
  });

  test('takes what fits where an agent cuts its answers short', async () => {
    const { agent, session } = await rig({ rows: rowsOf(100), maxBytes: 1200 });
    const [numbers] = await session.walk([`${table}.1`, `${table}.2`, `${table}.3`]);
    expect(numbers?.size).toBe(100);
    expect(
      Math.max(
        ...bulks(agent)
          .slice(2)
          .map(([, repetitions]) => repetitions),
      ),
    ).toBeLessThan(20);
  });

  test('asks for fewer rows, then fewer columns, where the agent says tooBig', async () => {
    const { agent, session } = await rig({
      rows: rowsOf(9),
      twist: (request, reply) => [
        request.oids.length * request.numbers[1] > 1 ? { ...reply, errorStatus: 1, rows: [] } : reply,
      ],
    });
    const columns = await session.walk([`${table}.1`, `${table}.2`]);
    expect(columns.map(({ size }) => size)).toEqual([9, 9]);
    expect(bulks(agent).slice(0, 5)).toEqual([
      [2, 10],
      [2, 5],
      [2, 2],
      [2, 1],
      [1, 1],
    ]);
  });

  test('asks for fewer rows where long answers get lost on the way', async () => {
    const { agent, session } = await rig({
      rows: rowsOf(30),
      twist: (request, reply) => (request.numbers[1] > 6 ? [] : [reply]),
    });
    const [numbers] = await session.walk([`${table}.1`]);
    expect(numbers?.size).toBe(30);
    expect(bulks(agent).slice(0, 3)).toEqual([
      [1, 10],
      [1, 10],
      [1, 5],
    ]);
  });

  test('by version 1 goes row by row to the same cells', async () => {
    const { session } = await rig({ rows: rowsOf(12) }, { version: 1, community: 'orchard' });
    const columns = await session.walk([`${table}.1`, `${table}.3`, `${table}.9`]);
    expect(columns.map(({ size }) => size)).toEqual([12, 12, 0]);
    expect(await session.get([`${table}.1.1`, '1.3.6.1.9.9.0', `${table}.1.2`])).toEqual([
      { tag: 2, value: 0 },
      undefined,
      { tag: 2, value: 1 },
    ]);
  });
});

describe('an agent that lies', () => {
  test.each([
    ['goes back', (at: number) => (at === 5 ? 2 : at)],
    ['stands still', (at: number) => Math.min(at, 5)],
  ])('and %s in its table ends the walk', async (_, indexOf) => {
    const { session } = await rig({
      rows: rowsOf(3),
      twist: (request, reply) => {
        const [oid = ''] = request.oids;
        const after = Number(oid.split('.').at(-1));
        const at = oid === `${table}.1` ? 1 : after + 1;
        return [{ ...reply, rows: [{ oid: `${table}.1.${indexOf(at)}`, value: integer(7) }] }];
      },
    });
    await expect(session.walk([`${table}.1`])).rejects.toMatchObject({
      code: 'OUTPUT_UNPARSED',
      detail: expect.stringContaining('does not go forward') as string,
    });
  });

  test('without end is stopped at the limit, in bytes', async () => {
    const { agent, session } = await rig({
      rows: [],
      twist: (request, reply) => {
        const [oid = ''] = request.oids;
        const from = oid === `${table}.1` ? 0 : Number(oid.split('.').at(-1));
        const rows = Array.from({ length: request.numbers[1] }, (_, at) => ({
          oid: `${table}.1.${from + at + 1}`,
          value: tlv(4, Buffer.alloc(40)),
        }));
        return [{ ...reply, rows }];
      },
    });
    await expect(session.walk([`${table}.1`], { maxBytes: 50_000 })).rejects.toMatchObject({ code: 'OUTPUT_UNPARSED' });
    expect(agent.requests().length).toBeLessThan(12);
  });

  test.each<[string, AgentOptions['twist'], string]>([
    ['that is silent', () => [], 'TIMED_OUT'],
    ['that sends rubbish', () => [Buffer.from('no ASN.1 at all')], 'OUTPUT_UNPARSED'],
    ['that cuts its answers', (request, reply) => [writeReply(request, reply).subarray(0, 30)], 'OUTPUT_UNPARSED'],
    ['that answers other questions', (_, reply) => [{ ...reply, id: reply.id + 1 }], 'TIMED_OUT'],
    [
      'that names another community',
      (request, reply) => [writeReply({ ...request, community: 'guessed' }, reply)],
      'OUTPUT_UNPARSED',
    ],
    [
      'that answers with its own error',
      (_, reply) => [{ ...reply, errorStatus: 5, errorIndex: 1 }],
      'COMMAND_REJECTED',
    ],
    ['that lets nothing be read', (_, reply) => [{ ...reply, errorStatus: 16, errorIndex: 1 }], 'PERMISSION_DENIED'],
  ])('%s is told by a code of ours, without the community', async (_, twist, wanted) => {
    const { session } = await rig({ rows: rowsOf(3), ...(twist && { twist }) });
    const error = await session.get([`${table}.1.1`]).catch((one: unknown) => one);
    expect(code(error)).toBe(wanted);
    expect(JSON.stringify((error as AppError).toProblem())).not.toMatch(/orchard|guessed/);
  });

  test('that answers twice, late and out of order is taken at its first fitting word', async () => {
    const { session } = await rig({
      rows: rowsOf(40),
      twist: (request, reply) => [
        { ...reply, id: reply.id - 1, rows: [] },
        reply,
        reply,
        writeReply(request, reply).subarray(0, 20),
      ],
    });
    for (let round = 0; round < 3; round++) {
      const [numbers] = await session.walk([`${table}.1`]);
      expect(numbers?.size).toBe(40);
    }
  });

  test('in any byte of an answer never does more than fail with a code of ours', async () => {
    let change = { at: 0, mask: 0 };
    function garble(bytes: Buffer): Buffer {
      const copy = Buffer.from(bytes);
      const at = change.at % copy.length;
      copy[at] = (copy[at] ?? 0) ^ change.mask;
      return copy;
    }
    const { session } = await rig({
      rows: rowsOf(5),
      twist: (request, reply) => [garble(writeReply(request, reply)), writeReply(request, reply)],
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(200), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        change = { at, mask };
        const outcome = await session
          .walk([`${table}.1`, `${table}.2`], { timeoutMs: 2000, maxBytes: 100_000 })
          .catch(code);
        expect(typeof outcome === 'string' ? outcome : 'walked').toMatch(
          /^(walked|OUTPUT_UNPARSED|TIMED_OUT|COMMAND_REJECTED|PERMISSION_DENIED)$/,
        );
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});

describe('a way that loses', () => {
  test('every third datagram, doubles and reorders the others, still brings every cell', async () => {
    const agent = await startSnmpAgent({ rows: rowsOf(120), maxBytes: 1400 });
    endings.push(agent.stop);
    const relay = await openUdpRelay(agent.port);
    endings.push(relay.stop);
    relay.setFate(({ number }) => (number % 3 === 0 ? [] : number % 2 === 0 ? [15, 1] : [5]));
    const session = sessionTo(relay.port);
    const columns = await session.walk([`${table}.1`, `${table}.2`, `${table}.3`]);
    expect(columns.map(({ size }) => size)).toEqual([120, 120, 120]);
  }, 30_000);
});

describe('a call', () => {
  test('to a port where nothing listens says so at once', async () => {
    const agent = await startSnmpAgent({ rows: [] });
    await agent.stop();
    await expect(sessionTo(agent.port).get([`${table}.1.1`])).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  test('that is called off ends at once, and the session goes on', async () => {
    let isSilent = true;
    const { session } = await rig({ rows: rowsOf(1), twist: (_, reply) => (isSilent ? [] : [reply]) });
    const stop = new AbortController();
    const call = session.get([`${table}.1.1`], { signal: stop.signal });
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'CANCELLED' });
    isSilent = false;
    expect(await session.get([`${table}.1.1`])).toEqual([{ tag: 2, value: 0 }]);
  });

  test('ends with the session', async () => {
    const { session } = await rig({ rows: rowsOf(1), twist: () => [] });
    const call = session.walk([`${table}.1`]);
    session.close();
    await expect(call).rejects.toMatchObject({ code: 'SESSION_CLOSED' });
  });
});

test('OIDs are compared number by number', () => {
  const oids = ['1.3.10', '1.3.9.1', '1.3.9', '1.3'];
  expect(oids.toSorted(compareOids)).toEqual(['1.3', '1.3.9', '1.3.9.1', '1.3.10']);
  expect(oidBody('1.3.6.1.4.1.55555').toString('hex')).toBe('2b0601040183b203');
});

test('protocols are known by the names that people write, and those that are not built in say so', () => {
  expect(['MD5', 'sha', 'SHA-1', 'SHA-256', 'sha2-256', 'HMAC-SHA-512'].map(authProtocol)).toEqual([2, 3, 3, 5, 5, 7]);
  expect(['AES', 'aes-128', 'AES-256', 'AES256C'].map(privProtocol)).toEqual([4, 4, 6, 8]);
  expect(() => privProtocol('AES-192')).toThrow(expect.objectContaining({ code: 'CAPABILITY_MISSING' }));
  expect(() => authProtocol('rot13')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});
