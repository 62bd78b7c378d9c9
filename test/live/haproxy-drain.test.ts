import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
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
    const before = site.haproxy.readConfig();
    const downloads = await Promise.all([0, 1].map(() => startDownload(site.haproxy.port)));
    const held = downloads.find(({ by }) => by === name);
    let emptyAt = 0;
    let reloaded: Promise<void> | undefined;
    const result = await run(
      (message) => {
        if (message.includes('is empty')) emptyAt = performance.now();
        // A third hand reloads as soon as the drain is there: the new process holds nothing, the old one still does.
        if (message.includes('not empty')) reloaded ??= reloadAndLook();
      },
      ...['drain', `lb/app/${name}`, '--yes', '--wait', '60s'],
    );
    async function reloadAndLook(): Promise<void> {
      await reload();
      await sleep(2000); // several looks at a new process without a connection
      for (const { readOn } of downloads) readOn();
    }
    expect(result.status, result.stderr).toBe(0);
    expect(reloaded).toBeDefined();
    await reloaded;
    const end = await held?.ended;
    expect(end?.bytes).toBeGreaterThanOrEqual(downloadBytes);
    expect(emptyAt).toBeGreaterThanOrEqual((end?.at ?? Infinity) - 50);
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

interface Download {
  readonly by: string;
  /** The client reads nothing before this. */
  readonly readOn: () => void;
  readonly ended: Promise<{ readonly bytes: number; readonly at: number }>;
}

/** More than all buffers on its way hold. */
const downloadBytes = 16_000_000;

function startDownload(port: number): Promise<Download> {
  return new Promise((resolve, reject) => {
    const path = `/?bytes=${downloadBytes}`;
    const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const by = response.headers['x-backend'];
      let bytes = 0;
      const ended = new Promise<{ bytes: number; at: number }>((end, fail) => {
        response.on('end', () => {
          end({ bytes, at: performance.now() });
        });
        response.on('error', fail);
      });
      function readOn(): void {
        response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      }
      resolve({ by: typeof by === 'string' ? by : '', readOn, ended });
    });
    request.on('error', reject);
  });
}
