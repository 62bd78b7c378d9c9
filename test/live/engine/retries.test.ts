import { afterEach, describe, expect, it } from 'vitest';
import type { EnginePool } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { speak, startRawMember, type RawMember } from '../../rigs/raw-http.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngood';

/** Answers once the body has come whole. */
async function good(bodyBytes: number): Promise<RawMember> {
  const member = await startRawMember((socket, said) => {
    const body = said.split('\r\n\r\n').slice(1).join('\r\n\r\n');
    if (said.includes('\r\n\r\n') && body.length >= bodyBytes) socket.end(answer);
  });
  open.push(member);
  return member;
}

/** Resets once so many bytes have come. */
async function resetting(afterBytes: number): Promise<RawMember> {
  const member = await startRawMember((socket, said) => {
    if (said.length >= afterBytes) socket.resetAndDestroy();
  });
  open.push(member);
  return member;
}

async function dead(): Promise<RawMember> {
  const member = await startRawMember(() => undefined);
  await member.close();
  return member;
}

async function engine(members: readonly RawMember[], pool: Partial<EnginePool> = {}): Promise<TestEngine> {
  const started = await openEngine({
    version: 1,
    virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app' }],
    pools: [
      {
        name: 'app',
        algorithm: 'first-available',
        members: members.map(({ port }, index) => ({ name: `m${index}`, address: '127.0.0.1', port })),
        ...pool,
      },
    ],
  });
  open.push({ close: () => started.stop() });
  return started;
}

function request(method: string, bodyBytes: number): string {
  return `${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${bodyBytes}\r\n\r\n${'b'.repeat(bodyBytes)}`;
}

async function statusOf(started: TestEngine, text: string): Promise<string> {
  return (await speak(started.port('web'), text, { until: /\r\n\r\n/ })).text.slice(9, 12);
}

describe('a request whose member failed', () => {
  it('is repeated with its body where that is whole here and the method may be repeated', async () => {
    const [bad, other] = [await resetting(1), await good(100)];
    expect(await statusOf(await engine([bad, other]), request('PUT', 100))).toBe('200');
    expect(other.heard.join('')).toContain(`\r\n\r\n${'b'.repeat(100)}`);
  });

  it('is not repeated once part of its body has left that is not kept', async () => {
    const [bad, other] = [await resetting(100_000), await good(0)];
    expect(await statusOf(await engine([bad, other]), request('PUT', 1_000_000))).toBe('502');
    expect(other.heard).toEqual([]);
  });

  it('is not repeated where its method may not be, however little was sent', async () => {
    const [bad, other] = [await resetting(1), await good(0)];
    expect(await statusOf(await engine([bad, other]), request('POST', 1))).toBe('502');
    expect(other.heard).toEqual([]);
  });

  it('goes whole to another where nothing was sent, whatever its method and size', async () => {
    const [bad, other] = [await dead(), await good(1_000_000)];
    expect(await statusOf(await engine([bad, other]), request('POST', 1_000_000))).toBe('200');
    expect(other.heard.join('').length).toBeGreaterThan(1_000_000);
  });

  it.each([
    [0, '502'],
    [1, '502'],
    [2, '200'],
  ])('is tried %i times more at most', async (attempts, status) => {
    const started = await engine([await dead(), await dead(), await good(0)], {
      algorithm: 'round-robin',
      retry: { attempts },
    });
    expect(await statusOf(started, request('GET', 0))).toBe(status);
    expect((await started.stats()).pools[0]?.retries).toBe(Math.min(attempts, 2));
  });

  it('is repeated for the reasons that are named only', async () => {
    const started = await engine([await resetting(1), await good(0)], { retry: { when: ['connect-error'] } });
    expect(await statusOf(started, request('GET', 0))).toBe('502');
  });
});

describe('passive ejection', () => {
  it('leaves one member in rotation, whatever it answers', async () => {
    const members = await Promise.all(
      [0, 1, 2].map(() => startRawMember((socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'))), // prettier-ignore
    );
    open.push(...members);
    const started = await engine(members, {
      algorithm: 'round-robin',
      passive: { maxFails: 1, failTimeoutMs: 600_000, statuses: ['500'] },
    });
    for (let turn = 0; turn < 8; turn++) expect(await statusOf(started, request('GET', 0))).toBe('500');
    const requests = (await started.stats()).pools[0]?.members.map((member) => member.requests);
    expect(requests).toEqual([1, 1, 6]);
  });
});
