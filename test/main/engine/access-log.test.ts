import { describe, expect, it } from 'vitest';
import { Endpoint } from '../../../src-main/engine/http1/request-view.ts';
import { AccessLog, type LogBatch } from '../../../src-main/engine/log/access-log.ts';
import { AccessWriter, openLog } from '../../../src-main/engine/log/access-writer.ts';
import { seeded } from './candidates.ts';

function open(sample = 1) {
  const batches: LogBatch[] = [];
  const log = new AccessLog({ sample, chance: seeded(7), send: (batch) => batches.push(batch) });
  function write(count: number): void {
    for (let turn = 0; turn < count; turn++) {
      const entry = log.begin('web', new Endpoint(undefined), undefined, '1.1');
      if (entry !== undefined) log.end(entry);
    }
  }
  return { log, batches, write };
}

function sum(batches: readonly LogBatch[], key: 'lines' | 'lost' | 'bytes'): number {
  return batches.reduce((total, batch) => total + batch[key], 0);
}

describe('the access log of a worker', () => {
  it('loses lines and counts them where nobody writes, and goes on when somebody does', () => {
    const { log, batches, write } = open();
    write(40_000);
    log.flush();
    expect(sum(batches, 'lost')).toBeGreaterThan(0);
    expect(sum(batches, 'lines') + sum(batches, 'lost')).toBe(40_000);
    expect(sum(batches, 'bytes')).toBeLessThanOrEqual(4_194_304);
    const before = sum(batches, 'lines');
    log.written(sum(batches, 'bytes'));
    write(100);
    log.close();
    expect(sum(batches, 'lines')).toBe(before + 100);
  });

  it('takes the share that is wanted', () => {
    const { log, batches, write } = open(0.1);
    write(10_000);
    log.close();
    expect(sum(batches, 'lines')).toBeGreaterThan(900);
    expect(sum(batches, 'lines')).toBeLessThan(1100);
    expect(sum(batches, 'lost')).toBe(0);
  });
});

describe.skipIf(process.platform !== 'linux')('the writer of the access log', () => {
  it('counts what a full disk took, says so once, and lets the workers go on', async () => {
    const failures: string[] = [];
    const writer = new AccessWriter((detail) => failures.push(detail));
    await writer.use(await openLog('/dev/full'));
    let written = 0;
    for (let turn = 0; turn < 3; turn++) {
      writer.add({ text: 'x\ny\n', lines: 2, lost: 1, bytes: 4 }, () => written++);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await writer.close();
    expect(writer.counts).toEqual({ lines: 0, lost: 9 });
    expect(written).toBe(3);
    expect(failures).toEqual([expect.stringContaining('ENOSPC')]);
  });

  it('says which file cannot be opened', async () => {
    await expect(openLog('/nowhere/access.log')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      detail: 'The access log "/nowhere/access.log" cannot be opened (ENOENT). Mend log.file.',
    });
  });
});
