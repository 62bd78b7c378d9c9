import { describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { compileExpression } from '../../../src-main/engine/algorithms/expression.ts';
import { resolveSettings, type PoolSettings } from '../../../src-main/engine/config/settings.ts';
import { cutCookie, cutPrefix, findCookie } from '../../../src-main/engine/http1/cookies.ts';
import { clientNetwork } from '../../../src-main/engine/persistence/client-network.ts';
import { HeldTables, type Asker } from '../../../src-main/engine/persistence/held-tables.ts';
import { Holding } from '../../../src-main/engine/persistence/holding.ts';
import { Keeper } from '../../../src-main/engine/persistence/keeper.ts';
import type { HeldNews, HeldReplies } from '../../../src-main/engine/persistence/messages.ts';
import type { HeldRequest } from '../../../src-main/engine/persistence/method.ts';
import { ownerOf, planTables } from '../../../src-main/engine/persistence/table-names.ts';
import { P, poolCounterNames } from '../../../src-main/engine/runtime/counters.ts';
import { HeldClients } from '../../../src-main/engine/supervisor/held-clients.ts';

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

describe('the prefix of a cookie', () => {
  it.each([
    ['Cookie: SRV=b1~orig', 'Cookie: SRV=orig'],
    ['Cookie: x=1~2; SRV=b1~x~y; y=2', 'Cookie: x=1~2; SRV=x~y; y=2'],
    ['Cookie: SRV=a1~1; SRV=b1~2', 'Cookie: SRV=1; SRV=2'],
    ['Cookie: SRV=b1~', 'Cookie: SRV='],
    ['Cookie: SRV=b1', 'Cookie: SRV=b1'],
    ['Cookie: SRV="b1~q"', 'Cookie: SRV=q"'],
  ])('is cut from %s, as HAProxy cuts it', (before, after) => {
    const text = head(before, 'B: 1');
    const bytes = Buffer.from(`${text}BODY~`, 'latin1');
    const removed = cutPrefix(bytes, text.length, bytes.length, name);
    expect(bytes.toString('latin1', 0, bytes.length - removed)).toBe(`${head(after, 'B: 1')}BODY~`);
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

function settingsOf(persistence: NonNullable<EnginePool['persistence']>): PoolSettings {
  const members = ['a', 'b'].map((each, index) => ({ name: each, address: '10.0.0.1', port: index + 1 }));
  const [pool] = resolveSettings({ version: 1, pools: [{ name: 'p', members, persistence }] }, '/').pools;
  if (pool === undefined) throw new Error('no pool');
  return pool;
}

/** A worker's way of holding clients, its counters, and what it tells the supervisor. */
function holding(persistence: NonNullable<EnginePool['persistence']>, isComplete = true) {
  const pool = settingsOf(persistence);
  const news: HeldNews[] = [];
  const tables = new HeldTables((each) => news.push(each), isComplete);
  const config = { version: 1 as const, pools: [{ name: 'p', members: [], persistence }] };
  tables.configure(new Map(planTables(resolveSettings(config, '/')).map(({ table, limits }) => [table, limits])));
  const counters = new Float64Array(poolCounterNames.length);
  if (pool.persistence === undefined) throw new Error('no persistence');
  return {
    held: new Holding(ownerOf({ server: '', pool }), pool, pool.persistence, tables, counters),
    tables,
    counters,
    news,
  };
}

function from(request: Partial<Record<keyof HeldRequest, string>>): HeldRequest {
  return {
    sourceAddress: () => request.sourceAddress ?? '',
    destinationAddress: () => request.destinationAddress ?? '',
    target: () => request.target ?? '/',
    header: (each) => (each === 'cookie' ? (request.cookie ?? '') : (request.header ?? '')),
    sni: () => request.sni ?? '',
    tlsSessionId: () => request.tlsSessionId ?? '',
    cookie: () => request.cookie ?? '',
  };
}

const nobody: Asker = { onHeld: () => undefined };

describe.each([
  ['source-ip', {}, 'sourceAddress', '10.0.0.1', '10.0.0.2'],
  ['dest-ip', {}, 'destinationAddress', '10.9.0.1', '2001:db8::1'],
  ['header', { key: 'X-User' }, 'header', 'ann', 'Ann'],
  ['query-param', { key: 'u' }, 'target', '/x?a=1&u=2', '/x?u=3'],
  ['expression', { expression: '{client}|{path}' }, 'target', '/x?a=1', '/y'],
  ['expression', { key: '{sni}' }, 'sni', 'a.test', 'b.test'],
] as const)('%s %j', (method, settings, part, one, other) => {
  it('holds what is alike on one member and nothing else', () => {
    const { held } = holding({ method, ...settings });
    const before = held.find(from({ [part]: one }), 0);
    const decided = held.hold(from({ [part]: one }), 'b', '', 0, nobody, 1);
    expect([before, decided]).toEqual(['', 'b']);
    expect(held.find(from({ [part]: one }), 1)).toBe('b');
    expect(held.find(from({ [part]: other }), 1)).toBe('');
    expect(held.isByMethod).toBe(false);
  });
});

describe('tls-session-id', () => {
  it('holds by the id that a member gave, not by one that a client made up', () => {
    const { held } = holding({ method: 'tls-session-id' });
    held.hold(from({ tlsSessionId: 'ab01' }), 'a', '', 0, nobody, 1);
    expect(held.find(from({ tlsSessionId: 'ab01' }), 1)).toBe('');
    held.learn('ab02', 'b', 2);
    expect(held.find(from({ tlsSessionId: 'ab02' }), 3)).toBe('b');
    expect(held.cookie.mode).toBe('none');
  });
});

describe('a table of held clients', () => {
  it('holds a network until nothing has come from it for timeoutMs', () => {
    const { held } = holding({ method: 'source-ip', ipv4Prefix: 24, timeoutMs: 1000 });
    held.hold(from({ sourceAddress: '10.0.0.1' }), 'a', '', 0, nobody, 1);
    expect(held.find(from({ sourceAddress: '10.0.0.200' }), 900)).toBe('a');
    expect(held.find(from({ sourceAddress: '10.0.1.1' }), 900)).toBe('');
    expect(held.find(from({ sourceAddress: '10.0.0.1' }), 1899)).toBe('a');
    expect(held.find(from({ sourceAddress: '10.0.0.1' }), 2899)).toBe('');
  });

  it('makes room by forgetting whoever has been away longest, and never holds more than maxEntries', () => {
    const evicted: string[] = [];
    const keeper = new Keeper({ timeoutMs: 1000, maxEntries: 3 }, (key) => evicted.push(key));
    for (const [index, key] of ['k', 'l', 'm'].entries()) keeper.set(key, 'a', index);
    keeper.find('k', 4);
    keeper.set('n', 'b', 5);
    expect([evicted, keeper.size, keeper.counts]).toEqual([['l'], 3, new Map([['a', 2], ['b', 1]])]); // prettier-ignore
    keeper.configure({ timeoutMs: 1000, maxEntries: 1 });
    expect([evicted, keeper.look('n', 6)?.member]).toEqual([['l', 'm', 'k'], 'b']);
    keeper.sweep(1005);
    expect([keeper.size, keeper.counts.size]).toEqual([0, 0]);
  });

  it('keeps a long key as its digest: keys that begin alike stay apart', () => {
    const { held } = holding({ method: 'header', key: 'X' });
    const long = 'x'.repeat(10_000);
    held.hold(from({ header: `${long}1` }), 'a', '', 0, nobody, 1);
    expect([held.find(from({ header: `${long}1` }), 1), held.find(from({ header: `${long}2` }), 1)]).toEqual(['a', '']);
  });

  it('stays within a bound of memory under a flood of other keys', () => {
    const { held, tables } = holding({ method: 'header', key: 'X', maxEntries: 100 });
    for (let turn = 0; turn < 5000; turn++) held.hold(from({ header: `user ${turn}` }), 'a', '', turn, nobody, 1);
    const [table = ''] = planTables(resolveSettings({ version: 1, pools: [{ name: 'p', members: [], persistence: { method: 'header', key: 'X' } }] }, '/')).map((plan) => plan.table); // prettier-ignore
    expect(tables.keeper(table)?.size).toBe(100);
    expect(held.find(from({ header: 'user 4900' }), 5000)).toBe('a');
    expect(held.find(from({ header: 'user 4899' }), 5000)).toBe('');
  });

  it('holds nobody who has no key', () => {
    const { held, counters } = holding({ method: 'source-ip' });
    expect(held.hold(from({}), 'a', '', 0, nobody, 1)).toBe('a');
    expect(held.find(from({}), 1)).toBe('');
    expect([counters[P.keyless], counters[P.heldAnew]]).toEqual([1, 1]);
  });
});

describe('a fallback', () => {
  it('says where the client is when the method finds nothing, and is told where it goes', () => {
    const { held, counters } = holding({ method: 'header', key: 'X', fallback: 'source-ip' });
    const both = { sourceAddress: '10.0.0.1', header: 'ann' };
    expect(held.hold(from(both), 'a', '', 0, nobody, 1)).toBe('a');
    expect(held.find(from({ sourceAddress: '10.0.0.1' }), 1)).toBe('a');
    expect(held.find(from({ header: 'ann', sourceAddress: '10.0.0.9' }), 1)).toBe('a');
    // Unknown by its header, known by its address: whoever is asked says so and learns the header.
    expect(held.find(from({ sourceAddress: '10.0.0.1', header: 'bob' }), 2)).toBe('a');
    expect([counters[P.heldByFallback], counters[P.held], counters[P.keyless]]).toEqual([2, 1, 1]);
  });

  it('is not asked by a cookie that names a member', () => {
    const { held } = holding({ method: 'cookie-insert', fallback: 'source-ip' });
    expect(held.hold(from({ sourceAddress: '10.0.0.1' }), 'a', '', 0, nobody, 1)).toBe('a');
    expect([held.find(from({ sourceAddress: '10.0.0.1', cookie: 'b' }), 1), held.isByMethod]).toEqual(['b', true]);
    expect([held.find(from({ sourceAddress: '10.0.0.1' }), 1), held.isByMethod]).toEqual(['a', false]);
    expect(held.line('a').toString()).toBe('Set-Cookie: SRV=a; Path=/; HttpOnly\r\n');
  });
});

/** Two workers and the supervisor, whose channels are walked by hand. */
function engine(persistence: NonNullable<EnginePool['persistence']>) {
  const workers = [holding(persistence, false), holding(persistence, false)];
  const heard: [number, HeldReplies][] = [];
  const supervisor = new HeldClients(2, (worker, replies) => heard.push([worker, replies]));
  supervisor.prepare(resolveSettings({ version: 1, pools: [{ name: 'p', members: [], persistence }] }, '/'));
  async function settle(): Promise<void> {
    for (let turn = 0; turn < 4; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      for (const [index, { news }] of workers.entries())
        for (const each of news.splice(0)) supervisor.receive(index, each);
      for (const [worker, replies] of heard.splice(0)) workers[worker]?.tables.receive(replies);
    }
  }
  return { workers, supervisor, settle };
}

describe('a key that two workers ask about', () => {
  it('is decided once: the first worker that asks is right', async () => {
    const { workers, settle } = engine({ method: 'header', key: 'X' });
    const told: string[] = [];
    for (const [index, { held }] of workers.entries()) {
      const asker: Asker = { onHeld: (_ticket, member, by) => told.push(`${index} ${member} ${by}`) };
      expect(held.hold(from({ header: 'ann' }), ['a', 'b'][index] ?? '', '', 0, asker, 1)).toBe('');
    }
    await settle();
    expect(told).toEqual(['0 a algorithm', '1 a method']);
    expect(workers.map(({ held }) => held.find(from({ header: 'ann' }), performance.now()))).toEqual(['a', 'a']);
  });

  it('moves for both when its member cannot serve it, once', async () => {
    const { workers, settle } = engine({ method: 'header', key: 'X' });
    for (const { held } of workers) held.hold(from({ header: 'ann' }), 'a', '', 0, nobody, 1);
    await settle();
    workers[0]?.held.hold(from({ header: 'ann' }), 'b', 'a', 0, nobody, 2);
    await settle();
    expect(workers.map(({ held }) => held.find(from({ header: 'ann' }), performance.now()))).toEqual(['b', 'b']);
  });

  it('is known to the supervisor when both workers are gone, and released everywhere', async () => {
    const { workers, supervisor, settle } = engine({ method: 'header', key: 'X' });
    workers[1]?.held.hold(from({ header: 'ann' }), 'b', '', 0, nobody, 1);
    await settle();
    expect(supervisor.look('ann')).toMatchObject([{ pool: 'p', method: 'header', client: 'ann', member: 'b' }]);
    for (const { tables } of workers) tables.receive({ answers: [], changes: supervisor.forget('ann') });
    expect(supervisor.look('ann')).toEqual([]);
  });

  it('outlives the worker that decided, and a member that sets its own cookie is known at once', async () => {
    const { workers, supervisor, settle } = engine({ method: 'cookie-learn', cookieName: 'JSESSIONID' });
    workers[0]?.held.learn('s1', 'b', performance.now());
    expect(workers[0]?.news).toHaveLength(1);
    await settle();
    const told: string[] = [];
    const asker: Asker = { onHeld: (_ticket, member, by) => told.push(`${member} ${by}`) };
    workers[1]?.held.hold(from({ cookie: 's1' }), 'a', '', 0, asker, 1);
    workers[1]?.held.hold(from({ cookie: 'unknown' }), 'a', '', 0, asker, 2);
    await settle();
    expect(told).toEqual(['b method', 'a algorithm']);
    expect(supervisor.look('unknown')).toEqual([]);
  });
});

describe('a cookie that two members set at once', () => {
  it('ends on one of them for every worker', async () => {
    const { workers, settle } = engine({ method: 'cookie-learn' });
    workers[0]?.held.learn('s1', 'a', performance.now());
    workers[1]?.held.learn('s1', 'b', performance.now());
    await settle();
    expect(workers.map(({ held }) => held.find(from({ cookie: 's1' }), performance.now()))).toEqual(['b', 'b']);
  });
});

describe('cookie-insert', () => {
  it('writes every attribute that is asked for', () => {
    expect(holding({ method: 'cookie-insert' }).held.line('a').toString()).toBe(
      'Set-Cookie: SRV=a; Path=/; HttpOnly\r\n',
    );
    const cookie = { path: '/x', domain: 'l.test', secure: true, httpOnly: false, sameSite: 'None' as const };
    expect(holding({ method: 'cookie-insert', cookieName: 'N', cookie }).held.line('b').toString()).toBe(
      'Set-Cookie: N=b; Path=/x; Domain=l.test; Secure; SameSite=None\r\n',
    );
  });

  it('knows the values of its own members only', () => {
    const { held } = holding({ method: 'cookie-insert' });
    expect(['a', 'b', 'c', ''].map((cookie) => held.find(from({ cookie }), 0))).toEqual(['a', 'b', '', '']);
  });
});

describe('an expression', () => {
  it.each(['', 'text', '{nobody}', '{header}', '{client:x}', '{client', 'a}{client}'])('is not %j', (each) => {
    expect(compileExpression(each)).toBeUndefined();
  });

  it('puts parts and text together; its key is empty where every part is absent', () => {
    const request = from({ sourceAddress: '::1', target: '/p?q=1', header: 'v', cookie: 'c=2', sni: 's' });
    const whole = compileExpression('<{client}{path}{header:X-A}{query:q}{cookie:c}{sni}>');
    expect(whole?.key(request)).toBe('<::1/pv12s>');
    const absent = from({ target: '' });
    expect([whole?.key(absent), whole?.text(absent)]).toEqual(['', '<>']);
  });
});
