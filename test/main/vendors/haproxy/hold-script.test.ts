import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  holdScript,
  releaseText,
  removeText,
  takeText,
  writeScriptText,
} from '../../../../src-main/vendors/haproxy/hold-script.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "steelyard hold's-"));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

function run(words: readonly string[]): Promise<{ readonly code: number | null; readonly said: string }> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('close', (code) => {
      resolve({ code, said });
    });
  });
}
/** A script whose way back is a line in a log; its time has come at `until`, in seconds since the start of the machine. */
async function arm(name: string, until: number, back = 'echo back >> "$b.log"'): Promise<string> {
  const beside = join(directory, name);
  await run(['-c', writeScriptText({ beside }, holdScript({ beside }, [back]))]);
  writeFileSync(`${beside}.until`, `${until}\n`);
  return beside;
}
function backs(beside: string): number {
  return existsSync(`${beside}.log`) ? readFileSync(`${beside}.log`, 'utf8').trim().split('\n').length : 0;
}
function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);
}
function names(): readonly string[] {
  return readdirSync(directory).toSorted();
}

describe.skipIf(process.platform !== 'linux')('the script that takes a change back', { timeout: 60_000 }, () => {
  test.each(['keep', 'revert'] as const)(
    'and a console that says %s at the same instant: one of them wins',
    async (what) => {
      const winners = { console: 0, device: 0 };
      for (let round = 0; round < 20; round += 1) {
        const beside = await arm(`r${round}`, 0);
        const script = run([`${beside}.hold`]);
        await sleep(round % 10);
        const told = await run(['-c', what === 'keep' ? releaseText({ beside }) : takeText({ beside })]);
        if (what === 'revert') await run(['-c', removeText({ beside })]);
        await script;
        const isDevice = told.said.includes('by itself');
        winners[isDevice ? 'device' : 'console'] += 1;
        expect([backs(beside), told.code], `${beside}: ${told.said}`).toEqual([
          isDevice ? 1 : 0,
          isDevice && what === 'keep' ? 1 : 0,
        ]);
      }
      expect(winners.console + winners.device).toBe(20);
    },
  );

  test('ends without a deed once it is kept, however often that is said', async () => {
    const beside = await arm('kept', uptime() + 600);
    const script = run([`${beside}.hold`]);
    await expect.poll(() => existsSync(`${beside}.pid`)).toBe(true);
    for (const text of [releaseText, releaseText, removeText, releaseText, removeText]) {
      expect(await run(['-c', text({ beside })])).toEqual({ code: 0, said: '' });
    }
    await script;
    expect(names()).toEqual([]);
  });

  test('does it in the place of a console that began and never came to an end', async () => {
    const beside = await arm('taken', uptime() + 600);
    expect(await run(['-c', takeText({ beside })])).toEqual({ code: 0, said: '' });
    // The grace of thirty seconds is over when the script's machine is that much older.
    const script = readFileSync(`${beside}.taken`, 'utf8').replace('up + 30', 'up + 1');
    writeFileSync(`${beside}.taken`, script);
    await run([`${beside}.taken`]);
    expect([backs(beside), names().filter((name) => name.endsWith('.back'))]).toEqual([1, ['taken.back']]);
  });

  test('that cannot take it back says why, and leaves it to the console', async () => {
    const beside = await arm('failed', 0, '{ echo "no space left" >&2; false; }');
    await run([`${beside}.hold`]);
    expect([existsSync(`${beside}.failed`), readFileSync(`${beside}.why`, 'utf8')]).toEqual([true, 'no space left\n']);
    expect((await run(['-c', takeText({ beside })])).code).toBe(0);
    await run(['-c', removeText({ beside })]);
    expect(names()).toEqual([]);
  });

  test('a console waits for a script that is at it, and takes over from one that was killed', async () => {
    const beside = await arm('slow', 0, 'sleep 1; echo back >> "$b.log"');
    const script = run([`${beside}.hold`]);
    await expect.poll(() => existsSync(`${beside}.fired`)).toBe(true);
    expect((await run(['-c', takeText({ beside })])).said).toContain('by itself at 20');
    expect(backs(beside)).toBe(1);
    await script;
    const killed = await arm('killed', 0, 'sleep 30');
    const child = spawn('/bin/sh', [`${killed}.hold`], { stdio: 'ignore', detached: true });
    await expect.poll(() => existsSync(`${killed}.fired`)).toBe(true);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    expect(await run(['-c', takeText({ beside: killed })])).toEqual({ code: 0, said: '' });
  });
});
