import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Console } from '../../src-main/contract/console.ts';
import { openConsole } from '../../src-main/console.ts';
import { sendRequests } from '../rigs/backends.ts';
import { type CommandResult, runCommandLine } from '../rigs/command-line.ts';
import { type CalledConsole, openCalledConsole } from '../rigs/console-calls.ts';
import { type Site, startSite } from '../rigs/haproxy-site.ts';
import { isMissing } from '../rigs/need.ts';

describe.skipIf(isMissing('haproxy', 'sshd', 'socat'))('a drain of a real HAProxy', { timeout: 180_000 }, () => {
  let site: Site;
  let called: CalledConsole;
  beforeAll(async () => {
    site = await startSite({ serverWords: 'weight 5' });
    called = await openCalledConsole(site.dataDir);
    await called.call('devices.add', { spec: { name: 'lb', address: site.address, environment: 'production' } });
    await called.console.close();
  });
  afterAll(async () => {
    await site.close();
  });

  /** `steelyard` with a console of its own; `said` hears each message as it comes. */
  function run(said: (message: string) => void, ...words: readonly string[]): Promise<CommandResult> {
    const messages: string[] = [];
    return runCommandLine([...words, '--data', site.dataDir], {
      openConsole: (): Promise<Console> => openConsole({ dataDir: site.dataDir, shell: 'cli' }),
      terminal: {
        write: () => Promise.resolve(),
        say: (message) => {
          messages.push(message);
          said(message);
        },
        isInteractive: false,
        ask: () => Promise.reject(new Error('nobody is here')),
        askSecret: () => Promise.reject(new Error('nobody is here')),
      },
    }).then((result) => ({ ...result, stderr: messages.join('\n') }));
  }
  function unheard(): void {
    return undefined;
  }

  test('says empty only when the process that a reload left behind says so too', async () => {
    const name = site.backends.names[0] ?? '';
    site.backends.setDelay(name, 6000);
    const before = site.haproxy.readConfig();
    const downloads = [0, 1].map(() => slowRequest(site.haproxy.port));
    await expect.poll(() => site.backends.counts()[name]?.requests, { timeout: 10_000 }).toBe(1);
    const from = performance.now();
    let emptyAt = 0;
    let reloaded: Promise<void> | undefined;
    const result = await run(
      (message) => {
        if (message.includes('is empty')) emptyAt = performance.now();
        // A third hand reloads as soon as the drain is there: the new process holds nothing, the old one still does.
        if (message.includes('not empty')) reloaded ??= reload();
      },
      ...['drain', `lb/app/${name}`, '--yes', '--wait', '60s'],
    );
    expect(result.status, result.stderr).toBe(0);
    await reloaded;
    const ends = await Promise.all(downloads);
    const last = Math.max(...ends.filter(({ by }) => by === name).map(({ at }) => at));
    expect(ends.map(({ status }) => status)).toEqual([200, 200]);
    expect(emptyAt, `${last - from} ms`).toBeGreaterThanOrEqual(last - 50);
    site.backends.setDelay(name, 0);
    const other = site.backends.names[1] ?? '';
    expect((await sendRequests(site.haproxy.port, 40)).byBackend).toEqual({ [other]: 40 });
    const back = await run(unheard, 'resume', `lb/app/${name}`, '--yes');
    expect(back.status, back.stderr).toBe(0);
    expect((await sendRequests(site.haproxy.port, 40)).byBackend).toEqual({ [name]: 20, [other]: 20 });
    expect(site.haproxy.readConfig()).toBe(before);
  });

  test('is refused without an unlock, and for a name that is no member', async () => {
    const name = site.backends.names[0] ?? '';
    expect((await run(unheard, 'drain', `lb/app/${name}`)).status).toBe(1);
    expect((await run(unheard, 'drain', 'lb/app/nobody', '--yes')).status).toBe(1);
    expect((await run(unheard, 'drain', 'lb', '--yes')).stderr).toContain('DEVICE/POOL/MEMBER');
  });

  async function reload(): Promise<void> {
    const old = await site.haproxy.answeringPid();
    site.haproxy.reload();
    await expect.poll(() => site.haproxy.answeringPid().catch(() => old), { timeout: 20_000 }).not.toBe(old);
  }
});

interface SlowEnd {
  readonly status: number;
  readonly by: string;
  readonly at: number;
}

/** A request on a connection of its own; who answered, and when its last byte was there. */
function slowRequest(port: number): Promise<SlowEnd> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/?bytes=1000', agent: false }, (response) => {
      response.resume();
      response.on('end', () => {
        const by = response.headers['x-backend'];
        resolve({ status: response.statusCode ?? 0, by: typeof by === 'string' ? by : '', at: performance.now() });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}
