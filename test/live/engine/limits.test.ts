import { createHash, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineVirtualServer } from '../../../src-main/contract/engine-config.ts';
import { openEngine, type TestEngine } from '../../rigs/engine-process.ts';
import { answering, speak, startRawMember } from '../../rigs/raw-http.ts';

const open: { close: () => Promise<unknown> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function engine(
  server: Partial<EngineVirtualServer>,
  body: Buffer | undefined,
  workers = 1,
): Promise<TestEngine> {
  const plain = answering('ok');
  const member = await startRawMember((socket, said) => {
    if (body === undefined) plain(socket, said);
    else if (said.endsWith('\r\n\r\n')) {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    }
  });
  open.push(member);
  const started = await openEngine(
    {
      version: 1,
      virtualServers: [{ name: 'web', listen: ['127.0.0.1:0'], pool: 'app', ...server }],
      pools: [{ name: 'app', members: [{ address: '127.0.0.1', port: member.port }] }],
    },
    workers,
  );
  open.push({ close: () => started.stop() });
  return started;
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

interface Download {
  readonly digest: string;
  readonly bytes: number;
  readonly tookMs: number;
}

function download(port: number, expected: number): Promise<Download> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const hash = createHash('sha256');
    let head = '';
    let bytes = 0;
    const socket = connect(port, '127.0.0.1', () => socket.write(get));
    socket.on('error', reject);
    socket.on('data', (part: Buffer) => {
      let body = part;
      if (!head.includes('\r\n\r\n')) {
        head += part.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        body = Buffer.from(head.slice(end + 4), 'latin1');
      }
      hash.update(body);
      bytes += body.length;
      if (bytes < expected) return;
      socket.destroy();
      resolve({ digest: hash.digest('hex'), bytes, tookMs: performance.now() - startedAt });
    });
  });
}

describe('a request rate', () => {
  it('answers 429 with Retry-After, keeps the connection, and counts the drop', async () => {
    const started = await engine({ requestRate: { perClientPerSecond: 0.01, burst: 2 } }, undefined);
    const { text } = await speak(started.port('web'), get.repeat(4), { until: /(429[^]*){2}\r\n\r\n429 .*\n$/ });
    const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    expect(statuses).toEqual(['200', '200', '429', '429']);
    expect(text).toMatch(/\r\nRetry-After: (9\d|100)\r\n/);
    const server = (await started.stats()).virtualServers[0];
    expect(server?.drops['request-rate']).toBe(2);
    expect(server?.responses['4xx']).toBe(2);
  });

  it('changes by a reload', async () => {
    const started = await engine({ requestRate: { perClientPerSecond: 0.01, burst: 1 } }, undefined);
    const port = started.port('web');
    expect((await speak(port, get.repeat(2), { until: ' 429 ' })).text).toContain(' 200 ');
    const config = (await started.admin('GET', '/v1/config')).body as { virtualServers: { requestRate?: unknown }[] };
    delete config.virtualServers[0]?.requestRate;
    expect((await started.admin('PUT', '/v1/config', config)).status).toBe(200);
    expect((await speak(port, get, { until: 'ok' })).text).toContain(' 200 ');
  });
});

describe('a bandwidth limit', () => {
  it.each([
    ['of the virtual server', 1, { bytesPerSecond: 1_000_000 }, 1_000_000],
    ['of the virtual server over two workers', 2, { bytesPerSecond: 1_000_000 }, 1_000_000],
    ['of each client', 1, { perClientBytesPerSecond: 1_000_000 }, 1_000_000],
    ['of each connection', 1, { perConnectionBytesPerSecond: 250_000 }, 1_000_000],
  ])('%s holds over four downloads, and every byte is right', async (_name, workers, bandwidth, together) => {
    const body = randomBytes(500_000);
    const digest = createHash('sha256').update(body).digest('hex');
    const started = await engine({ bandwidth }, body, workers);
    const downloads = await Promise.all([0, 1, 2, 3].map(() => download(started.port('web'), body.length)));
    expect(new Set(downloads.map((each) => each.digest))).toEqual(new Set([digest]));
    const tookMs = Math.max(...downloads.map((each) => each.tookMs));
    // The rate, the burst of a quarter second and what lies in socket buffers: never faster; slower only by the machine.
    const allowed = (together * tookMs) / 1000 + together / 4 + 4 * 65_536;
    expect(4 * body.length).toBeLessThanOrEqual(allowed);
    expect(tookMs).toBeLessThan(20_000);
  });
});
