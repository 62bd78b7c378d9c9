import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src-main/contract/errors.ts';
import type { SnmpSecurity, SnmpUser } from '../../src-main/transports/snmp-options.ts';
import { openSnmp } from '../../src-main/transports/snmp-session.ts';
import { isMissing } from '../rigs/need.ts';
import { type Snmpd, snmpPasswords, startSnmpd } from '../rigs/snmpd.ts';
import { openUdpRelay } from '../rigs/udp-relay.ts';

const ifName = '1.3.6.1.2.1.31.1.1.1.1';
const sysName = '1.3.6.1.2.1.1.5.0';

describe.skipIf(isMissing('snmpd'))('Net-SNMP’s own agent', () => {
  const users = [
    { name: 'open' },
    { name: 'md5', auth: 'MD5' },
    { name: 'sha', auth: 'SHA', priv: 'AES' },
    { name: 'sha224', auth: 'SHA-224' },
    { name: 'sha256', auth: 'SHA-256', priv: 'AES' },
    { name: 'sha384', auth: 'SHA-384' },
    { name: 'sha512', auth: 'SHA-512', priv: 'AES-256' },
  ];
  let agent: Snmpd;
  beforeAll(async () => {
    agent = await startSnmpd(users);
  }, 60_000);
  afterAll(() => agent.stop());

  function nameBy(security: SnmpSecurity, port = agent.port): Promise<string> {
    const session = openSnmp({ host: '127.0.0.1', port, security, tryMs: 3000 });
    return session
      .get([sysName], { timeoutMs: 30_000 })
      .then(([cell]) => String(cell?.value))
      .finally(session.close);
  }
  function userOf({ name, auth, priv }: (typeof users)[number]): SnmpUser {
    return {
      user: name,
      auth: auth === undefined ? undefined : { protocol: auth, password: snmpPasswords.auth },
      priv: priv === undefined ? undefined : { protocol: priv, password: snmpPasswords.priv },
    };
  }

  test.each(users)('answers $name (authentication $auth, privacy $priv)', async (user) => {
    expect(await nameBy({ version: 3, ...userOf(user) })).toBe('orchard-host');
  });

  function flip(bytes: Buffer, at: number): void {
    bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
  }

  test('answers version 1 and version 2c', async () => {
    expect(await nameBy({ version: 1, community: 'orchard' })).toBe('orchard-host');
    expect(await nameBy({ version: 2, community: 'orchard' })).toBe('orchard-host');
  });

  test.each<[string, SnmpUser]>([
    ['user', { user: 'stranger', auth: { protocol: 'SHA', password: snmpPasswords.auth } }],
    ['password', { user: 'sha256', auth: { protocol: 'SHA-256', password: 'another-one' } }],
    ['protocol', { user: 'sha256', auth: { protocol: 'SHA-512', password: snmpPasswords.auth } }],
  ])('refuses a wrong %s by name, and no secret stands in the words', async (_, user) => {
    const error = await nameBy({ version: 3, ...user }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'AUTH_FAILED' });
    expect(String(error)).not.toMatch(/another-one|authentication-1/);
  });

  test('refuses a user who gives less than its level', async () => {
    await expect(nameBy({ version: 3, user: 'sha256' })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });

  test('that was started anew, its time with it, is answered by the same session', async () => {
    const first = await startSnmpd(users);
    const relay = await openUdpRelay(first.port);
    const session = openSnmp({
      host: '127.0.0.1',
      port: relay.port,
      security: { version: 3, ...userOf({ name: 'sha256', auth: 'SHA-256', priv: 'AES' }) },
      tryMs: 3000,
    });
    try {
      expect((await session.walk([ifName], { timeoutMs: 30_000 }))[0]?.size).toBeGreaterThan(0);
      await first.stop();
      const second = await startSnmpd(users, [], { port: first.port, engineId: '0x80001f8804deadbeef' });
      try {
        expect((await session.walk([ifName], { timeoutMs: 30_000 }))[0]?.size).toBeGreaterThan(0);
      } finally {
        await second.stop();
      }
    } finally {
      session.close();
      relay.stop();
    }
  }, 120_000);

  test('is walked whole over a way of 80 ms that loses and doubles datagrams', async () => {
    const relay = await openUdpRelay(agent.port);
    relay.setFate(({ number }) => (number % 4 === 0 ? [] : number % 3 === 0 ? [40, 70] : [40]));
    const session = openSnmp({
      host: '127.0.0.1',
      port: relay.port,
      security: { version: 2, community: 'orchard' },
      tryMs: 500,
    });
    const straight = openSnmp({ host: '127.0.0.1', port: agent.port, security: { version: 2, community: 'orchard' } });
    try {
      const columns = [ifName, '1.3.6.1.2.1.31.1.1.1.15', '1.3.6.1.2.1.2.2.1.3'];
      const options = { timeoutMs: 60_000 };
      expect(await session.walk(columns, options)).toEqual(await straight.walk(columns, options));
    } finally {
      session.close();
      straight.close();
      relay.stop();
    }
  }, 120_000);

  test.each<[string, SnmpSecurity]>([
    ['v3, authenticated', { version: 3, ...userOf({ name: 'sha384', auth: 'SHA-384' }) }],
    ['v3, authenticated and private', { version: 3, ...userOf({ name: 'sha256', auth: 'SHA-256', priv: 'AES' }) }],
  ])(
    'by %s no byte that was changed on a way of 80 ms is ever believed',
    async (_, security) => {
      const relay = await openUdpRelay(agent.port);
      const [session, straight] = [relay.port, agent.port].map((port) =>
        openSnmp({ host: '127.0.0.1', port, security, tryMs: 500 }),
      );
      if (session === undefined || straight === undefined) throw new Error('no session');
      try {
        const options = { timeoutMs: 60_000 };
        const columns = [ifName, '1.3.6.1.2.1.31.1.1.1.15', '1.3.6.1.2.1.2.2.1.3'];
        const truth = await straight.walk(columns, options);
        // The engine's name and time are learned over a clean way; then every other answer has another byte of its scoped PDU changed.
        relay.setFate(() => [40]);
        await session.get([sysName], options);
        let changed = 0;
        relay.setFate(({ direction, bytes }) => {
          changed += direction === 'down' ? 1 : 0;
          if (direction === 'down' && changed % 2 === 1) flip(bytes, bytes.length - 1 - (changed % 30));
          return [40];
        });
        for (let turn = 0; turn < 5; turn += 1) expect(await session.walk(columns, options)).toEqual(truth);
        expect(changed).toBeGreaterThanOrEqual(10);
      } finally {
        session.close();
        straight.close();
        relay.stop();
      }
    },
    120_000,
  );

  test('by v2c, which signs nothing, a changed answer is a cell, no cell or an error of ours, and the session goes on', async () => {
    const relay = await openUdpRelay(agent.port);
    const session = openSnmp({
      host: '127.0.0.1',
      port: relay.port,
      security: { version: 2, community: 'orchard' },
      tryMs: 200,
    });
    try {
      let place = 0;
      relay.setFate(({ direction, bytes }) => {
        if (direction === 'down') {
          const at = place % bytes.length;
          bytes[at] = (bytes[at] ?? 0) ^ 0xff;
          place += 1;
        }
        return [0];
      });
      const outcomes = new Set<string>();
      for (let turn = 0; turn < 60; turn += 1) {
        const end = await session.get([sysName], { timeoutMs: 450 }).then(
          () => 'answered',
          (error: unknown) => (error instanceof AppError ? error.code : String(error)),
        );
        outcomes.add(end);
      }
      const known = ['answered', 'OUTPUT_UNPARSED', 'TIMED_OUT', 'COMMAND_REJECTED', 'PERMISSION_DENIED'];
      expect([...outcomes].filter((outcome) => !known.includes(outcome))).toEqual([]);
      relay.setFate(() => [0]);
      const [cell] = await session.get([sysName], { timeoutMs: 30_000 });
      expect(String(cell?.value)).toBe('orchard-host');
    } finally {
      session.close();
      relay.stop();
    }
  }, 120_000);
});
