import { describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { resolveSettings } from '../../../src-main/engine/config/settings.ts';
import { cutCookie, findCookie } from '../../../src-main/engine/http1/cookies.ts';
import { clientNetwork } from '../../../src-main/engine/persistence/client-network.ts';
import { cookieInsert } from '../../../src-main/engine/persistence/cookie-insert.ts';
import type { HeldRequest, Holder, PersistenceMethod } from '../../../src-main/engine/persistence/method.ts';
import { sourceIp } from '../../../src-main/engine/persistence/source-ip.ts';

const name = Buffer.from('SRV');

function head(...fields: readonly string[]): string {
  return ['GET / HTTP/1.1', 'Host: l', ...fields, '', ''].join('\r\n');
}

function cut(text: string): string {
  const bytes = Buffer.from(`${text}BODY; SRV=body`, 'latin1');
  const removed = cutCookie(bytes, text.length, bytes.length, name);
  return bytes.toString('latin1', 0, bytes.length - removed);
}

describe('the cookie of a request', () => {
  it.each([
    ['Cookie: SRV=a', 'a'],
    ['cookie: x=1; SRV=a; y=2', 'a'],
    ['COOKIE:x=1;SRV= a ', 'a'],
    ['Cookie: XSRV=b; SRVX=c; SRV=', ''],
    ['Cookie: x=SRV=b', ''],
    ['X-Cookie: SRV=b', ''],
    ['Cookie: srv=b', ''],
    ['Cookie: SRV=first; SRV=second', 'first'],
  ])('is found in %s', (field, value) => {
    const text = head(field);
    expect(findCookie(Buffer.from(text, 'latin1'), text.length, name)).toBe(value);
  });

  it.each([
    [['Cookie: SRV=a'], []],
    [
      ['Cookie: x=1; SRV=a; y=2', 'B: 1'],
      ['Cookie: x=1; y=2', 'B: 1'],
    ],
    [['Cookie: SRV=a; y=2'], ['Cookie: y=2']],
    [['Cookie: x=1; SRV=a'], ['Cookie: x=1']],
    [['Cookie: SRV=a; x=1; SRV=b'], ['Cookie: x=1']],
    [
      ['Cookie: SRV=a', 'B: 1', 'Cookie: SRV=b', 'Cookie: z=1'],
      ['B: 1', 'Cookie: z=1'],
    ],
    [['Cookie: XSRV=a; x=SRV=b'], ['Cookie: XSRV=a; x=SRV=b']],
  ])('is cut from %j and nothing else is touched', (before, after) => {
    expect(cut(head(...before))).toBe(`${head(...after)}BODY; SRV=body`);
  });
});

describe('the network of a client', () => {
  it.each([
    ['10.1.2.3', 32, 128, '10.1.2.3/32'],
    ['10.1.2.3', 20, 128, '10.1.0.0/20'],
    ['255.255.255.255', 0, 0, '0.0.0.0/0'],
    ['::ffff:10.1.2.3', 24, 64, '10.1.2.0/24'],
    ['2001:DB8:1:2:3::4', 24, 48, '2001:db8:1:0:0:0:0:0/48'],
    ['fe80::1%eth0', 24, 128, 'fe80:0:0:0:0:0:0:1/128'],
    ['::', 24, 128, '0:0:0:0:0:0:0:0/128'],
    ['', 24, 64, ''],
    ['localhost', 24, 64, ''],
  ])('of %s at /%i and /%i is %s', (address, v4, v6, network) => {
    expect(clientNetwork(address, v4, v6)).toBe(network);
  });
});

function holder(
  method: PersistenceMethod,
  persistence: NonNullable<EnginePool['persistence']>,
  before?: Holder,
): Holder {
  const members = ['a', 'b'].map((each, index) => ({ name: each, address: '10.0.0.1', port: index + 1 }));
  const pools = [{ name: 'p', members, persistence: { ...persistence, method: 'source-ip' as const } }];
  const [pool] = resolveSettings({ version: 1, pools }, '/').pools;
  if (pool?.persistence === undefined) throw new Error('no pool');
  return method.create(pool, pool.persistence, before);
}

function from(address: string, cookie = ''): HeldRequest {
  return { sourceAddress: () => address, cookie: () => cookie };
}

describe('source-ip', () => {
  it('holds a network until nothing has come from it for timeoutMs', () => {
    const held = holder(sourceIp, { ipv4Prefix: 24, timeoutMs: 1000 });
    held.hold(from('10.0.0.1'), 'a', 0);
    expect(held.find(from('10.0.0.200'), 900)).toBe('a');
    expect(held.find(from('10.0.1.1'), 900)).toBeUndefined();
    expect(held.look('10.0.0.7', 1500)).toEqual({ client: '10.0.0.0/24', member: 'a', idleMs: 600, expiresInMs: 400 });
    expect(held.find(from('10.0.0.1'), 1899)).toBe('a');
    expect(held.find(from('10.0.0.1'), 2899)).toBeUndefined();
  });

  it('makes room by forgetting whoever has been away longest, and never holds more than maxEntries', () => {
    const held = holder(sourceIp, { maxEntries: 3 });
    for (let each = 1; each <= 3; each++) held.hold(from(`10.0.0.${each}`), 'a', each);
    held.find(from('10.0.0.1'), 4);
    held.hold(from('10.0.0.4'), 'b', 5);
    const known = [1, 2, 3, 4].map((each) => held.look(`10.0.0.${each}`, 6)?.member);
    expect(known).toEqual(['a', undefined, 'a', 'b']);
    const smaller = holder(sourceIp, { maxEntries: 1 }, held);
    expect([1, 2, 3, 4].map((each) => smaller.look(`10.0.0.${each}`, 6)?.member)).toEqual([
      undefined,
      undefined,
      undefined,
      'b',
    ]);
  });

  it('keeps its entries over a reload while networks are as wide as before, and forgets when told', () => {
    const held = holder(sourceIp, {});
    held.hold(from('10.0.0.1'), 'a', 0);
    const kept = holder(sourceIp, { timeoutMs: 5000 }, held);
    expect(kept.find(from('10.0.0.1'), 1)).toBe('a');
    expect(holder(sourceIp, { ipv4Prefix: 24 }, kept).find(from('10.0.0.1'), 2)).toBeUndefined();
    expect([kept.forget('10.0.0.1'), kept.forget('10.0.0.1')]).toEqual([true, false]);
    expect(kept.find(from('10.0.0.1'), 3)).toBeUndefined();
  });

  it('holds nobody who has no address', () => {
    const held = holder(sourceIp, {});
    held.hold(from(''), 'a', 0);
    expect(held.find(from(''), 1)).toBeUndefined();
  });
});

describe('cookie-insert', () => {
  it('writes every attribute that is asked for', () => {
    const plain = holder(cookieInsert, {});
    expect(plain.hold(from(''), 'a', 0).toString()).toBe('Set-Cookie: SRV=a; Path=/; HttpOnly\r\n');
    const cookie = { path: '/x', domain: 'l.test', secure: true, httpOnly: false, sameSite: 'None' as const };
    const full = holder(cookieInsert, { cookieName: 'N', cookie });
    expect(full.hold(from(''), 'b', 0).toString()).toBe(
      'Set-Cookie: N=b; Path=/x; Domain=l.test; Secure; SameSite=None\r\n',
    );
  });

  it('knows the values of its own members only', () => {
    const held = holder(cookieInsert, {});
    expect(['a', 'b', 'c', ''].map((value) => held.find(from('', value), 0))).toEqual(['a', 'b', undefined, undefined]);
  });
});
