import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findProgram, isMissing } from '../../rigs/need.ts';
import { probe } from '../../rigs/probe.ts';
import { freePort } from '../../rigs/free-port.ts';

describe.skipIf(isMissing('redis-server'))('the redis monitor against Redis', () => {
  const directory = mkdtempSync(join(tmpdir(), 'steelyard-redis-'));
  const started: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of started.splice(0)) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(directory, { recursive: true, force: true });
  });

  async function startRedis(...settings: readonly string[]): Promise<number> {
    const port = await freePort();
    const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', tmpdir(), '--save', ''];
    const child = spawn(findProgram('redis-server') ?? '', [...place, ...settings], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    started.push(child);
    let log = '';
    for await (const chunk of child.stdout) {
      log += String(chunk);
      if (log.includes('Ready to accept connections')) return port;
    }
    throw new Error(`Redis ended: ${log}`);
  }

  it('passes', async () => {
    expect(await probe({ type: 'redis' }, await startRedis())).toEqual({ isPassing: true, result: '+PONG' });
  });

  it('fails with the reason where a password is wanted', async () => {
    const verdict = await probe({ type: 'redis' }, await startRedis('--requirepass', 'secret'));
    expect(verdict).toEqual({ isPassing: false, result: 'expected +PONG, got "-NOAUTH Authentication required."' });
  });
});
