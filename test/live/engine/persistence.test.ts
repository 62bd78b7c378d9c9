import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { EngineConfig, EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

const members: RawMember[] = [];
let engine: TestEngine | undefined;

beforeAll(async () => {
  for (const name of ['a', 'b', 'c']) {
    members.push(
      await startRawMember((socket, said) => {
        if (!said.endsWith('\r\n\r\n') && !said.endsWith('BODY')) return;
        const own = 'Set-Cookie: SRV=mine; Path=/\r\nset-cookie: APP=1\r\n';
        socket.write(`HTTP/1.1 200 OK\r\nDate: now\r\n${own}X-Member: ${name}\r\nContent-Length: 0\r\n\r\n`);
      }),
    );
  }
});

afterEach(async () => {
  await engine?.stop();
  engine = undefined;
  for (const member of members) member.heard.splice(0);
});

afterAll(async () => {
  for (const member of members) await member.close();
});

function config(persistence: NonNullable<EnginePool['persistence']>): EngineConfig {
  const list = ['a', 'b', 'c'].map((name, index) => ({
    name,
    address: '127.0.0.1',
    port: members[index]?.port ?? 0,
    cookieValue: `${name}1`,
  }));
  return {
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [{ name: 'app', members: list, persistence, keepAlive: { maxIdle: 0 } }],
  };
}

async function ask(from: TestEngine, ...fields: readonly string[]) {
  const lines = ['GET / HTTP/1.1', 'Host: l', 'Connection: close', ...fields, '', ''];
  const { text } = await speak(from.port('web'), lines.join('\r\n'));
  return { text, member: /X-Member: (.)/.exec(text)?.[1] ?? text };
}

async function visited(from: TestEngine, times: number, ...fields: readonly string[]): Promise<string> {
  const seen = new Set<string>();
  for (let turn = 0; turn < times; turn++) seen.add((await ask(from, ...fields)).member);
  return [...seen].sort().join(' ');
}

function heard(): string {
  return members.flatMap((member) => member.heard).join('');
}

describe('cookie-insert', () => {
  it('sets its cookie once, byte for byte, and members neither see it nor set it', async () => {
    engine = await openEngine(config({ method: 'cookie-insert' }));
    expect((await ask(engine, 'Cookie: x=1')).text).toBe(
      'HTTP/1.1 200 OK\r\nDate: now\r\nset-cookie: APP=1\r\nX-Member: a\r\nContent-Length: 0\r\n' +
        'Set-Cookie: SRV=a1; Path=/; HttpOnly\r\nConnection: close\r\n\r\n',
    );
    expect((await ask(engine, 'Cookie: x=1; SRV=a1; y=2')).text).toBe(
      'HTTP/1.1 200 OK\r\nDate: now\r\nset-cookie: APP=1\r\nX-Member: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    );
    expect(heard()).toContain('Cookie: x=1; y=2\r\n');
    expect(heard()).not.toContain('SRV');
  });

  it('ignores an entry that names no member of the pool', async () => {
    engine = await openEngine(config({ method: 'cookie-insert' }));
    const { text } = await ask(engine, 'Cookie: SRV=elsewhere');
    expect(text).toContain('Set-Cookie: SRV=a1;');
    expect(heard()).not.toMatch(/cookie/i);
  });

  it('keeps the bytes of a body that came with the head', async () => {
    engine = await openEngine(config({ method: 'cookie-insert' }));
    const request =
      'POST / HTTP/1.1\r\nHost: l\r\nCookie: SRV=b1\r\nConnection: close\r\nContent-Length: 4\r\n\r\nBODY';
    expect((await speak(engine.port('web'), request)).text).toContain('X-Member: b');
    expect(heard()).toMatch(/^POST \/ HTTP\/1\.1\r\nHost: l\r\n(?!Cookie)[^]*\r\n\r\nBODY$/);
  });

  it.each([1, 2])(
    'holds a client over a new weight and a drain, moves it when disabled (%i workers)',
    async (workers) => {
      engine = await openEngine(config({ method: 'cookie-insert' }), workers);
      const first = await ask(engine);
      const cookie = `Cookie: ${/Set-Cookie: (SRV=..)/.exec(first.text)?.[1] ?? 'none'}`;
      const path = `/v1/pools/app/members/${first.member}`;
      expect(await visited(engine, 50, cookie)).toBe(first.member);
      expect((await engine.admin('PATCH', path, { weight: 0 })).status).toBe(200);
      expect(await visited(engine, 50, cookie)).toBe(first.member);
      expect((await engine.admin('PATCH', path, { weight: 5, adminState: 'draining' })).status).toBe(200);
      expect(await visited(engine, 50, cookie)).toBe(first.member);
      expect(await visited(engine, 20)).toBe(['a', 'b', 'c'].filter((each) => each !== first.member).join(' '));
      expect((await engine.admin('PATCH', path, { adminState: 'disabled' })).status).toBe(200);
      const moved = await ask(engine, cookie);
      expect(moved.member).not.toBe(first.member);
      expect(moved.text).toContain(`Set-Cookie: SRV=${moved.member}1; Path=/; HttpOnly\r\n`);
    },
    30_000,
  );

  it('moves a client whose member cannot be reached, and tells it so', async () => {
    const broken = config({ method: 'cookie-insert' });
    const [pool] = broken.pools ?? [];
    const gone = { name: 'gone', address: '127.0.0.1', port: 1, weight: 0 };
    engine = await openEngine({
      ...broken,
      pools: [{ ...pool, name: 'app', members: [...(pool?.members ?? []), gone] }],
    });
    const { text, member } = await ask(engine, 'Cookie: SRV=gone');
    expect(text).toContain(`Set-Cookie: SRV=${member}1;`);
  });
});

describe('source-ip', () => {
  it('holds a client over a new weight, a drain and a reload, moves it when disabled', async () => {
    const settings = config({ method: 'source-ip' });
    engine = await openEngine(settings);
    const { member } = await ask(engine);
    const path = `/v1/pools/app/members/${member}`;
    expect(await visited(engine, 50)).toBe(member);
    await engine.admin('PATCH', path, { weight: 0 });
    expect(await visited(engine, 50)).toBe(member);
    await engine.admin('PATCH', path, { adminState: 'draining' });
    expect(await visited(engine, 50)).toBe(member);
    await engine.reload();
    expect(await visited(engine, 10)).toBe(member);
    await engine.admin('PATCH', path, { adminState: 'disabled' });
    const moved = await visited(engine, 50);
    expect(moved).toMatch(/^[abc]$/);
    expect(moved).not.toBe(member);
    await engine.admin('PATCH', path, { adminState: 'enabled' });
    expect(await visited(engine, 10)).toBe(moved);
  }, 30_000);

  it('tells where a client is held and releases it', async () => {
    engine = await openEngine(config({ method: 'source-ip', ipv4Prefix: 8, timeoutMs: 60_000 }));
    const { member } = await ask(engine);
    const answer = await engine.admin('GET', '/v1/persistence?client=127.9.9.9');
    expect(answer).toMatchObject({ status: 200, body: { held: [{ pool: 'app', client: '127.0.0.0/8', member }] } });
    expect((await engine.admin('DELETE', '/v1/persistence?client=127.0.0.1')).body).toMatchObject({
      held: [{ member }],
    });
    expect((await engine.admin('GET', '/v1/persistence?client=127.0.0.1')).body).toMatchObject({ held: [] });
    expect((await ask(engine)).member).not.toBe(member);
    expect((await engine.admin('GET', '/v1/persistence?client=')).status).toBe(422);
  });
});

describe('held clients over two workers', () => {
  it('are on one member whichever worker they come to, over reload, drain and the kill of every worker', async () => {
    const running = (engine = await openEngine(config({ method: 'header', key: 'X-User' }), 2));
    const users = Array.from({ length: 12 }, (_, index) => `user ${index}`);
    const homes = await Promise.all(users.map((user) => visited(running, 8, `X-User: ${user}`)));
    expect(new Set(homes)).toEqual(new Set(['a', 'b', 'c']));
    await engine.reload();
    await engine.admin('PATCH', '/v1/pools/app/members/a', { adminState: 'draining' });
    for (const { pid } of (await engine.stats()).workers) await killAndWait(engine, pid);
    const after = await Promise.all(users.map((user) => visited(running, 8, `X-User: ${user}`)));
    expect(after).toEqual(homes);
    expect((await engine.admin('GET', '/v1/persistence?client=user%203')).body).toMatchObject({
      held: [{ pool: 'app', method: 'header', client: 'user 3', member: homes[3] }],
    });
    expect((await engine.stats()).pools[0]?.persistence).toMatchObject({ entries: 12, keyless: 0 });
  }, 60_000);

  it('of one worker outlive it', async () => {
    engine = await openEngine(config({ method: 'source-ip' }), 1);
    const { member } = await ask(engine);
    for (const { pid } of (await engine.stats()).workers) await killAndWait(engine, pid);
    expect(await visited(engine, 10)).toBe(member);
  }, 30_000);

  it('move together when their member is disabled, and are released from both', async () => {
    engine = await openEngine(config({ method: 'source-ip', ipv4Prefix: 8 }), 2);
    const first = await visited(engine, 20);
    await engine.admin('PATCH', `/v1/pools/app/members/${first}`, { adminState: 'disabled' });
    const moved = await visited(engine, 20);
    expect(moved).toMatch(/^[abc]$/);
    expect((await engine.admin('DELETE', '/v1/persistence?client=127.1.2.3')).body).toMatchObject({
      held: [{ client: '127.0.0.0/8', member: moved }],
    });
    expect((await engine.admin('GET', '/v1/persistence?client=127.0.0.1')).body).toMatchObject({ held: [] });
    await engine.admin('PATCH', `/v1/pools/app/members/${moved}`, { weight: 0 });
    expect(await visited(engine, 20)).toMatch(/^[abc]$/);
    expect(await visited(engine, 20)).not.toBe(moved);
  }, 30_000);

  it('are known by a cookie that their member has set, whichever worker asks next', async () => {
    const running = (engine = await openEngine(config({ method: 'cookie-learn', cookieName: 'APP' }), 2));
    for (let turn = 0; turn < 4; turn++) expect((await ask(engine, 'Cookie: APP=none')).text).toContain('APP=1');
    const [, , last] = (await Promise.all([0, 1, 2].map(() => ask(running)))).map(({ member }) => member);
    expect(last).toMatch(/^[abc]$/);
    const home = await visited(engine, 1, 'Cookie: x=1; APP=1');
    expect(await visited(engine, 20, 'Cookie: APP=1')).toBe(home);
    expect((await engine.admin('GET', '/v1/persistence?client=none')).body).toMatchObject({ held: [] });
  }, 30_000);
});

describe('a fallback', () => {
  it('holds who has no key by address, and the statistics say how often', async () => {
    engine = await openEngine(config({ method: 'query-param', key: 'u', fallback: 'source-ip' }), 2);
    const home = await visited(engine, 10);
    expect(home).toMatch(/^[abc]$/);
    const { persistence } = (await engine.stats()).pools[0] ?? {};
    expect(persistence).toMatchObject({ held: 0, heldByFallback: 9, heldAnew: 1, keyless: 10, entries: 1 });
  });
});

describe('persistence of a virtual server', () => {
  it('is for all its pools, each with entries of its own, and a pool that has its own keeps that', async () => {
    const { pools = [] } = config({ method: 'source-ip' });
    const [first] = pools;
    const plain = { name: 'plain', members: first?.members ?? [] };
    engine = await openEngine({
      version: 1,
      virtualServers: [
        {
          name: 'web',
          listen: ['127.0.0.1:0'],
          pool: 'plain',
          persistence: { method: 'source-ip' },
          routes: [{ header: 'X-Own: yes', pool: 'own' }],
        },
        { name: 'other', listen: ['127.0.0.1:0'], pool: 'plain' },
      ],
      pools: [plain, { ...plain, name: 'own', persistence: { method: 'cookie-insert' } }],
    });
    expect(await visited(engine, 9)).toBe('a');
    expect((await ask(engine, 'X-Own: yes')).text).toContain('Set-Cookie: SRV=');
    expect(await visited(engine, 6, 'X-Own: yes')).toBe('a b c');
    const other = await speak(engine.port('other'), 'GET / HTTP/1.1\r\nHost: l\r\nConnection: close\r\n\r\n');
    expect(other.text).toContain('X-Member: b');
    expect((await engine.admin('GET', '/v1/persistence?client=127.0.0.1')).body).toMatchObject({
      held: [{ pool: 'plain', virtualServer: 'web', client: '127.0.0.1/32', member: 'a' }],
    });
  });
});

/** Ends a worker the hard way and waits until another has taken its place. */
async function killAndWait(from: TestEngine, pid: number): Promise<void> {
  const started = from.events.filter((event) => event['change'] === 'started').length;
  process.kill(pid, 'SIGKILL');
  await expect
    .poll(() => from.events.filter((event) => event['change'] === 'started').length, { timeout: 20_000 })
    .toBe(started + 1);
}

describe('least sessions', () => {
  it.each([1, 2])('gives new clients to the member that holds fewest, by weight (%i workers)', async (workers) => {
    const { pools = [], ...rest } = config({ method: 'header', key: 'X-User' });
    const members = (pools[0]?.members ?? []).map((member, index) => ({ ...member, weight: index === 0 ? 2 : 1 }));
    engine = await openEngine(
      { ...rest, pools: [{ ...pools[0], name: 'app', members, algorithm: 'least-sessions' }] },
      workers,
    );
    const homes: string[] = [];
    for (let user = 0; user < 40; user++) homes.push((await ask(engine, `X-User: ${user}`)).member);
    const counts = ['a', 'b', 'c'].map((name) => homes.filter((home) => home === name).length);
    // What another worker has given away is known a moment later.
    const slack = workers === 1 ? 0 : 6;
    for (const [index, count] of counts.entries()) expect(Math.abs(count - (index === 0 ? 20 : 10))).toBeLessThanOrEqual(slack); // prettier-ignore
    await engine.admin('DELETE', '/v1/persistence?client=0');
    expect((await engine.stats()).pools[0]?.persistence?.entries).toBe(39);
  });
});

describe('the metrics', () => {
  it('tell how clients were held and how many are', async () => {
    engine = await openEngine(config({ method: 'header', key: 'X-User', fallback: 'source-ip' }));
    await ask(engine, 'X-User: ann');
    await ask(engine, 'X-User: ann');
    await ask(engine);
    const { body } = await engine.admin('GET', '/metrics');
    for (const line of [
      '{pool="app",by="held"} 1',
      '{pool="app",by="heldByFallback"} 1',
      '{pool="app",by="heldAnew"} 1',
      '{pool="app",by="keyless"} 1',
    ])
      // prettier-ignore
      expect(body).toContain(`steelyard_pool_held_requests_total${line}\n`);
    expect(body).toContain('steelyard_pool_held_clients{pool="app"} 2\n');
  });
});
