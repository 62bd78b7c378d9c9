import { afterEach, expect, test, vi } from 'vitest';
import { HistoryWrites } from '../../../src-main/console/history-writes.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('the end waits for what is being written, and for what that led to', async () => {
  const writes = new HistoryWrites();
  const first = Promise.withResolvers<undefined>();
  const second = Promise.withResolvers<undefined>();
  let isClosed = false;
  writes.track(first.promise.then(() => { writes.track(second.promise); })); // prettier-ignore
  const closing = writes.close().then(() => (isClosed = true));
  first.resolve(undefined);
  await new Promise(setImmediate);
  expect(isClosed).toBe(false);
  second.resolve(undefined);
  await closing;
});

test('a write that fails is told, one that came too late is not', async () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const writes = new HistoryWrites();
  writes.track(Promise.reject(new Error('disk gone')));
  await writes.close();
  writes.track(Promise.reject(new Error('database is not open')));
  await new Promise(setImmediate);
  expect(said.mock.calls.map(([text]) => text)).toEqual([expect.stringMatching(/History was not written.*disk gone/)]);
});
