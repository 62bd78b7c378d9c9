import { afterEach, describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { answering, speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function member(answer: Parameters<typeof startRawMember>[0]): Promise<RawMember> {
  const started = await startRawMember(answer);
  open.push(started);
  return started;
}

/** A port where nothing listens. */
async function deadPort(): Promise<number> {
  const gone = await startRawMember(() => undefined);
  await gone.close();
  return gone.port;
}

async function engine(ports: readonly number[], pool: Partial<EnginePool> = {}): Promise<TestEngine> {
  const members = ports.map((port, index) => ({ name: `m${index}`, address: '127.0.0.1', port }));
  const started = await openEngine({
    version: 1,
    virtualServers: [
      { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', http: { clientTimeoutMs: 400, headerTimeoutMs: 300 } },
    ],
    pools: [{ name: 'app', members, ...pool }],
  });
  open.push({ close: () => started.stop() });
  return started;
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi';

async function errors(started: TestEngine, name: string): Promise<Readonly<Record<string, number>>> {
  const stats = await started.stats();
  const found = stats.pools[0]?.members.find((each) => each.name === name)?.errors ?? {};
  return Object.fromEntries(Object.entries(found).filter(([, count]) => count > 0));
}

describe('a member that fails', () => {
  it('by refusing connections is passed over, for any method, and counted', async () => {
    const good = await member(answering('good'));
    const started = await engine([await deadPort(), good.port]);
    for (const request of [get, post, get, post]) {
      expect((await speak(started.port('web'), request, { until: 'good' })).text).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect((await errors(started, 'm0'))['connect-error']).toBeGreaterThan(0);
  });

  it('by refusing connections alone gives 502', async () => {
    const started = await engine([await deadPort()]);
    expect((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text).toMatch(/^HTTP\/1\.1 502 /);
  });

  it('by closing before its response has GET repeated elsewhere and POST not', async () => {
    const bad = await member((socket) => socket.destroy());
    const good = await member(answering('good'));
    const started = await engine([bad.port, good.port]);
    expect((await speak(started.port('web'), get, { until: 'good' })).text).toMatch(/^HTTP\/1\.1 200 /);
    const statuses = [];
    for (let turn = 0; turn < 2; turn++) {
      statuses.push((await speak(started.port('web'), post, { until: /\r\n\r\n/ })).text.slice(9, 12));
    }
    expect(statuses.sort()).toEqual(['200', '502']);
    expect(await errors(started, 'm0')).toEqual({ 'reset-before-response': 2 });
    expect(good.heard.join('').match(/POST/g)).toHaveLength(1);
  });

  it('by resetting in the body cuts the client, so that it knows', async () => {
    const bad = await member((socket, said) => {
      if (!said.includes('\r\n\r\n')) return;
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart', () => socket.resetAndDestroy());
    });
    const started = await engine([bad.port]);
    const spoken = await speak(started.port('web'), get);
    expect(spoken.text).toMatch(/part$/);
    expect(spoken.ending).not.toBe('open');
    expect(await errors(started, 'm0')).toEqual({ 'reset-in-response': 1 });
  });

  it('by resetting a body without length resets the client: a close would look like its end', async () => {
    const bad = await member((socket, said) => {
      if (!said.includes('\r\n\r\n')) return;
      socket.write('HTTP/1.1 200 OK\r\n\r\npart');
      setTimeout(() => socket.resetAndDestroy(), 50);
    });
    const started = await engine([bad.port]);
    expect((await speak(started.port('web'), get)).ending).toBe('reset');
  });

  it('by silence gives 504 after responseTimeoutMs, and its connection is not used again', async () => {
    const hung = await member(() => undefined);
    const started = await engine([hung.port], { responseTimeoutMs: 200, retry: { attempts: 0 } });
    expect((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text).toMatch(/^HTTP\/1\.1 504 /);
    expect((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text).toMatch(/^HTTP\/1\.1 504 /);
    expect(hung.heard).toHaveLength(2);
    expect(await errors(started, 'm0')).toEqual({ 'response-timeout': 2 });
  });

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a head without end', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(20_000)}`],
  ])('by answering %s gives 502', async (_, text) => {
    const bad = await member((socket) => socket.write(text));
    const started = await engine([bad.port]);
    expect((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text).toMatch(/^HTTP\/1\.1 502 /);
    expect(await errors(started, 'm0')).toEqual({ 'bad-response': 1 });
  });

  it('by saying more than it announced loses its connection, and the next client does not get the rest', async () => {
    const bad = await member((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'),
    );
    const started = await engine([bad.port]);
    for (let turn = 0; turn < 3; turn++) {
      expect((await speak(started.port('web'), get, { until: /\r\n\r\nok/ })).text).toMatch(/\r\n\r\nok$/);
    }
    expect(bad.heard).toHaveLength(3);
  });

  it('by closing an idle connection costs no failed request', async () => {
    const idle = await member((socket, said) => {
      answering('ok')(socket, said);
      if (said.includes('\r\n\r\n')) setTimeout(() => socket.destroy(), 30);
    });
    const started = await engine([idle.port], { retry: { attempts: 0 } });
    for (let turn = 0; turn < 20; turn++) {
      expect((await speak(started.port('web'), get, { until: /ok$/ })).text).toMatch(/^HTTP\/1\.1 200 /);
      await new Promise((resolve) => setTimeout(resolve, 25 + (turn % 10)));
    }
  });
});

describe('a pool under pressure', () => {
  it('queues what has no room, refuses what the queue has no room for, and serves in turn', async () => {
    const slow = await member((socket, said) => {
      if (said.includes('\r\n\r\n'))
        setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'), 200);
    });
    const members = [{ name: 'm0', address: '127.0.0.1', port: slow.port, maxConnections: 1 }];
    const started = await engine([], { members, queue: { limit: 1, timeoutMs: 5000 }, keepAlive: { maxIdle: 0 } });
    const answers = await Promise.all([0, 1, 2].map(() => speak(started.port('web'), get, { until: /\r\n\r\n./ })));
    expect(answers.map(({ text }) => text.slice(9, 12)).sort()).toEqual(['200', '200', '503']);
    const { pools } = await started.stats();
    expect(pools[0]?.drops).toMatchObject({ 'queue-full': 1 });
  });

  it('answers 503 to what waits longer than queue.timeoutMs', async () => {
    const hung = await member(() => undefined);
    const members = [{ name: 'm0', address: '127.0.0.1', port: hung.port, maxConnections: 1 }];
    const started = await engine([], { members, queue: { limit: 5, timeoutMs: 200 } });
    const first = speak(started.port('web'), get, { timeoutMs: 1500 });
    await expect.poll(async () => (await started.stats()).pools[0]?.currentConnections).toBe(1);
    expect((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text).toMatch(/^HTTP\/1\.1 503 /);
    expect((await first).ending).toBe('open');
  });

  it('puts a member aside after passive.maxFails and takes it back after failTimeoutMs', async () => {
    const bad = await member((socket) => socket.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n'));
    const good = await member(answering('good'));
    const started = await engine([bad.port, good.port], { passive: { maxFails: 2, failTimeoutMs: 1000 } });
    async function statuses(): Promise<string> {
      const list = [];
      for (let turn = 0; turn < 8; turn++) {
        list.push((await speak(started.port('web'), get, { until: '\r\n\r\n' })).text.slice(9, 12));
      }
      return list.join(' ');
    }
    expect((await statuses()).match(/500/g)).toHaveLength(2);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect((await statuses()).match(/500/g)).toHaveLength(2);
  });
});

describe('a virtual server', () => {
  it('takes no more connections than connectionLimit, and none while it is disabled', async () => {
    const good = await member(answering('ok'));
    const web = { name: 'web', listen: ['127.0.0.1:0'], pool: 'app', connectionLimit: 2 };
    const pools = [{ name: 'app', members: [{ name: 'm0', address: '127.0.0.1', port: good.port }] }];
    const started = await openEngine({ version: 1, virtualServers: [web], pools });
    open.push({ close: () => started.stop() });
    const port = started.port('web');
    const held = [0, 1].map(() => speak(port, get, { timeoutMs: 3000 }));
    await expect.poll(async () => (await started.stats()).virtualServers[0]?.currentConnections).toBe(2);
    expect(await speak(port, get)).toMatchObject({ text: '' });
    expect((await started.stats()).virtualServers[0]?.drops).toMatchObject({ 'connection-limit': 1 });
    expect((await Promise.all(held)).map(({ text }) => text.slice(9, 12))).toEqual(['200', '200']);
    started.write({ version: 1, virtualServers: [{ ...web, adminState: 'disabled' }], pools });
    await started.reload();
    expect(await speak(port, get)).toMatchObject({ text: '' });
  });
});

describe('a client that fails', () => {
  it('by sending half a head gets 408 after headerTimeoutMs', async () => {
    const good = await member(answering('ok'));
    const started = await engine([good.port]);
    const spoken = await speak(started.port('web'), 'GET / HTTP/1.1\r\nHo');
    expect(spoken).toMatchObject({ ending: 'end', text: expect.stringMatching(/^HTTP\/1\.1 408 /) as unknown });
  });

  it('by sending half a body is ended after clientTimeoutMs, with the member let go', async () => {
    const good = await member(() => undefined);
    const started = await engine([good.port]);
    const spoken = await speak(started.port('web'), 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
    expect(spoken.text).toMatch(/^HTTP\/1\.1 408 /);
    expect((await started.stats()).pools[0]?.members[0]?.currentConnections).toBe(0);
  });

  it('by going away in a download leaves nothing behind', async () => {
    const endless = await member((socket, said) => {
      if (said.includes('\r\n\r\n'))
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n${'x'.repeat(1_000_000)}`);
    });
    const started = await engine([endless.port]);
    await Promise.all(Array.from({ length: 20 }, () => speak(started.port('web'), get, { until: 'xxxx' })));
    await expect.poll(async () => (await started.stats()).virtualServers[0]?.currentConnections).toBe(0);
    expect((await started.stats()).pools[0]?.members[0]?.currentConnections).toBe(0);
  });

  it('by being idle is closed after clientTimeoutMs', async () => {
    const good = await member(answering('ok'));
    const started = await engine([good.port]);
    expect(await speak(started.port('web'), get)).toMatchObject({
      ending: 'end',
      text: expect.stringMatching(/ok$/) as unknown,
    });
  });
});
