import { expect, test } from 'vitest';
import type { LabState, TestReport } from '../../../src-main/contract/api.ts';
import { joinPeer, type Wire } from '../../../src-main/web/peer.ts';
import { openSmallConsole } from '../../rigs/small-console.ts';

/** A wire whose other end takes a message only when it is told to. */
function openSlowWire(): { wire: Wire; texts: string[]; takeOne: () => void; isPaused: () => boolean } {
  const texts: string[] = [];
  const untaken: (() => void)[] = [];
  let isPaused = false;
  const wire = {
    send: (text: string, sent: () => void) => {
      texts.push(text);
      untaken.push(sent);
    },
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
  };
  return { wire, texts, takeOne: () => untaken.shift()?.(), isPaused: () => isPaused };
}

const context = { client: 'c', shell: 'web' } as const;
function lab(requests: number): LabState {
  return { isRunning: true, backends: [], requestsPerSecond: requests };
}
function report(testId: string): TestReport {
  return { testId, steps: [] };
}

test('a client that takes nothing costs one snapshot per subject and then gets the newest', () => {
  const console = openSmallConsole();
  const { wire, texts, takeOne } = openSlowWire();
  joinPeer(console, wire, context, () => undefined);
  for (let count = 1; count <= 1000; count++) console.tell('lab', lab(count));
  expect(texts).toHaveLength(1);
  takeOne();
  takeOne();
  expect(texts.map((text) => (JSON.parse(text) as { data: LabState }).data.requestsPerSecond)).toEqual([1, 1000]);
});

test('the snapshot of one test does not swallow that of another', () => {
  const console = openSmallConsole();
  const { wire, texts, takeOne } = openSlowWire();
  joinPeer(console, wire, context, () => undefined);
  console.tell('lab', lab(1));
  for (const id of ['a', 'b', 'a']) console.tell('test', report(id));
  takeOne();
  takeOne();
  takeOne();
  expect(texts.slice(1).map((text) => (JSON.parse(text) as { data: TestReport }).data.testId)).toEqual(['a', 'b']);
});

test('a client with too many calls open is not read until one is answered and taken', async () => {
  const { wire, texts, takeOne, isPaused } = openSlowWire();
  const peer = joinPeer(openSmallConsole(), wire, context, () => undefined);
  for (let id = 1; id <= 64; id++) peer.take(`{"id":${id},"call":"app.info","input":{}}`);
  expect(isPaused()).toBe(true);
  await expect.poll(() => texts.length).toBe(64);
  expect(isPaused()).toBe(true);
  takeOne();
  expect(isPaused()).toBe(false);
  expect(peer.openCalls()).toBe(63);
});

test('a value that JSON cannot carry is answered as our mistake', async () => {
  const loop: Record<string, string> = {};
  Object.assign(loop, { loop });
  const { wire, texts } = openSlowWire();
  const console = openSmallConsole({ 'settings.get': () => Promise.resolve(loop) });
  joinPeer(console, wire, context, () => undefined).take('{"id":1,"call":"settings.get","input":{}}');
  await expect.poll(() => texts.length).toBe(1);
  expect(texts[0]).toContain('"INTERNAL"');
});
